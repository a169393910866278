"""Reading a statement or a view: where its query begins, and what the query is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import sqlglot
from sqlglot import TokenType, exp

from fame_sql.planner.scope import cte_names, rename_ctes
from fame_sql.planner.tree import DIALECT, NotPlannedError, text

Place: TypeAlias = tuple[str, str, str]
"""Database, schema and name, in lower case."""

_MADE = (TokenType.TABLE, TokenType.VIEW)
_QUERIES = (TokenType.SELECT, TokenType.WITH, TokenType.FROM)


@dataclass(frozen=True)
class View:
    """A view that sqlglot can read."""

    name: str
    texts: tuple[str, str]  # its query as DuckDB writes it, and as sqlglot does
    query: exp.Query  # for use elsewhere: each table is named with its database and schema
    columns: tuple[str, ...]  # names that it gives to its first columns
    loose: frozenset[str]  # tables that are in no catalog, and may mean something else elsewhere


def read_view(
    name: str, definition: str, resolve: Callable[[exp.Table], Place | None]
) -> View | None:
    """Return a view from ``CREATE VIEW .. AS ..``, or None if sqlglot cannot read it.

    ``resolve`` returns where DuckDB finds a table that the view names.
    """
    try:
        _, written = split_head(definition.strip().rstrip(";"), TokenType.VIEW)
        made = sqlglot.parse_one(definition, dialect=DIALECT)
        if not isinstance(made.expression, exp.Query):
            return None
        query = made.expression.copy()
        again = text(query)
        loose = _add_places(query, resolve)
    except (sqlglot.errors.SqlglotError, ValueError, NotPlannedError):
        return None
    columns = tuple(column.name for column in made.this.expressions)
    return View(name, (written, again), rename_ctes(query), columns, loose)


def _add_places(query: exp.Expr, resolve: Callable[[exp.Table], Place | None]) -> frozenset[str]:
    """Write where each table of a query lies; return the names that lie nowhere."""
    loose = set()
    for table, cte in cte_names(query):
        if not isinstance(table.this, exp.Identifier) or cte is not None:
            continue
        if place := resolve(table):
            for part, named in (("catalog", place[0]), ("db", place[1])):
                table.set(part, exp.to_identifier(named, quoted=True))
        else:
            loose.add(table.name.lower())
    return frozenset(loose)


def split_head(statement: str, made: TokenType = TokenType.TABLE) -> tuple[str, str]:
    """Return what stands before the query of a statement, and the query.

    ``CREATE`` may make a table or, where ``made`` says so, a view; all else is a ValueError.
    """
    tokens = sqlglot.tokenize(statement, read=DIALECT)
    kinds = [token.token_type for token in tokens]
    steps = ((kind == TokenType.L_PAREN) - (kind == TokenType.R_PAREN) for kind in kinds)
    depths = accumulate(steps, initial=0)
    outside = [t for t, depth in zip(tokens, depths, strict=False) if not depth]
    makes = next((t.token_type for t in outside if t.token_type in _MADE), None) == made
    match kinds:
        case [first, *_] if first in (*_QUERIES, TokenType.L_PAREN):
            start = 0
        case [TokenType.CREATE, *_] if makes:
            start = next((t.end + 1 for t in outside if t.token_type == TokenType.ALIAS), 0)
        case [TokenType.INSERT, *_]:
            start = next((t.start for t in outside if t.token_type in _QUERIES), 0)
        case _:
            raise ValueError("neither a query nor one that fills a table")
    return statement[:start], statement[start:]
