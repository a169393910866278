"""The naive query over millions of rows: as written, planned, and stored, in one run.

    make bench-scale ROWS=10000000
    make bench-scale ROWS="1000000 10000000 100000000"

The rows are generated from the warehouse's own lines (scale_data.py); the growth of their distinct
messages and events is printed beside that of real logs. Measurements that were extrapolated from
fewer rows are marked. Each number of rows runs in a separate process, for its own peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
import scale_data
import scale_naive
import scale_spark
from copies import temporary_copy

import fame_sql
from fame_sql.models import champion
from fame_sql.session.planned import PlannedConnection
from fame_sql.sql.quoting import literal
from fame_sql.storage.partitions import add_partitions
from fame_sql.udfs.duckdb import release, scorer_of
from fame_sql.warehouse import lines
from fame_sql.warehouse.warehouse import Warehouse

PAPER = 1_200_000 / 3600  # lines per second in FAME's paper, on four GPUs
NAIVE = "SELECT count(*) FROM logs WHERE fame_score(body) > 0.5"
STORED_FIRST = NAIVE.replace("fame_score", "fame_stored_first_score")
STORED = "SELECT count(*) FROM scored_logs WHERE score > 0.5"
JOIN = "SELECT count(*) FROM logs INNER JOIN fame.scores USING (event_id) WHERE score > 0.5"
DISTINCT = "SELECT count(DISTINCT body) FROM logs"
LIKE = "SELECT count(*) FROM logs WHERE body LIKE '%error%'"
ON_SAMPLE = 200
"""Rows that the plain pipeline classifies one by one."""

TAKEN_IN = 1_000_000
"""Maximum number of rows that are added as partitions."""


@dataclass
class Measured:
    """The measurements for one number of rows.

    Parameters
    ----------
    rows : int
        Number of rows.
    seconds : dict
        Seconds by way to run the query; some are extrapolated, as their note says.
    notes : dict
        Note on a way.
    made : float
        Seconds that generating the rows took.
    taken_in : float
        Lines per second that are added as partitions to a copy of the warehouse.
    file_bytes, peak_bytes : int
        Size of the warehouse's file, and peak memory of the process.
    curves : list of str
        Table of distinct messages and events.
    """

    rows: int
    seconds: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    made: float = 0.0
    taken_in: float = 0.0
    file_bytes: int = 0
    peak_bytes: int = 0
    curves: list[str] = field(default_factory=list)


def main() -> None:
    """Measure every number of rows and print the tables and the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=Path("demo.duckdb"))
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--memory", default="2GB", help="DuckDB's memory_limit")
    parser.add_argument("--samples", type=Path, nargs="*", default=[], help="raw log files")
    parser.add_argument("--live-rows", type=int, default=1_000_000, help="rows without a planner")
    parser.add_argument("--spark-rows", type=int, default=1_000_000, help="rows given to Spark")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(asdict(measure_copy(chosen, chosen.rows[0]))))
        return
    found = [_in_own_process(rows) for rows in sorted(chosen.rows)]
    print(f"DuckDB {duckdb.__version__}, memory_limit {chosen.memory}")
    print("\n".join(found[-1].curves))
    for measured in found:
        show(measured)
    show_targets(found)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(measured) for measured in found], indent=1))


