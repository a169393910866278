"""The views and stored macros of a warehouse, made from ``sql/warehouse`` and its masks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import duckdb

from fame_sql import sql
from fame_sql.verdict.statements import load
from fame_sql.warehouse import settings
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
)

_CALLED_BY_VIEWS = "warehouse/macros/00_provisional"

_DEFINED = re.compile(r"^CREATE OR REPLACE (?:VIEW|MACRO) (fame\.\w+)", re.MULTILINE)


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Define all views and stored macros of a warehouse, with the masks that it has now."""
    # All of them: a view with SELECT * keeps the columns of the day it was defined.
    statements = _statements(connection)
    for statement in statements:
        connection.execute(statement)
    publish(connection, PUBLIC_VIEWS)
    settings.write(connection, settings.DEFINITIONS, _hash(statements))


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


def _files() -> list[str]:
    views, macros = sql.names("warehouse/views"), sql.names("warehouse/macros")
    # A view needs the macros that it calls, most macros need the views.
    first = [name for name in macros if name == _CALLED_BY_VIEWS]
    return [*first, *views, *(name for name in macros if name not in first)]


def _statements(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the statements that define the views and macros, in order."""
    canonical = read_recipe(connection).sql("message")
    return [load(name, canonical=canonical) for name in _files()]


def _hash(statements: Sequence[str]) -> str:
    return hashlib.md5("".join(statements).encode()).hexdigest()
