"""The rows of events in a lake, as statements that change events need them."""

from __future__ import annotations

import duckdb

from fame_sql import sql
from fame_sql.warehouse.lake.kind import is_lake

_WITH_LAKE = {"events/repair/add_events", "events/repair/move_lines"}


def gather(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave one row for each event of a lake, inside the caller's transaction.

    Loads only add rows. Nothing happens in a file, where each event has one.
    """
    if is_lake(connection):
        connection.execute(sql.load("events/lake/gather"))


def load_over_rows(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return a statement that changes events; in a lake it changes their gathered rows."""
    if not is_lake(connection):
        return sql.load(name)
    if name in _WITH_LAKE:
        folder, _, file = name.rpartition("/")
        name = f"{folder}/lake/{file}"
    statement = sql.load(name).replace("DELETE FROM fame.events", "DELETE FROM fame.event_rows")
    return statement.replace("UPDATE fame.events", "UPDATE fame.event_rows AS events")
