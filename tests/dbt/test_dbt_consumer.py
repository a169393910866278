"""A project with a raw log table of its own, and incremental runs that must be exact."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from dbt_process import PACKAGE, Dbt, require_dbt

from fame_sql import models
from fame_sql.dbt.project import write_project
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

CONSUMER = Path(__file__).parent / "consumer"
SLICES = 4
HOUR = 3_600_000
DAY = 24 * HOUR
# When a line written at so many milliseconds arrives: never more than the lookback of a day after
# the newest line that was there before.
ORDERS = {
    "each day backwards": lambda ms: ms // DAY * DAY + DAY - ms % DAY,
    "odd hours, then even hours of half a day": lambda ms: (
        ms // (DAY / 2) * DAY + (DAY / 2 if ms // HOUR % 2 else 0) + ms % HOUR
    ),
}
TABLES = (
    "int_log_events",
    "int_events",
    "int_event_scores",
    "int_unmatched_events",
    "fct_scored_logs",
    "fct_anomalies",
    "fct_anomaly_windows",
    "fct_baseline_windows",
    "fct_review_cost",
    "agg_template_hourly",
    "agg_service_windows",
    "agg_template_drift",
    "dim_templates",
    "dim_domains",
    "incidents_by_app",
)
RUN = ("run", "--exclude", "every_function")


@pytest.fixture(scope="module")
def arrivals(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with lines that arrive in slices, each at most a day late."""
    late = random.Random(5)
    path = tmp_path_factory.mktemp("arrivals") / "own.duckdb"
    return _write_arrivals(path, compiled, lambda ms: ms + late.random() * (DAY - HOUR), SLICES)


