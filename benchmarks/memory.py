"""Scoring and marts on more rows than fit into memory: seconds, peak memory, temporary files.

    make bench-memory ROWS=30000000

The rows are those of scale_data.py, in a temporary copy of a warehouse. Peak memory is that of the
whole process, including half a gigabyte for the model (only Linux reports it).
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import scale_data
from copies import temporary_copy

import fame_sql
from fame_sql.planner import make_plan
from fame_sql.scoring.scoring import score_events
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse.warehouse import Warehouse

BY_EVENT = "SELECT count(*) FROM logs WHERE fame_score(body) > 0.5"
BY_MESSAGE = "SELECT count(*) FROM (SELECT body || '' AS m FROM logs) WHERE fame_score(m) > 0.5"
MART = (
    "CREATE TABLE hourly AS SELECT date_trunc('hour', timestamp) AS hour, domain, template_id, "
    "count(*) AS lines, count(DISTINCT body) AS messages, max(score) AS worst "
    "FROM scored_logs GROUP BY ALL"
)
FACT = (
    "CREATE TABLE worst AS SELECT log_id, timestamp, body, score, domain FROM scored_logs "
    "ORDER BY score DESC, log_id"
)


def main() -> None:
    """Generate the rows and run each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=Path("demo.duckdb"))
    parser.add_argument("--rows", type=int, default=30_000_000)
    parser.add_argument("--memory", default="2GB", help="DuckDB's memory_limit")
    chosen = parser.parse_args()
    with temporary_copy(chosen.warehouse) as copy:
        connection = fame_sql.connect(copy)
        temporary = copy.with_name("temporary")
        connection.execute("SET memory_limit = ?", [chosen.memory])
        connection.execute("SET temp_directory = ?", [str(temporary)])
        connection.execute("SET preserve_insertion_order = false")
        run_all(connection, copy, chosen.rows, temporary)
        release(connection)
        connection.close()


def run_all(
    connection: duckdb.DuckDBPyConnection, warehouse: Path, rows: int, temporary: Path
) -> None:
    """Run each step and print its time and memory."""
    print(f"{'step':34}{'seconds':>10}{'peak GB':>10}{'temporary GB':>14}")
    step("make rows", temporary, lambda: scale_data.make_rows(connection, rows))
    size = connection.execute("SELECT sum(strlen(body)) / 1e9 FROM fame.logs").fetchall()[0][0]
    connection.execute("DELETE FROM fame.scores")
    step(
        "score every event",
        temporary,
        lambda: score_events(Warehouse(warehouse, connection.cursor())),
    )
    step("query planned by event", temporary, lambda: planned(connection, BY_EVENT))
    step("query planned by message", temporary, lambda: planned(connection, BY_MESSAGE))
    step("mart: hours by template", temporary, lambda: connection.execute(MART).fetchall())
    step("mart: all lines, sorted", temporary, lambda: connection.execute(FACT).fetchall())
    file = warehouse.stat().st_size / 1e9
    print(f"{rows:,} rows, {size:.1f} GB of messages; the file has {file:.1f} GB with both marts")


def planned(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Plan and run a query, and print the size of the temporary tables that the plan expects."""
    plan = make_plan(connection, statement)
    connection.execute(plan.statement).fetchall()
    needed = sum(call.bytes_needed for call in plan.calls)
    if needed:
        print(f"  expected temporary tables: about {needed / 1e9:.1f} GB")


def step(name: str, temporary: Path, run: Callable[[], object]) -> None:
    """Run a step; print its seconds, the process's peak memory and the most temporary files."""
    Path("/proc/self/clear_refs").write_text("5")
    most, done = [0], threading.Event()
    watcher = threading.Thread(target=watch, args=[temporary, most, done])
    watcher.start()
    since = time.perf_counter()
    run()
    seconds = time.perf_counter() - since
    done.set()
    watcher.join()
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(f"{name:34}{seconds:10.1f}{peak / 1e6:10.2f}{most[0] / 1e9:14.2f}", flush=True)


def watch(temporary: Path, most: list[int], done: threading.Event) -> None:
    """Track the largest size of a folder until ``done`` is set."""
    while not done.wait(0.2):
        if temporary.is_dir():
            sizes = [file.stat().st_size for file in temporary.iterdir() if file.exists()]
            most[0] = max(most[0], sum(sizes))


if __name__ == "__main__":
    main()
