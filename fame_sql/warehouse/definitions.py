"""The views and stored macros of a warehouse, made from ``sql/warehouse`` and its masks."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence

import duckdb

from fame_sql import sql
from fame_sql.canonical.parameters import IN_SQL
from fame_sql.verdict.statements import load
from fame_sql.warehouse import lines, settings
from fame_sql.warehouse.comments import write_comments
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.recipe import read_recipe

# Everyone who opens the file sees these views of the schema fame without its name.
PUBLIC_VIEWS = (
    "logs",
    "events",
    "templates",
    "scored_logs",
    "anomalies",
    "unmatched",
    "label_queue",
    "suspects",
    "file_anomalies",
    "all_logs",
    "all_scored_logs",
    "count_anomalies",
    "incidents",
)

# What reads lines in partitions, whose files must be in reach when a view is defined.
_OVER_PARTITIONS = (
    "warehouse/views/05_all_logs",
    "warehouse/views/05_all_scored_logs",
    "warehouse/views/06_anomalies",
    "warehouse/views/07_unmatched",
    "warehouse/macros/03_tables",
    "warehouse/macros/05_incident_tables",
    "warehouse/macros/06_forensics",
)

_CALLED_BY_VIEWS = "warehouse/macros/00_"

# What has other rows where values decide.
BY_VALUE = {"warehouse/views/09_daily_verdicts": "warehouse/by_value/daily_verdicts"}
"""The statements of other shape where values decide."""

_DEFINED = re.compile(r"^CREATE OR REPLACE (?:VIEW|MACRO) (fame\.\w+)", re.MULTILINE)


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Define all views and stored macros of a warehouse, with the masks that it has now.

    In a warehouse with partitions, ``all_logs`` stays as it is, and so do those that read it if the
    files are out of reach: the room of the partitions defines them with
    :func:`define_over_partitions`.
    """
    if settings.read(connection, settings.IDENTITY) is None:
        settings.write(connection, settings.IDENTITY, uuid.uuid4().hex)
    # All of them: a view with SELECT * keeps the columns of the day it was defined.
    statements = _statements(connection)
    later = _left_to_partitions(connection)
    for name, statement in statements.items():
        if name not in later:
            connection.execute(statement)
    names = [view for view in PUBLIC_VIEWS if not any(name.endswith(f"_{view}") for name in later)]
    publish(connection, names)
    write_comments(connection)
    if lines.stored_state(connection) is None:
        lines.record(connection)
    settings.write(connection, settings.DEFINITIONS, _hash(statements))


def _left_to_partitions(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the files that :func:`define` leaves out."""
    if not has_partitions(connection):
        return ()
    try:
        # On a cursor: DuckDB 2.0 aborts the transaction of a statement that fails.
        connection.cursor().execute("DESCRIBE fame.all_logs").fetchall()
    except duckdb.Error:
        return _OVER_PARTITIONS
    return _OVER_PARTITIONS[:1]


def has_partitions(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether a warehouse has lines in partitions."""
    found = connection.execute("SELECT count(*) FROM fame.partitions WHERE state = 'stored'")
    return found.fetchall() != [(0,)]


def define_over_partitions(connection: duckdb.DuckDBPyConnection, all_logs: str) -> None:
    """Define the views and macros that read lines in partitions.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse that can reach the files of its partitions.
    all_logs : str
        The statement that defines ``fame.all_logs`` over them.
    """
    statements = _statements(connection)
    for name in _OVER_PARTITIONS:
        connection.execute(all_logs if name.endswith("_all_logs") else statements[name])
    views = [name.rpartition("/")[-1][3:] for name in _OVER_PARTITIONS]
    publish(connection, [view for view in views if view in PUBLIC_VIEWS])
    write_comments(connection)
    settings.write(connection, settings.PARTITION_DEFINITIONS, _hash(statements))


def over_partitions_are_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the views that read partitions are those of this version of fame-sql."""
    known = settings.read(connection, settings.PARTITION_DEFINITIONS)
    return known == _hash(_statements(connection))


def are_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether this version of fame-sql would define the same views and macros."""
    return settings.read(connection, settings.DEFINITIONS) == _hash(_statements(connection))


def defined_names() -> list[str]:
    """Return the names of the views and macros that :func:`define` makes in the schema fame."""
    return [name for file in _files() for name in _DEFINED.findall(sql.load(file))]


def publish(connection: duckdb.DuckDBPyConnection, views: Sequence[str]) -> None:
    """Show views of the schema fame in the schema main, except where a user's table has the name.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    views : sequence of str
        Their names, fame-sql's own.
    """
    taken = {row[0] for row in connection.execute(sql.load("warehouse/own_tables")).fetchall()}
    for view in views:
        if view not in taken:
            connection.execute(f"CREATE OR REPLACE VIEW main.{view} AS SELECT * FROM fame.{view}")


def _files(*, in_lake: bool = False) -> list[str]:
    views, macros = sql.names("warehouse/views"), sql.names("warehouse/macros")
    # A view needs the macros that it calls, most macros need the views.
    first = [name for name in macros if name.startswith(_CALLED_BY_VIEWS)]
    tables = sql.names("warehouse/lake/views") if in_lake else []
    return [*tables, *first, *views, *(name for name in macros if name not in first)]


def _statements(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the statements that define the views and macros by their files, in order."""
    canonical = read_recipe(connection).sql("message")
    identity = settings.read(connection, settings.IDENTITY) or ""
    # DuckDB's error lists the parameters of the macro that it finds: that of the current warehouse.
    current = f"another warehouse is current, {identity}: run USE with the name of the one you ask"
    placeholders = {"canonical": canonical, "identity": identity, "current": current, **IN_SQL}
    by_value = has_value_heads(connection)
    other = BY_VALUE if by_value else {}
    return {
        name: load(other.get(name, name), by_value=by_value, **placeholders)
        for name in _files(in_lake=is_lake(connection))
    }


def load_by_value(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return a statement that reads verdicts of lines, by value if the champion has value heads."""
    return load(name, by_value=has_value_heads(connection))


def has_value_heads(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether values decide some of the champion's verdicts."""
    found = connection.execute(sql.load("warehouse/count_value_weights"))
    return found.fetchall() != [(0,)]


def _hash(statements: Mapping[str, str]) -> str:
    return hashlib.md5("".join(statements.values()).encode()).hexdigest()
