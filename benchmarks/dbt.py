"""Wall time of dbt on many rows: a first build, a daily increment, tests, and dbt's own overhead.

    make bench-dbt ARGS="--warehouse demo.duckdb --rows 5000000 10000000"

The log is the warehouse's own, repeated with later times over 100 days until it has the number of
rows; the increment is the next day, 1 % new rows. 'One view' is a run of a single view, which is
dbt's own overhead. 'Tests' are the data tests, on whole tables and then, with 'fame_tests_from', on
the new day. With several sizes, a table of ratios shows how the cost of an increment grows.

'--memory-limit 2GB' limits DuckDB's memory; the peak size of temporary files is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
from copies import temporary_copy

ROOT = Path(__file__).parents[1]
DAYS = 100
LAST_DAY = "2025-04-11"


@dataclass(frozen=True)
class Run:
    """One run of dbt: seconds in total and per node, and the peak bytes of temporary files."""

    rows: int
    process: float
    executed: float
    nodes: dict[str, float]
    temporary: int


def main() -> None:
    """Measure every size and print seconds, then the growth from the first size to the last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=Path("demo.duckdb"))
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--memory-limit", metavar="SIZE", help="DuckDB's, such as 2GB")
    chosen = parser.parse_args()
    measured = {
        rows: measure_copy(chosen.warehouse, rows, chosen.memory_limit)
        for rows in sorted(chosen.rows)
    }
    if len(measured) > 1:
        compare(measured)


def measure_copy(warehouse: Path, rows: int, memory_limit: str | None) -> dict[str, Run]:
    """Measure on a copy of the warehouse and its models, which is deleted afterwards."""
    with temporary_copy(warehouse.resolve()) as copy:
        write_profile(copy, memory_limit)
        return measure(copy, rows)


def write_profile(warehouse: Path, memory_limit: str | None) -> None:
    """Write dbt's profile beside the warehouse; JSON is YAML."""
    options = {"temp_directory": str(temporary_folder(warehouse))}
    if memory_limit:
        options["memory_limit"] = memory_limit
    target = {
        "type": "duckdb",
        "path": str(warehouse),
        "schema": "fame_dbt",
        "threads": 2,
        "config_options": options,
        "plugins": [{"module": "fame_sql.dbt"}],
    }
    profile = {"fame": {"target": "warehouse", "outputs": {"warehouse": target}}}
    (warehouse.parent / "profiles.yml").write_text(json.dumps(profile))


def temporary_folder(warehouse: Path) -> Path:
    """Return the folder of DuckDB's temporary files."""
    return warehouse.with_name("temporary")


def measure(warehouse: Path, rows: int) -> dict[str, Run]:
    """Time a first build, an increment, tests and a run of one view."""
    fill(warehouse, rows)
    run_dbt(warehouse, 0, "seed")
    tests = ("test", "--select", "test_type:data")
    runs = {
        "first build": run_dbt(warehouse, rows, "run"),
        "tests, all rows": run_dbt(warehouse, rows, *tests),
    }
    new = append_day(warehouse, rows)
    since = json.dumps({"fame_tests_from": LAST_DAY})
    runs["increment"] = run_dbt(warehouse, new, "run")
    runs["nothing new"] = run_dbt(warehouse, 0, "run")
    runs["tests, new rows"] = run_dbt(warehouse, new, *tests, "--vars", since)
    runs["one view"] = run_dbt(warehouse, 0, "run", "--select", "stg_models")
    show(rows, runs)
    return runs


