"""What is new in a lake, from its record of changes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from string import Template

import duckdb

from fame_sql import sql
from fame_sql.warehouse import settings
from fame_sql.warehouse.recipe import read_recipe

_SELDOM = 100
"""A mark that only skips known events is moved once in so many snapshots: moving it makes one."""


@dataclass(frozen=True)
class Mark:
    """Up to where new events have been read, and with what.

    Parameters
    ----------
    snapshot : int
        The last snapshot.
    model_version : str
        The model that judged them.
    templates : int
        How many templates they were matched with.
    """

    snapshot: int
    model_version: str
    templates: int


def collect_new_events(
    connection: duckdb.DuckDBPyConnection, model_version: str | None = None
) -> Mark:
    """Fill the temporary table ``arrived_events`` with the events that came since the last mark.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a lake.
    model_version : str, optional
        The model that is to judge them; None for all events.

    Returns
    -------
    Mark
        To be remembered once they are judged. All events are collected if the last mark is of
        another model or of other templates, or its snapshot has expired.
    """
    [(name,)] = connection.execute(sql.load("warehouse/lake/name")).fetchall()
    [(newest, oldest)] = connection.execute(
        sql.load("warehouse/lake/snapshots"), {"name": name}
    ).fetchall()
    [(templates,)] = connection.execute("SELECT count(*) FROM fame.templates").fetchall()
    mark = Mark(newest, model_version or "", templates)
    last = _last(connection)
    is_known = last is not None and last == Mark(last.snapshot, mark.model_version, templates)
    if last is None or not is_known or last.snapshot + 1 < oldest:
        connection.execute(sql.load("events/lake/arrived_from_table"))
    else:
        first = min(last.snapshot + 1, newest)
        statement = Template(sql.load("events/lake/arrived_from_feed"))
        connection.execute(statement.substitute(lake=name, first=first, last=newest))
    return mark


def changed_lines(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many lines others have changed, which have the event of their former message.

    Only changes within the snapshots that the lake still has are seen.
    """
    [(lake,)] = connection.execute(sql.load("warehouse/lake/name")).fetchall()
    [(newest, oldest)] = connection.execute(
        sql.load("warehouse/lake/snapshots"), {"name": lake}
    ).fetchall()
    statement = Template(sql.load("warehouse/lake/changed_lines")).substitute(
        lake=lake, first=oldest, last=newest, canonical=read_recipe(connection).sql("lines.body")
    )
    return int(connection.execute(statement).fetchall()[0][0])


def is_worth_remembering(connection: duckdb.DuckDBPyConnection, mark: Mark) -> bool:
    """Return whether a mark spares the next pass more than storing it costs, a snapshot."""
    last = _last(connection)
    if last is None or last != Mark(last.snapshot, mark.model_version, mark.templates):
        return True
    return mark.snapshot - last.snapshot >= _SELDOM


def remember(connection: duckdb.DuckDBPyConnection, mark: Mark) -> None:
    """Store a mark, inside the caller's transaction."""
    settings.write(connection, settings.EVENTS_READ, json.dumps(asdict(mark)))


def _last(connection: duckdb.DuckDBPyConnection) -> Mark | None:
    text = settings.read(connection, settings.EVENTS_READ)
    return None if text is None else Mark(**json.loads(text))
