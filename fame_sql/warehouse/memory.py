"""The memory that DuckDB may use for one operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from fame_sql import sql

MOST = 900_000_000
"""The limit of a load, in bytes. Without one, DuckDB keeps what it has written in memory."""


@contextmanager
def limited_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Lower DuckDB's memory limit while the block runs, unless it is lower already.

    What does not fit is written to the temporary folder beside the warehouse.
    """
    before, is_more = connection.execute(sql.load("warehouse/memory_limit"), [MOST]).fetchall()[0]
    if not is_more:
        yield
        return
    connection.execute(f"SET memory_limit = '{MOST} B'")
    try:
        yield
    finally:
        connection.execute("SET memory_limit = ?", [before])
