"""A view as a query that means the same wherever it is put."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import sqlglot
from sqlglot import TokenType, exp

from fame_sql.planner.dialect import DIALECT, text
from fame_sql.planner.head import split_head
from fame_sql.planner.scope import names_cte

Place: TypeAlias = tuple[str, str, str]
"""Database, schema and name, in lower case."""


@dataclass(frozen=True)
class View:
    """A view, read.

    Parameters
    ----------
    name : str
        Its name alone.
    written : str
        Its query in DuckDB's words.
    again : str
        The same in sqlglot's.
    query : sqlglot.exp.Query
        The same to be put elsewhere: every table that is known by its database and schema.
    columns : tuple of str
        Names that it gives to its first columns.
    loose : frozenset of str
        Names that are known to no catalog, and may mean another thing elsewhere.
    """

    name: str
    written: str
    again: str
    query: exp.Query
    columns: tuple[str, ...]
    loose: frozenset[str]


def read_view(
    name: str, definition: str, resolve: Callable[[exp.Table], Place | None]
) -> View | None:
    """Return a view from its definition, None if sqlglot cannot read it.

    Parameters
    ----------
    name : str
        Its name alone.
    definition : str
        ``CREATE VIEW .. AS ..``, as DuckDB keeps it.
    resolve : callable
        Tells where DuckDB finds a table that the view names.
    """
    try:
        head, written = split_head(definition.strip().rstrip(";"), TokenType.VIEW)
        query = sqlglot.parse_one(written, dialect=DIALECT)
        made = sqlglot.parse_one(f"{head} SELECT 1", dialect=DIALECT).this
    except (sqlglot.errors.SqlglotError, ValueError):
        return None
    if not isinstance(query, exp.Query):
        return None
    columns = [c.name for c in made.expressions] if isinstance(made, exp.Schema) else []
    again = text(query)
    return View(name, written, again, query, tuple(columns), _settle(query, resolve))


def _settle(query: exp.Query, resolve: Callable[[exp.Table], Place | None]) -> frozenset[str]:
    """Write down where each table of a query lies; return the names that lie nowhere."""
    loose = set()
    for table in list(query.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or names_cte(table):
            continue
        place = resolve(table)
        if place is None:
            loose.add(table.name.lower())
            continue
        for part, named in (("catalog", place[0]), ("db", place[1])):
            table.set(part, exp.to_identifier(named, quoted=True))
    return frozenset(loose)
