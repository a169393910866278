"""The rows of events in a lake, as statements that change events need them."""

from __future__ import annotations

import duckdb

from fame_sql import sql
from fame_sql.warehouse.lake.kind import is_lake, load_for

_FOR_ROWS = {
    "DELETE FROM fame.events": "DELETE FROM fame.event_rows",
    "UPDATE fame.events": "UPDATE fame.event_rows AS events",
    # Numbers of rows change with each update in a lake; those of lines are given once.
    "logs.rowid = moved.row_id": "logs.log_id = moved.log_id",
}
_NEW_EVENTS = "events/repair/add_events"


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
    if name == _NEW_EVENTS:
        return load_for(connection, name)
    statement = sql.load(name)
    for in_file, in_lake in _FOR_ROWS.items():
        statement = statement.replace(in_file, in_lake)
    return statement