def fill(warehouse: Path, rows: int) -> None:
    """Repeat the log to ``rows`` lines, evenly over the days, in the order of time."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE TEMP TABLE few AS SELECT * FROM fame.logs")
        lines = connection.execute("SELECT count(*) FROM few").fetchall()[0][0]
        connection.execute("DELETE FROM fame.logs")
        connection.execute(repeated(), [0, rows, lines, DAYS * 86_400_000_000 / rows])


def append_day(warehouse: Path, rows: int) -> int:
    """Add the next day, with as many rows as every day has."""
    new = rows // DAYS
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE TEMP TABLE few AS SELECT * FROM fame.logs WHERE log_id < 4000")
        lines = connection.execute("SELECT count(*) FROM few").fetchall()[0][0]
        micros = DAYS * 86_400_000_000 / rows
        connection.execute(repeated(), [rows, rows + new, lines, micros])
    return new


def repeated() -> str:
    """Return the statement that adds rows $1 to $2 from ``few`` ($3 lines), $4 µs apart."""
    return """
        INSERT INTO fame.logs
        SELECT few.* REPLACE (
            places.place AS log_id,
            TIMESTAMP '2025-01-01' + to_microseconds((places.place * $4)::BIGINT) AS timestamp
        )
        FROM range($1::BIGINT, $2::BIGINT) AS places(place)
        INNER JOIN (SELECT *, row_number() OVER (ORDER BY log_id) - 1 AS nth FROM few) AS numbered
            ON places.place % $3 = numbered.nth
        INNER JOIN few ON numbered.log_id = few.log_id
        ORDER BY places.place
    """


def run_dbt(warehouse: Path, rows: int, *words: str) -> Run:
    """Run dbt in a separate process, and read the seconds of its nodes from its results."""
    target = warehouse.parent / "target"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "build" / "dbt"),
        "DBT_PROFILES_DIR": str(warehouse.parent),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(warehouse.parent / "logs"),
    }
    since = time.perf_counter()
    with most_bytes(temporary_folder(warehouse)) as temporary:
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "--quiet", *words],
            cwd=ROOT / "dbt_project",
            env=environment,
            check=True,
        )
        seconds = time.perf_counter() - since
    results = json.loads((target / "run_results.json").read_text())
    nodes = {r["unique_id"].split(".")[2]: r["execution_time"] for r in results["results"]}
    return Run(rows, seconds, results["elapsed_time"], nodes, temporary[0])


@contextmanager
def most_bytes(folder: Path) -> Iterator[list[int]]:
    """Track the largest size of a folder, in a list of one, while the block runs."""
    most, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            with suppress(FileNotFoundError):  # a file can be deleted meanwhile
                most[0] = max(most[0], sum(file.stat().st_size for file in folder.glob("*")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def show(rows: int, runs: dict[str, Run]) -> None:
    """Print the seconds of each run, and those beyond dbt's run of a single view."""
    overhead = runs["one view"].process
    print(
        f"\n{rows:,} rows over {DAYS} days, DuckDB {duckdb.__version__}; one view {overhead:.1f} s"
    )
    print(
        f"{'run':20}{'rows':>12}{'process s':>11}{'beyond dbt s':>14}{'rows/s':>12}"
        f"{'temporary GB':>14}"
    )
    for name, run in runs.items():
        per_second = f"{run.rows / run.process:,.0f}" if run.rows else ""
        beyond = run.process - overhead
        print(
            f"{name:20}{run.rows:12,}{run.process:11.1f}{beyond:14.1f}{per_second:>12}"
            f"{run.temporary / 1e9:14.2f}"
        )


def compare(measured: dict[int, dict[str, Run]]) -> None:
    """Print the seconds of each node at the smallest and the largest size, slowest first."""
    (few, before), *_, (many, after) = measured.items()
    for name in ("increment", "tests, new rows"):
        old, new = before[name].nodes, after[name].nodes
        print(f"\n{name}: seconds at {few:,} and {many:,} rows ({many / few:.1f} times as many)")
        for node in sorted(new, key=new.__getitem__, reverse=True)[:12]:
            ratio = new[node] / max(old[node], 0.01)
            print(f"  {node[:60]:60}{old[node]:9.2f}{new[node]:9.2f}{ratio:8.1f} x")
        total, grown = sum(old.values()), sum(new.values())
        print(f"  {'all':60}{total:9.2f}{grown:9.2f}{grown / total:8.1f} x")


if __name__ == "__main__":
    main()
