"""Running a user's SQL on a warehouse, with the live functions on the connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from fame_sql.errors import QueryError

_RAISED_INSIDE = re.compile(r"executing the UDF: \w+: (?P<message>[^\n]+)")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn DuckDB's errors into one line each.

    Raises
    ------
    QueryError
        For any error that DuckDB raises in the block; a live function's own error is passed on
        without what DuckDB puts around it.
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
    if isinstance(error, duckdb.ParserException | duckdb.CatalogException | duckdb.BinderException):
        return f"{first}; 'SHOW ALL TABLES' lists the tables and their columns"
    if "read-only" in first:
        return f"{first}; add --write to let the statement change the warehouse"
    return first
