"""Whether a connection is to a lake, and the statement that fits."""

from __future__ import annotations

import duckdb

from fame_sql import sql


def is_lake(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the current database of a connection is a lake."""
    return connection.execute(sql.load("warehouse/lake/is_lake")).fetchall() == [(True,)]


def load_for(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return the SQL file called ``name``, or the one of that name for lakes.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse.
    name : str
        Path below ``sql/`` without the ending; the one for lakes lies in a folder ``lake`` beside
        it.
    """
    if not is_lake(connection):
        return sql.load(name)
    folder, _, file = name.rpartition("/")
    return sql.load(f"{folder}/lake/{file}")
