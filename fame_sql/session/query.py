"""Running a user's SQL on a connection with the live functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from fame_sql.console import Progress
from fame_sql.errors import QueryError
from fame_sql.planner import make_plan

_RAISED_INSIDE = re.compile(r"executing the UDF: \w+: (?P<message>[^\n]+)")


def query(
    connection: duckdb.DuckDBPyConnection, statement: str, *, progress: Progress | None = None
) -> duckdb.DuckDBPyConnection:
    """Run a statement, with its live calls answered from stored verdicts.

    Returns the same rows as ``connection.execute(statement)``. The planner first scores events
    without a verdict, in large batches, and does not change calls that it cannot prove safe.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        From :func:`fame_sql.connect`, or any that was passed to :func:`fame_sql.register`.
    statement : str
        SQL in DuckDB's dialect, without parameters.
    progress : Progress, optional
        Where to report the progress of scoring.

    Returns
    -------
    duckdb.DuckDBPyConnection
        ``connection``, with the result: ``fetchall()``, ``fetchmany()``, ``df()`` and so on.

    Raises
    ------
    ModelError
        If the model cannot be used.
    """
    return connection.execute(make_plan(connection, statement, progress=progress).statement)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn DuckDB's errors into messages of one line.

    Raises
    ------
    QueryError
        For any error that DuckDB raises in the block; the error of a live function without the
        text that DuckDB adds to it.
    """
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(_one_line(error)) from None


def _one_line(error: duckdb.Error) -> str:
    message = str(error)
    if raised := _RAISED_INSIDE.search(message):
        return raised["message"]
    first = message.splitlines()[0]
    if "base table" in first:
        return f"{first}: views are read-only; use the tables of the schema fame, such as fame.logs"
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        message = first.rstrip("!.")
        return f"{message}; 'SHOW ALL TABLES' lists the tables and their columns"
    if "read-only" in first:
        return f"{first}; add --write to let the statement change the warehouse"
    return first