def _write_arrivals(
    path: Path, compiled: Path, arrival: Callable[[float], float], slices: int
) -> Path:
    """Write a database in which a line of ``ms`` comes in the order of ``arrival(ms)``."""
    with Warehouse.open(compiled, read_only=True) as warehouse:
        lines = warehouse.records(
            "SELECT 'line-' || log_id AS uid, epoch_ms(timestamp) AS written_ms, "
            "severity_text AS lvl, service_name AS app, body AS msg "
            "FROM fame.logs WHERE log_id % 3 = 0 ORDER BY timestamp"
        )
    arrives = [(arrival(line["written_ms"]), line) for line in lines]
    # One line has no message, and one no time.
    lines[10]["msg"] = lines[0]["written_ms"] = None
    arrives.sort(key=lambda pair: pair[0])
    rows = pa.Table.from_pylist(
        [{**line, "slice": n * slices // len(lines)} for n, (_, line) in enumerate(arrives)]
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA app")
        connection.register("rows", rows)
        connection.execute("CREATE TABLE app.arrivals AS SELECT * FROM rows")
        connection.execute("CREATE TABLE app.lines AS SELECT * EXCLUDE (slice) FROM rows LIMIT 0")
        connection.unregister("rows")
    return path


@pytest.fixture(scope="module")
def model(compiled: Path) -> Path:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        return models.champion(warehouse).folder


def _consumer(folder: Path, arrivals: Path, model: Path, package: str) -> Dbt:
    require_dbt()
    shutil.copytree(CONSUMER, folder, ignore=shutil.ignore_patterns("target", "dbt_packages"))
    (folder / "packages.yml").write_text(package)
    database = folder.with_name(f"{folder.name}.duckdb")
    shutil.copy(arrivals, database)
    environment = {"CONSUMER_DATABASE": str(database), "CONSUMER_MODEL": str(model)}
    return Dbt(folder, folder / "made", **environment)


def _run_slices(dbt: Dbt, *numbers: int) -> None:
    """Let slices of lines arrive, and run dbt after each; before the first one, what it needs."""
    first = [("", ("deps",)), ("", ("seed",))] if 0 in numbers else []
    dbt.several(*first, *((str(number), RUN) for number in numbers))


def _tables(dbt: Dbt) -> dict[str, list[tuple]]:
    with duckdb.connect(dbt.environment["CONSUMER_DATABASE"], read_only=True) as connection:
        return {
            name: connection.execute(f"SELECT * FROM analytics.{name} ORDER BY ALL").fetchall()
            for name in TABLES
        }


@pytest.fixture(scope="module")
def at_once(arrivals: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Dbt:
    """The consumer with the package from a local folder, everything there from the start."""
    folder = tmp_path_factory.mktemp("consumer") / "at_once"
    dbt = _consumer(folder, arrivals, model, f'packages:\n  - local: "{PACKAGE}"\n')
    with duckdb.connect(dbt.environment["CONSUMER_DATABASE"]) as connection:
        connection.execute("INSERT INTO app.lines SELECT * EXCLUDE (slice) FROM app.arrivals")
    dbt.several(("", ("deps",)), ("", ("build",)))
    return dbt


def test_a_table_of_ones_own_is_scored_with_the_named_model(at_once: Dbt, compiled: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        scores = dict(warehouse.rows("SELECT log_id, score FROM scored_logs"))
    rows = _tables(at_once)["fct_scored_logs"]
    with duckdb.connect(at_once.environment["CONSUMER_DATABASE"], read_only=True) as connection:
        found = connection.execute(
            "SELECT log_id, score, scoring_status, severity_number FROM analytics.fct_scored_logs"
        ).fetchall()
        lines = connection.execute("SELECT count(*) FROM app.lines").fetchall()[0][0]
        functions = connection.execute("SELECT * FROM analytics.every_function").fetchall()
        untimed = connection.execute(
            "SELECT count(*) FROM analytics.fct_scored_logs WHERE timestamp IS NULL"
        ).fetchall()[0][0]
    assert len(rows) == len(found) == lines
    assert [status for *_, status, _ in found].count("unparsed") == 1
    assert untimed == 1
    for log_id, score, status, number in found:
        assert number is not None
        if status == "scored":
            assert score == scores[int(log_id.removeprefix("line-"))]
    assert len(functions) == 20
    # Only fame_template may have nothing to say.
    assert all(value is not None for row in functions for i, value in enumerate(row) if i != 4)


@pytest.mark.slow
def test_slices_with_late_rows_and_a_kill_give_the_same_tables(
    at_once: Dbt, arrivals: Path, model: Path, tmp_path: Path
) -> None:
    dbt = _consumer(tmp_path / "sliced", arrivals, model, _git_package(tmp_path))
    _run_slices(dbt, 0, 1)
    _kill_in_the_middle(dbt, slice_="2")
    _run_slices(dbt, 2, 3)
    expected, found = _tables(at_once), _tables(dbt)
    for name in TABLES:
        assert len(expected[name]) > 0, name
        assert found[name] == expected[name], name
    run = dbt(*RUN, "--full-refresh")
    assert run.code == 0, run.said
    found = _tables(dbt)
    for name in TABLES:
        assert found[name] == expected[name], name


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_arrival_makes_no_difference(
    at_once: Dbt, compiled: Path, model: Path, tmp_path: Path, order: str
) -> None:
    came = _write_arrivals(tmp_path / "came.duckdb", compiled, ORDERS[order], 3)
    package = f'packages:\n  - local: "{PACKAGE}"\n'
    dbt = _consumer(tmp_path / "ordered", came, model, package)
    _run_slices(dbt, *range(3))
    expected, found = _tables(at_once), _tables(dbt)
    for name in TABLES:
        assert found[name] == expected[name], name


def _git_package(tmp_path: Path) -> str:
    """Return what 'fame dbt init' writes for a repository laid out as fame-sql's, at a tag."""
    repository = tmp_path / "fame-sql"
    ignored = shutil.ignore_patterns("target", "logs", "dbt_packages")
    shutil.copytree(PACKAGE, repository / "dbt_project", ignore=ignored)
    author = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "made"], ["tag", "v0.1.0"]):
        subprocess.run(["git", *author, *words], cwd=repository, check=True)
    address = f"file://{repository}"
    write_project(tmp_path / "written", tmp_path / "any.duckdb", address, "v0.1.0", "dbt_project")
    return (tmp_path / "written" / "packages.yml").read_text()


def _kill_in_the_middle(dbt: Dbt, slice_: str) -> None:
    """End dbt, as a power cut does, once events are scored and log lines are not."""
    process = dbt.start(*RUN, "--threads", "1", CONSUMER_SLICE=slice_)
    assert process.stdout is not None
    for line in process.stdout:
        if "OK created" in line and "int_event_scores" in line:
            break
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=30) == -signal.SIGKILL
