"""Rows per second of counting distinct messages and of live and stored scores on one table.

Everything runs once in one process, so that the ratios can be compared:

    make bench ARGS="--warehouse demo.duckdb --rows 10000000"

The table repeats the warehouse's own log lines. DuckDB calls the live function with vectors of at
most 2,048 rows, first with a cold and then with a warm cache of messages.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from copies import temporary_copy

import fame_sql
from fame_sql.udfs.duckdb import release


def main() -> None:
    """Run every query once cold and print a table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=Path("demo.duckdb"))
    parser.add_argument("--rows", type=int, default=10_000_000)
    chosen = parser.parse_args()
    with temporary_copy(chosen.warehouse) as copy:
        measure(copy, chosen.rows)


def measure(warehouse: Path, rows: int) -> None:
    """Repeat the log to ``rows`` lines and time the queries."""
    connection = fame_sql.connect(warehouse)
    lines = connection.execute("SELECT count(*) FROM fame.logs").fetchall()[0][0]
    connection.execute(
        "CREATE TABLE many AS SELECT body, event_id FROM fame.logs, range(?) LIMIT ?",
        [-(-rows // lines), rows],
    )
    queries = {
        "count(DISTINCT body)": "SELECT count(DISTINCT body) FROM many",
        "body LIKE '%error%'": "SELECT count(*) FROM many WHERE body LIKE '%error%'",
        "stored: join on event_id": "SELECT count(*) FROM many INNER JOIN fame.verdicts "
        "USING (event_id) WHERE score > 0.5",
        "stored: fame.score(body)": "SELECT count(*) FROM many WHERE fame.score(body) > 0.5",
        "live: fame_score(body), cold": "SELECT count(*) FROM many WHERE fame_score(body) > 0.5",
        "live: fame_score(body), warm": "SELECT count(*) FROM many WHERE fame_score(body) > 0.5",
    }
    show(queries, rows, lambda statement: timed(connection, statement))
    release(connection)
    connection.close()


def timed(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[float, int]:
    """Return the seconds that a statement took, and its count."""
    since = time.perf_counter()
    counted = connection.execute(statement).fetchall()[0][0]
    return time.perf_counter() - since, counted


def show(queries: dict[str, str], rows: int, run: Callable[[str], tuple[float, int]]) -> None:
    """Print seconds, rows per second and the ratio to the first query."""
    print(f"{rows:,} rows, DuckDB {duckdb.__version__}")
    print(f"{'query':32}{'seconds':>10}{'rows/s':>14}{'ratio':>8}{'counted':>12}")
    first = 0.0
    for name, statement in queries.items():
        seconds, counted = run(statement)
        first = first or seconds
        print(f"{name:32}{seconds:10.2f}{rows / seconds:14,.0f}{seconds / first:8.2f}{counted:12,}")


if __name__ == "__main__":
    main()
