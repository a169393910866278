"""The stages that are killed: what each needs, which command it is, and what it must leave."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
from alert_killed import SETTINGS
from alert_servers import Receivers
from kills import Forks, Stage
from llm_server import LanguageServer
from older_warehouse import ROWS, older_warehouse, warehouse_state
from serve_stage import serving_stage

from fame_sql.operations.alerts.stored_settings import store_settings
from fame_sql.pipeline.simulator import simulate
from fame_sql.sql.quoting import identifier
from fame_sql.warehouse.migrations import newest_version
from fame_sql.warehouse.warehouse import Warehouse

WAREHOUSE = "w.duckdb"
_HERE = ("--warehouse", WAREHOUSE)
_PHASES = (
    ("ingest", "centre.log", "--format", "bgl"),
    ("mine",),
    ("label",),
    ("domains",),
    ("train",),
    ("score",),
)
_INCIDENTS = 12

_WHEN = {"TIMESTAMP", "DOUBLE", "TIMESTAMP WITH TIME ZONE"}
_OF_THE_RUN = {"metrics", "source", "value"}
"""Columns that two runs fill otherwise: seconds, where the log lies, and what a warehouse is."""


def state_of(path: Path, schema: str = "fame") -> dict[str, object]:
    """Return for each table how many rows it has and a sum of what stands in them.

    Times of the clock, computed decimals and numbers drawn from a sequence are left out.
    """
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        tables: dict[str, list[str]] = {}
        for table, column, kind in connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE schema_name = ? AND NOT internal AND table_name IN "
            "(SELECT table_name FROM duckdb_tables())",
            [schema],
        ).fetchall():
            kept = kind not in _WHEN and column not in _OF_THE_RUN
            tables.setdefault(table, []).extend([identifier(column)] if kept else [])
        return {
            table: connection.execute(
                f"SELECT count(*), sum(hash({', '.join(columns) or '0'})) "
                f"FROM {identifier(schema)}.{identifier(table)}"
            ).fetchall()
            for table, columns in tables.items()
        }


class Ingredients:
    """A log, and a warehouse after each stage, made once and copied for each round.

    Parameters
    ----------
    folder : Path
        Where they are made.
    forking : Forks
        Runs the commands.
    lines : int
        Lines of the log.
    """

    def __init__(self, folder: Path, forking: Forks, lines: int = 3000) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "centre.log"
        simulate(self.log, lines=lines, seed=7)
        place = folder / "making"
        place.mkdir()
        shutil.copy(self.log, place)
        self.undisturbed: dict[str, tuple[object, list[float]]] = {}
        for phase in _PHASES:
            began = time.monotonic()
            child = forking.start([*phase, *_HERE], folder=place)
            code = child.wait(300)
            if code != 0:
                raise AssertionError(f"{phase}: {child.said}")
            self.undisturbed[phase[0]] = whole(place), [time.monotonic() - began]
            shutil.copytree(place, folder / phase[0])
        self.older = older_warehouse(folder / "older.duckdb", 2)

    def after(self, phase: str) -> Callable[[Path], object]:
        """Return what copies the warehouse after a stage into a folder."""
        return lambda place: shutil.copytree(self.folder / phase, place, dirs_exist_ok=True)

    def copy_log(self, place: Path) -> None:
        """Copy the log alone."""
        shutil.copy(self.log, place)


def whole(place: Path) -> dict[str, object]:
    """Return the state of the warehouse in a folder."""
    return state_of(place / WAREHOUSE)


def opens(place: Path) -> None:
    """Open the warehouse in a folder, if it was born."""
    if (place / WAREHOUSE).exists():
        Warehouse.open(place / WAREHOUSE).close()


def nothing_twice(place: Path) -> None:
    """Refuse a warehouse in which a line of a source lies twice."""
    opens(place)
    if (place / WAREHOUSE).exists():
        with Warehouse.open(place / WAREHOUSE, read_only=True) as opened:
            lines, distinct = opened.rows(
                "SELECT count(*), count(DISTINCT (source_path, line_number)) FROM fame.logs"
            )[0]
        if lines != distinct:
            raise AssertionError(f"{lines - distinct} lines lie twice")


def whole_or_absent(name: str) -> Callable[[Path], None]:
    """Return what refuses a copy of the warehouse that is there in part."""

    def holds(place: Path) -> None:
        opens(place)
        if (place / name).exists():
            Warehouse.open(place / name).close()

    return holds


def _is_either(old: tuple[int, int], place: Path) -> None:
    state = warehouse_state(place / WAREHOUSE)
    if state not in (old, (newest_version(), ROWS)):
        raise AssertionError(f"version and rows are {state}")


def _lake(place: Path) -> object:
    with Warehouse.open(place / WAREHOUSE, read_only=True) as opened:
        found = opened.rows(
            "SELECT count(*), count(DISTINCT (source_path, line_number)), sum(hash(body)) "
            "FROM fame.all_logs"
        )
        named = {row[0] for row in opened.rows("SELECT path FROM fame.partitions")}
    files = {str(f.relative_to(place / "lake")) for f in (place / "lake").rglob("*.parquet")}
    return found, sorted(named - files)


def _exported(place: Path) -> object:
    folder = place / "out"
    return sorted((p.name, p.read_bytes()) for p in folder.iterdir())


def _stage(
    name: str,
    ingredients: Ingredients,
    after: str,
    *words: str,
    result: Callable[[Path], object] = whole,
    holds: Callable[[Path], object] = opens,
) -> Stage:
    known = ingredients.undisturbed.get(name)
    return Stage(
        name, ingredients.after(after), [[*words, *_HERE]], result, holds, undisturbed=known
    )


def local_stages(of: Ingredients) -> list[Stage]:
    """Return the stages that need nothing but the warehouse."""
    ingest = [[*_PHASES[0], *_HERE]]
    return [
        Stage(
            "ingest",
            of.copy_log,
            ingest,
            whole,
            nothing_twice,
            undisturbed=of.undisturbed["ingest"],
        ),
        *(_stage(p[0], of, _PHASES[n][0], *p) for n, p in enumerate(_PHASES[1:])),
        _stage("compile", of, "ingest", "compile"),
        _stage("counts", of, "score", "counts"),
        _stage("incidents", of, "score", "incidents", "update"),
        _stage("evaluate", of, "score", "evaluate"),
        _stage(
            "backup",
            of,
            "score",
            *("backup", "copy.duckdb", "--force"),
            result=lambda place: state_of(place / "copy.duckdb"),
            holds=whole_or_absent("copy.duckdb"),
        ),
        _stage("compact", of, "score", "compact"),
        _stage("expire", of, "score", "expire", "--before", "2025-03-08"),
        _stage(
            "lake",
            of,
            "score",
            *("partition", "move", "--before", "2025-03-09", "--place", "lake"),
            result=_lake,
        ),
        _stage("redact", of, "score", "redact", "node"),
        _stage("export", of, "score", "llm", "export", "ledger.jsonl", "--force"),
        upgrading_stage(of.older),
    ]


def writing_stages(of: Ingredients) -> list[Stage]:
    """Return what is not killed at random: it refuses to write a file that is there already."""

    def prepare(place: Path) -> None:
        of.after("mine")(place)
        rows = "".join(f"{n},{'anomalous' if n % 7 == 0 else 'normal'}\n" for n in range(1, 200))
        (place / "labels.csv").write_text(f"log_id,label\n{rows}", encoding="utf-8")

    statement = "SELECT count(*), sum(fame_score(body)) FROM logs"
    return [
        _stage("query", of, "score", "query", statement),
        _stage(
            "label export",
            of,
            "score",
            *("label", "export", "out.csv"),
            result=lambda place: (place / "out.csv").read_bytes(),
        ),
        Stage("label import", prepare, [["label", "import", "labels.csv", *_HERE]], whole, opens),
    ]


def upgrading_stage(older: Path) -> Stage:
    """Return the upgrade of a warehouse: what a kill leaves is the old or the new one."""
    return Stage(
        "upgrade",
        lambda place: shutil.copy(older, place / WAREHOUSE),
        [["upgrade", *_HERE]],
        whole,
        lambda place: _is_either(warehouse_state(older), place),
    )


def labelled(place: Path) -> object:
    """Return the labels that a language model gave."""
    with Warehouse.open(place / WAREHOUSE, read_only=True) as opened:
        return opened.rows("SELECT log_id, is_anomaly, source FROM fame.labels ORDER BY ALL")


def asking_stage(of: Ingredients, server: LanguageServer) -> Stage:
    """Return labelling by a language model, in which each kill repeats one request at most.

    What is received is counted at the server, and compared with the bill.
    """
    asked = ("label", "--llm", server.base_url, "--llm-model", "gpt-4o", "-k", "4")
    words: Sequence[str] = (*asked, "--window", "3000", "--again")
    kills: Counter[Path] = Counter()

    def prepare(place: Path) -> None:
        server.settle()
        server.bodies.clear()
        of.after("mine")(place)

    def holds(place: Path) -> None:
        kills[place] += 1
        nothing_twice(place)

    def result(place: Path) -> object:
        repeats = len(server.bodies) - len(set(server.bodies))
        billed, uncounted = _bill(place)
        # A kill between the note of a send and the send itself leaves one that nobody received.
        unseen = billed - len(server.bodies)
        return {
            "labels": labelled(place),
            "requests": len(set(server.bodies)),
            "paid twice beyond one a kill": max(repeats - kills[place], 0),
            "sends beyond the bill": max(-unseen, 0),
            "billed and never sent": max(unseen - kills[place], 0),
            "sent again and not counted as lost": uncounted,
        }

    return Stage("label by a language model", prepare, [[*words, *_HERE]], result, holds)


def _bill(place: Path) -> tuple[int, int]:
    """Return the sends in the ledger, and the repeated ones that it does not count as lost."""
    with Warehouse.open(place / WAREHOUSE, read_only=True) as opened:
        return opened.rows(
            "SELECT sum(sends)::BIGINT, count(*) FILTER (WHERE sends > 1 AND lost_usd <= 0) "
            "FROM fame.llm_calls"
        )[0]


def alerting_stage(servers: Receivers) -> Stage:
    """Return the sending of alerts to a receiver: none is lost, and each kill repeats one at most.

    What is received is counted there.
    """
    kills: Counter[Path] = Counter()

    def prepare(place: Path) -> None:
        servers.received.clear()
        with Warehouse.open(place / WAREHOUSE, create=True) as opened:
            store_settings(opened, SETTINGS, "tester", datetime(2027, 3, 2), force=True)

    def holds(place: Path) -> None:
        kills[place] += 1
        opens(place)

    def result(place: Path) -> object:
        hook = Counter(r.headers["idempotency-key"] for r in servers.received["hook"])
        pager = Counter(
            (r.body["event_action"], r.body["dedup_key"]) for r in servers.received["pd"]
        )
        repeats = hook.total() - len(hook) + pager.total() - len(pager)
        return len(hook), len(pager), max(repeats - kills[place], 0)

    commands = [[WAREHOUSE, servers.http, _INCIDENTS]]
    return Stage("alerts", prepare, commands, result, holds, call="alert_killed:run")


def all_stages(of: Ingredients, model: LanguageServer, channels: Receivers) -> list[Stage]:
    """Return every stage."""
    others = [asking_stage(of, model), alerting_stage(channels)]
    return [*local_stages(of), *others, serving_stage(of.after("score"))]
