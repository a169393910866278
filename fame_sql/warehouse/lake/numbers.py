"""Numbers of lines and loads in a lake, which any number of machines give away at once.

A line's number is that of its block, and its place in it. Blocks and loads are counted by sequences
of the catalogue in PostgreSQL, so none is given twice, and nobody waits.
"""

from __future__ import annotations

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.sql.quoting import literal
from fame_sql.warehouse.lake.address import LakeAddress
from fame_sql.warehouse.sharing import Numbers

BLOCK_BITS = 24
"""A block has room for two to this power lines."""
BLOCKS, LOADS = "fame_blocks", "fame_loads"

_in_this_process = {BLOCKS: Numbers(), LOADS: Numbers()}


def create_numbers(connection: duckdb.DuckDBPyConnection, address: LakeAddress) -> None:
    """Make the sequences of a lake that has just been attached under the name ``lake``."""
    if address.is_shared:
        for name in (BLOCKS, LOADS):
            made = literal(f"CREATE SEQUENCE IF NOT EXISTS {name}")
            connection.execute(f"CALL postgres_execute('__ducklake_metadata_lake', {made})")


def next_block(connection: duckdb.DuckDBPyConnection, lines: int) -> int:
    """Return the number of the first line of a new block.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a lake.
    lines : int
        How many lines need a number.

    Raises
    ------
    InputError
        If they are more than a block holds.
    """
    if lines >= 1 << BLOCK_BITS:
        raise InputError(
            f"{lines:,} lines in one commit are more than {(1 << BLOCK_BITS) - 1:,}: load them in "
            "parts"
        )
    return (_next(connection, BLOCKS, "warehouse/lake/last_block") << BLOCK_BITS) + 1


def next_load(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of a new load."""
    return _next(connection, LOADS, "warehouse/lake/last_load")


def count_on(connection: duckdb.DuckDBPyConnection, log_id: int, ingest_id: int) -> None:
    """Count on after the numbers of lines and loads that came from elsewhere."""
    if connection.execute(sql.load("warehouse/lake/is_shared")).fetchall() != [(True,)]:
        return  # A file counts on from what it holds.
    for name, last in ((BLOCKS, log_id >> BLOCK_BITS), (LOADS, ingest_id)):
        counted = literal(f"SELECT setval('{name}', {int(last) + 1})")
        connection.execute(f"CALL postgres_execute('__ducklake_metadata_lake', {counted})")


def _next(connection: duckdb.DuckDBPyConnection, name: str, last: str) -> int:
    found = connection.execute(sql.load("warehouse/lake/is_shared")).fetchall()
    if found == [(True,)]:
        asked = literal(f"SELECT nextval('{name}')")
        place = "'__ducklake_metadata_lake'"
        rows = connection.execute(f"SELECT * FROM postgres_query({place}, {asked})").fetchall()
        return int(rows[0][0])
    rows = connection.execute(sql.load(last)).fetchall()
    return _in_this_process[name].reserve(int(rows[0][0]) + 1)
