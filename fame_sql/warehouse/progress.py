"""How far DuckDB is with a statement."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from fame_sql import sql
from fame_sql.console import PART, Step, is_shown, watched
from fame_sql.warehouse.lake.kind import is_lake

READ_LINES = 200_000
"""Lines that a statement over the verdicts of all lines reads in a second.

Measured on two cores under load with two million lines: 'fame top' took 8.6 s.
"""
_GUESSED = 0.95


@contextmanager
def statement_progress(
    connection: duckdb.DuckDBPyConnection, step: Step, amount: int = PART
) -> Iterator[None]:
    """Advance a step while the block runs a statement, as far as DuckDB says that it is.

    DuckDB does not know it of some statements. Then the time that the lines of the warehouse take
    to be read is what counts, and the last part is left to the end.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The connection that runs the statement.
    step : Step
        The step that the statement is a part of.
    amount : int
        The units of the part.
    """
    if not is_shown(step):
        yield
        return
    # DuckDB measures only where it would draw a bar of its own, which would go to stdout.
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    began, seconds = time.monotonic(), _expected_seconds(connection)

    def share() -> float:
        told = connection.query_progress()
        if told >= 0 or not seconds:
            return told / 100
        return min((time.monotonic() - began) / seconds, _GUESSED)

    with watched(step, amount, share):
        yield


def _expected_seconds(connection: duckdb.DuckDBPyConnection) -> float:
    """Return about how long it takes to read all lines; 0 if that is not known at once."""
    if is_lake(connection):
        return 0.0
    [(lines,)] = connection.execute(sql.load("warehouse/about_lines")).fetchall()
    return float(lines or 0) / READ_LINES
