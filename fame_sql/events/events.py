"""Canonical events: the dimension on which templates, labels and scores hang."""

from __future__ import annotations

from string import Template

import duckdb

from fame_sql import sql
from fame_sql.warehouse.warehouse import read_recipe


def absorb(connection: duckdb.DuckDBPyConnection) -> None:
    """Move the temporary table ``incoming`` into ``fame.logs``, adding the events it brings.

    Distinct messages are canonicalised once, in SQL; every log row carries the dense
    ``event_id`` of its canonical text. Runs inside the caller's transaction.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse with a temporary table ``incoming``: the columns of
        ``fame.logs`` without ``log_id`` and ``event_id``, from one source.
    """
    next_log_id = absorb_events(connection)
    statement = with_incoming_lines(sql.load("events/add_logs"))
    connection.execute(statement, {"next_log_id": next_log_id})
    drop_steps(connection)


def absorb_events(connection: duckdb.DuckDBPyConnection) -> int:
    """Add the events that ``incoming`` brings, and count its lines to those that are known.

    Leaves the temporary table ``incoming_bodies``: the event hash of each distinct message.

    Returns
    -------
    int
        The ``log_id`` of the first line of ``incoming``.
    """
    canonical = read_recipe(connection).sql("body")
    next_log_id = int(connection.execute(sql.load("events/next_log_id")).fetchall()[0][0])
    connection.execute(Template(sql.load("events/distinct_bodies")).substitute(canonical=canonical))
    connection.execute(sql.load("events/incoming_events"))
    connection.execute(sql.load("events/recount_known"))
    connection.execute(sql.load("events/add_new"), {"next_log_id": next_log_id})
    return next_log_id


def with_incoming_lines(statement: str) -> str:
    """Return a statement with the SELECT of the lines of ``incoming`` in place of ``$lines``."""
    return Template(statement).substitute(lines=sql.load("events/incoming_lines"))


def drop_steps(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what absorbing left on the connection."""
    connection.execute("DROP TABLE incoming_bodies; DROP TABLE incoming_events")
