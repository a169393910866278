"""Canonical events: the dimension on which templates, labels and scores hang."""

from __future__ import annotations

from string import Template

import duckdb

from fame_sql import sql
from fame_sql.warehouse import read_recipe


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
    canonical = read_recipe(connection).sql("body")
    next_log_id = connection.execute(
        "SELECT coalesce(max(log_id), 0) + 1 FROM fame.logs"
    ).fetchall()[0][0]
    connection.execute(Template(sql.load("events/distinct_bodies")).substitute(canonical=canonical))
    connection.execute(sql.load("events/incoming_events"))
    connection.execute(sql.load("events/recount_known"))
    connection.execute(sql.load("events/add_new"), {"next_log_id": next_log_id})
    connection.execute(sql.load("events/add_logs"), {"next_log_id": next_log_id})
    connection.execute("DROP TABLE incoming_bodies; DROP TABLE incoming_events")