def _in_own_process(rows: int) -> Measured:
    arguments = [*sys.argv[1:], "--rows", str(rows), "--one"]
    done = subprocess.run(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def measure_copy(chosen: argparse.Namespace, rows: int) -> Measured:
    """Measure on a temporary copy of the warehouse."""
    with temporary_copy(chosen.warehouse) as copy:
        connection = fame_sql.connect(copy)
        connection.execute("SET memory_limit = ?", [chosen.memory])
        connection.execute("SET preserve_insertion_order = false")
        measured = Measured(rows)
        measured.made = timed(lambda: scale_data.make_rows(connection, rows))
        lines.record(connection)
        measured.file_bytes = copy.stat().st_size
        measured.curves = list(scale_data.curves(connection, chosen.samples))
        measure(connection, measured, chosen.live_rows)
        # The pipeline and Spark, which follow, would add their own memory.
        measured.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        measured.taken_in = take_in(connection, chosen.warehouse, copy.parent)
        measure_others(connection, copy, measured, chosen.spark_rows)
        release(connection)
        connection.close()
        return measured


def measure(connection: duckdb.DuckDBPyConnection, measured: Measured, live_rows: int) -> None:
    """Time every way to run the query in DuckDB; the cold one first, before anything is cached."""
    repeats = 3 if measured.rows <= 10_000_000 else 1
    seconds = measured.seconds

    def run(statement: str) -> Callable[[], object]:
        return lambda: connection.execute(statement).fetchall()

    def planned() -> object:
        return fame_sql.query(connection, NAIVE).fetchall()

    ordinary = PlannedConnection(connection)

    seconds["count(DISTINCT body)"] = best(run(DISTINCT), repeats)
    seconds["count(*) .. LIKE '%error%'"] = best(run(LIKE), repeats)
    connection.execute("DELETE FROM fame.scores")
    seconds["planned, cold: all events scored"] = timed(planned)
    # The first one compares the lines, because storing scores has changed the file.
    seconds["planned, warm"] = best(planned, max(2, repeats))
    seconds["connect(plan=True).sql, warm"] = best(lambda: ordinary.sql(NAIVE).fetchall(), repeats)
    prepared = NAIVE.replace("0.5", "?")
    seconds["the same, with a parameter"] = best(
        lambda: ordinary.execute(prepared, [0.5]).fetchall(), repeats
    )
    seconds["stored first, then live"] = best(run(STORED_FIRST), 1)
    seconds["stored: scored_logs"] = best(run(STORED), repeats)
    seconds["integer hash join"] = best(run(JOIN), repeats)
    few = min(live_rows, measured.rows)
    live = run(NAIVE.replace("WHERE", f"WHERE log_id < {few} AND"))
    for name in ("live, no planner, cold", "live, no planner, warm"):
        if name.endswith("cold"):
            forget(connection)
        seconds[name] = timed(live) * measured.rows / few
        measured.notes[name] = "" if few == measured.rows else f"on {few:,} rows"


def take_in(connection: duckdb.DuckDBPyConnection, warehouse: Path, folder: Path) -> float:
    """Return the lines per second at which Parquet files become partitions with events."""
    raw = folder / "raw.parquet"
    connection.execute(
        f"COPY (SELECT timestamp, body FROM fame.logs WHERE log_id < {TAKEN_IN}) "
        f"TO {literal(raw)} (FORMAT parquet)"
    )
    fresh = folder / "fresh.duckdb"
    shutil.copy(warehouse, fresh)
    with Warehouse.open(fresh) as opened:
        since = time.perf_counter()
        report = add_partitions(opened, [str(raw)], place=str(folder / "place"))
        return report.lines / (time.perf_counter() - since)


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete every verdict, stored and cached."""
    connection.execute("DELETE FROM fame.scores")
    scorer = scorer_of(connection)
    assert scorer is not None
    scorer.cache().clear()


def measure_others(
    connection: duckdb.DuckDBPyConnection, copy: Path, measured: Measured, spark_rows: int
) -> None:
    """Time a plain pipeline on a sample and a local Spark cluster; add the rate of the paper."""
    model = champion(Warehouse(copy, connection.cursor())).folder
    sample = connection.execute(f"SELECT body FROM logs WHERE log_id < {ON_SAMPLE}").fetchall()
    naive = "naive: transformers, row by row"
    each = scale_naive.seconds_per_row([row[0] for row in sample])
    measured.seconds[naive] = each * measured.rows
    measured.notes[naive] = f"on {len(sample)} rows"
    measured.seconds["FAME's paper, four GPUs"] = measured.rows / PAPER
    measured.notes["FAME's paper, four GPUs"] = "as reported"
    few = min(spark_rows, measured.rows)
    on_spark = scale_spark.seconds(connection, model, few)
    if on_spark is not None:
        name = "Spark, two local executors"
        measured.seconds[name] = on_spark * measured.rows / few
        measured.notes[name] = "" if few == measured.rows else f"on {few:,} rows"


def show(measured: Measured) -> None:
    """Print seconds, rows per second and ratios for one number of rows."""
    seconds = measured.seconds
    distinct, naive = seconds["count(DISTINCT body)"], _of(measured, "naive")
    disk, peak = measured.file_bytes / 1e9, measured.peak_bytes / 1e9
    print(
        f"\n{measured.rows:,} rows, made in {measured.made:.1f} s, {disk:.2f} GB on disk, "
        f"peak memory {peak:.2f} GB; {measured.taken_in:,.0f} lines/s added as partitions"
    )
    print(f"{'way':34}{'seconds':>12}{'rows/s':>14}{'to DISTINCT':>13}{'to naive':>12}")
    for name, took in sorted(seconds.items(), key=lambda item: -item[1]):
        note = measured.notes.get(name, "")
        print(
            f"{name:34}{took:12.3f}{measured.rows / took:14,.0f}{took / distinct:13.2f}"
            f"{naive / took:11,.1f}x{'  (' + note + ')' if note else ''}"
        )


def show_targets(found: list[Measured]) -> None:
    """Print which targets were met, for each number of rows that has targets."""
    print()
    for measured in found:
        of = measured.seconds
        warm = of["planned, warm"]
        checks = [
            ("planned, warm / count(DISTINCT body)", warm / of["count(DISTINCT body)"], "<=", 2),
            (
                "stored / integer hash join",
                of["stored: scored_logs"] / _of(measured, "int"),
                "<=",
                1.5,
            ),
            ("rows per second, warm", measured.rows / warm, ">=", 5_000_000),
        ]
        if measured.rows >= 10_000_000:
            cold = _of(measured, "naive") / of["planned, cold: all events scored"]
            checks.append(("planned, cold, faster than naive", cold, ">=", 1000))
        if measured.rows >= 100_000_000:
            checks.append(("GB of memory", measured.peak_bytes / 1e9, "<=", 4))
        for name, value, sign, bound in checks:
            met = value <= bound if sign == "<=" else value >= bound
            outcome = "met" if met else "NOT MET"
            print(
                f"{measured.rows:>12,} rows  {name:38}{value:14,.2f} {sign} {bound:<10,} {outcome}"
            )
    rates = [m.rows / m.seconds["planned, cold: all events scored"] for m in found]
    if len(rates) > 1:
        outcome = "met" if rates == sorted(rates) else "NOT MET"
        shown = " < ".join(f"{rate:,.0f}" for rate in rates)
        print(f"rows per second, planned and cold, rise with the rows: {shown}  {outcome}")


def _of(measured: Measured, start: str) -> float:
    return next(took for name, took in measured.seconds.items() if name.startswith(start))


def best(run: Callable[[], object], repeats: int) -> float:
    """Return the seconds of the fastest of several runs."""
    return min(timed(run) for _ in range(repeats))


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that a run takes."""
    since = time.perf_counter()
    run()
    return time.perf_counter() - since


if __name__ == "__main__":
    main()
