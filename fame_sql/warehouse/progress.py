"""How far DuckDB is with a statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from fame_sql.console import PART, Step, is_shown, watched


@contextmanager
def statement_progress(
    connection: duckdb.DuckDBPyConnection, step: Step, amount: int = PART
) -> Iterator[None]:
    """Advance a step while the block runs a statement, as far as DuckDB says that it is.

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
    with watched(step, amount, lambda: connection.query_progress() / 100):
        yield
