"""Canonical events: the dimension to which templates, labels and scores refer."""

from __future__ import annotations

from string import Template

import duckdb

from fame_sql import sql
from fame_sql.errors import WarehouseError
from fame_sql.warehouse import lines
from fame_sql.warehouse.lake.kind import is_lake, load_for
from fame_sql.warehouse.lake.numbers import next_block
from fame_sql.warehouse.warehouse import read_recipe


def absorb(connection: duckdb.DuckDBPyConnection) -> None:
    """Move the rows of the temporary table ``incoming`` into ``fame.logs``, and add new events.

    Messages that are alike but for their identifiers are canonicalised once, in SQL. Every log row
    gets the dense ``event_id`` of its canonical text. The function runs inside the caller's
    transaction.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse with a temporary table ``incoming``. It has the columns of
        ``fame.logs`` without ``log_id`` and ``event_id``, and holds lines of one source.
    """
    next_log_id = absorb_events(connection)
    statement = with_incoming_lines(sql.load("events/add_logs"))
    connection.execute(statement, {"next_log_id": next_log_id})
    lines.add(connection, "log_id >= $first", first=next_log_id)
    drop_steps(connection)


def absorb_events(connection: duckdb.DuckDBPyConnection) -> int:
    """Add the new events of ``incoming``, and add its lines to the counts of known events.

    The temporary table ``incoming_places`` remains, with the event of each line.

    Returns
    -------
    int
        The ``log_id`` for the first line of ``incoming``.
    """
    recipe = read_recipe(connection)
    next_log_id = next_number(connection)
    connection.execute(sql.load("events/line_order"))
    connection.execute(_filled("events/line_keys", key=recipe.key_sql("body")))
    connection.execute(
        _filled(
            "events/distinct_keys",
            short_key=recipe.short_key_sql("key"),
            canonical=recipe.sql("short_key"),
        )
    )
    connection.execute(sql.load("events/incoming_events"))
    if is_lake(connection):
        _number(connection)
    connection.execute(load_for(connection, "events/recount_known"))
    connection.execute(load_for(connection, "events/add_new"), {"next_log_id": next_log_id})
    connection.execute(load_for(connection, "events/line_events"))
    return next_log_id


def next_number(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the ``log_id`` of the first line of ``incoming``: a number that no line ever had."""
    if is_lake(connection):
        found = connection.execute("SELECT count(*) FROM incoming").fetchall()
        return next_block(connection, int(found[0][0]))
    return int(connection.execute(sql.load("events/next_log_id")).fetchall()[0][0])


def _number(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the events of a load their numbers; in a lake, none waits for those of another load."""
    connection.execute(sql.load("events/lake/number_incoming"))
    found = connection.execute(sql.load("events/lake/clashes")).fetchall()
    if found:
        raise WarehouseError(
            f"two events have one number, those of the md5 {found[0][0]} and {found[0][1]}; none "
            "of this load is stored: please report it, it happens by chance once in many years"
        )


def with_incoming_lines(statement: str) -> str:
    """Return a statement with the SELECT of the lines of ``incoming`` in place of ``$lines``."""
    return Template(statement).substitute(lines=sql.load("events/incoming_lines"))


def drop_steps(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables of :func:`absorb_events`."""
    for step in ("order", "keys", "texts", "events", "places", "numbers"):
        connection.execute(f"DROP TABLE IF EXISTS incoming_{step}")


def _filled(name: str, **parts: str) -> str:
    return Template(sql.load(name)).substitute(parts)
