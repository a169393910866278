"""Wall time of dbt on many rows: a first build, a daily increment, and dbt's own overhead.

    make bench-dbt ARGS="--warehouse demo.duckdb --rows 10000000"

The log is the warehouse's own, repeated and moved on in time until it has so many rows, over 100
days; the increment is the day after, 1 % new rows. 'Nothing new' is a run right after: dbt's start,
its parsing and the hours of the lookback. Run a second time with a tenth of the rows to see
what the cost of an increment follows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[1]
DAYS = 100


def main() -> None:
    """Build the copy, run dbt three times and print seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=Path("demo.duckdb"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.warehouse.resolve().parent) as folder:
        copy = Path(folder) / chosen.warehouse.name
        shutil.copy(chosen.warehouse, copy)
        models = f"{chosen.warehouse.stem}.models"
        shutil.copytree(chosen.warehouse.with_name(models), copy.with_name(models))
        measure(copy, chosen.rows)


def measure(warehouse: Path, rows: int) -> None:
    """Time a first build, an increment and a run with nothing new."""
    fill(warehouse, rows)
    run_dbt(warehouse, "seed")
    print(f"{rows:,} rows over {DAYS} days, DuckDB {duckdb.__version__}")
    print(
        f"{'run':20}{'rows':>12}{'process s':>11}{'models s':>10}{'overhead s':>12}{'rows/s':>12}"
    )
    show("first build", rows, run_dbt(warehouse, "run"))
    new = append_day(warehouse, rows)
    show("increment", new, run_dbt(warehouse, "run"))
    show("nothing new", 0, run_dbt(warehouse, "run"))


def fill(warehouse: Path, rows: int) -> None:
    """Repeat the log to ``rows`` lines, evenly over the days, in the order of time."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE TEMP TABLE few AS SELECT * FROM fame.logs")
        lines = connection.execute("SELECT count(*) FROM few").fetchall()[0][0]
        connection.execute("DELETE FROM fame.logs")
        connection.execute(repeated(), [0, rows, lines, DAYS * 86_400_000_000 / rows])


def append_day(warehouse: Path, rows: int) -> int:
    """Add the day after, as many rows as a day has."""
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


def run_dbt(warehouse: Path, command: str) -> tuple[float, float]:
    """Run dbt in a process of its own; return its seconds and those of the models."""
    target = warehouse.parent / "target"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "build" / "dbt"),
        "FAME_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(warehouse.parent / "logs"),
    }
    since = time.perf_counter()
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "--quiet", command],
        cwd=ROOT / "dbt_project",
        env=environment,
        check=True,
    )
    seconds = time.perf_counter() - since
    results = json.loads((target / "run_results.json").read_text())
    return seconds, results["elapsed_time"]


def show(name: str, rows: int, seconds: tuple[float, float]) -> None:
    """Print a line of the table."""
    process, models = seconds
    a_second = f"{rows / process:,.0f}" if rows else ""
    print(f"{name:20}{rows:12,}{process:11.1f}{models:10.1f}{process - models:12.1f}{a_second:>12}")


if __name__ == "__main__":
    main()
