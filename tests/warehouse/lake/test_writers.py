"""Many write a lake at once: nothing is lost, nothing is doubled."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from at_once import at_once
from click.testing import CliRunner

from fame_sql import sql
from fame_sql.cli import main
from fame_sql.errors import ConflictError, WarehouseError
from fame_sql.ingest import ingest_file
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.scoring.scoring import score_events
from fame_sql.students import StudentConfig
from fame_sql.warehouse import connection
from fame_sql.warehouse.lake.address import read_address
from fame_sql.warehouse.lake.opening import open_lake
from fame_sql.warehouse.warehouse import Warehouse

WORDS = ("disk", "fan", "link", "node", "pump", "rack")


def write_log(path: Path, name: str, lines: int = 200) -> Path:
    """Write lines of nine events, which all logs of the tests share."""
    file = path / f"{name}.log"
    texts = (
        f"{WORDS[n % 6]} {'failed' if n % 4 else 'is ready'} on host-{n}" for n in range(lines)
    )
    file.write_text(
        "".join(f"2026-11-01T00:00:{n % 60:02} INFO {t}\n" for n, t in enumerate(texts))
    )
    return file


def test_machines_load_at_once(lake: Path, tmp_path: Path) -> None:
    logs = [write_log(tmp_path, f"machine{number}") for number in range(3)]

    def load(number: int) -> None:
        with Warehouse.open(lake) as warehouse:
            ingest_file(warehouse, logs[number])

    at_once(load, 3)
    with Warehouse.open(lake) as warehouse:
        [(lines, numbers)] = warehouse.rows("SELECT count(*), count(DISTINCT log_id) FROM logs")
        events = warehouse.rows(
            "SELECT count(*), count(DISTINCT event_hash), sum(lines) FROM events"
        )
        loads = warehouse.rows(
            "SELECT count(*), count(DISTINCT ingest_id), sum(rows) FROM fame.ingests"
        )
    assert (lines, numbers) == (600, 600)
    assert events == [(9, 9, 600)]
    assert loads == [(3, 3, 600)]


def test_scoring_twice_at_once_doubles_nothing(
    lake: Path, tmp_path: Path, simulated_log: Path, tiny: StudentConfig
) -> None:
    with Warehouse.open(lake, create=True) as warehouse:
        ingest_file(warehouse, simulated_log, format="bgl")
        compile_model(warehouse, config=tiny)
        ingest_file(warehouse, write_log(tmp_path, "later"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = Path(shutil.copy(lake, elsewhere))

    def score(number: int) -> None:
        with Warehouse.open((lake, other)[number]) as warehouse:
            try:
                score_events(warehouse)
            except ConflictError:
                score_events(warehouse)

    at_once(score, 2)
    with Warehouse.open(lake) as warehouse:
        doubled = warehouse.rows(
            "SELECT event_id FROM fame.scores GROUP BY ALL HAVING count(*) > 1"
        )
        unscored = warehouse.value("SELECT count(*) FROM scored_logs WHERE score IS NULL")
        noticed = warehouse.rows(
            "SELECT event_id FROM fame.provisional_events GROUP BY ALL HAVING count(*) > 1"
        )
    assert (doubled, unscored, noticed) == ([], 0, [])


def promote(warehouse: Warehouse, version: str, meanwhile: Warehouse | None = None) -> None:
    with warehouse.transaction():
        warehouse.connection.execute(
            "INSERT INTO fame.promotions VALUES (?, '2026-11-01', '', '')", [version]
        )
        if meanwhile is not None:
            promote(meanwhile, "first")


def test_of_two_changes_the_later_is_refused(lake: Path) -> None:
    with Warehouse.open(lake) as one, Warehouse.open(lake) as other:
        with pytest.raises(ConflictError, match="nothing of this is stored"):
            promote(one, "later", other)
        assert one.rows("SELECT model_version FROM fame.promotions") == [("first",)]


_REFUSED = """
import sys
from fame_sql.errors import ConflictError
from fame_sql.warehouse.warehouse import Warehouse
for _ in range(2):
    with Warehouse.open(sys.argv[1]) as one, Warehouse.open(sys.argv[1]) as other:
        for refused in range(2):
            try:
                with one.transaction(), other.transaction():
                    pass
            except ConflictError:
                assert one.rows("SELECT count(*) FROM logs") == [(0,)]
                print(refused)
"""


def test_a_lake_is_opened_again_after_a_refused_commit(file_lake: Path) -> None:
    # In a process of its own: where DuckLake keeps the database, it would wait for ever.
    command = [sys.executable, "-W", "ignore", "-c", _REFUSED, str(file_lake)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (found.stdout.split(), found.stderr) == (["0", "1"] * 2, "")


def test_a_load_waits_for_no_change(lake: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path, "beside")
    with Warehouse.open(lake) as one, Warehouse.open(lake) as other:
        with one.transaction():
            one.connection.execute("DELETE FROM fame.promotions")
            assert ingest_file(other, log).rows == 200
        assert one.value("SELECT count(*) FROM logs") == 200


def test_two_texts_with_one_number_are_refused(lake: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path, "clash", lines=1)
    with Warehouse.open(lake) as warehouse:
        ingest_file(warehouse, log)
        warehouse.rows("UPDATE fame.event_rows SET event_hash = 'another'")
        log.write_text(log.read_text() * 2)
        with pytest.raises(WarehouseError, match="two events have one number"):
            ingest_file(warehouse, log)
        assert warehouse.value("SELECT count(*) FROM logs") == 1


def test_a_command_that_came_second_runs_again(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, others = connection._commit, [1, 1]

    def second(own: duckdb.DuckDBPyConnection, *, in_lake: bool) -> None:
        if others:
            others.pop()
            with open_lake(read_address(lake)) as other:
                other.execute(sql.load("warehouse/lake/take_turn"))
        commit(own, in_lake=in_lake)

    monkeypatch.setattr(connection, "_commit", second)
    found = CliRunner().invoke(main, ["compact", "--warehouse", str(lake)])
    assert (found.exit_code, others) == (0, []), found.output
