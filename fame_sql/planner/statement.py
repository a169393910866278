"""Reading a user's statement."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql.planner import verify
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.errors import NotPlannedError
from fame_sql.planner.tree import DIALECT, FIELDS, live_nodes, text
from fame_sql.planner.views import split_head


@dataclass(frozen=True)
class Statement:
    """A statement that calls a live function, as it was written.

    Parameters
    ----------
    head : str
        What stands before the query: ``CREATE TABLE .. AS`` or ``INSERT INTO ..``.
    body : str
        The query.
    trees : tuple of Tree
        The query as DuckDB parses it: as it was written, and as sqlglot writes it.
    live : frozenset of str
        The live functions, and the views and macros that call one.
    """

    head: str
    body: str
    trees: tuple[verify.Tree, verify.Tree]
    live: frozenset[str]

    @property
    def called(self) -> set[str]:
        """The functions that DuckDB finds in it."""
        return verify.function_names(self.trees[0])


def read(catalog: Catalog, written: str) -> tuple[exp.Query, Statement] | None:
    """Return the parsed query of a statement and what was written, None without live calls.

    Parameters
    ----------
    catalog : Catalog
        Its views and macros may call live functions.
    written : str
        SQL of the user.

    Raises
    ------
    NotPlannedError
        If it is not one query, alone or to fill a table.
    """
    live = live_names(catalog)
    if not mentions(written, live):
        return None
    try:
        head, body = _split(written)
        query = sqlglot.parse_one(body, dialect=DIALECT)
        again = text(query)
    except (sqlglot.errors.SqlglotError, ValueError):
        reason = "only one SELECT, CREATE TABLE AS or INSERT SELECT is planned"
        raise NotPlannedError(reason) from None
    trees = (verify.parse(catalog.connection, body), verify.parse(catalog.connection, again))
    statement = Statement(head, body, trees, live)
    tables = {table.name.lower() for table in query.find_all(exp.Table)}
    calls_live = live_nodes(query) or live & (statement.called | tables)
    if not calls_live:
        return None
    if not isinstance(query, exp.Query):
        raise NotPlannedError("only queries are planned")
    return query, statement


def live_names(catalog: Catalog) -> frozenset[str]:
    """Return the live functions, and the views and macros that call one, also through others."""
    waiting = [(place[2], definition) for place, definition in catalog.views()]
    waiting += catalog.macros.items()
    found, known = set(FIELDS), set(FIELDS)
    while found:
        found = {name for name, definition in waiting if mentions(definition, found)} - known
        known |= found
    return frozenset(known)


def mentions(written: str, names: Collection[str]) -> bool:
    """Return whether SQL contains one of these names as a word."""
    pattern = "|".join(re.escape(name) for name in names)
    return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", written, re.IGNORECASE) is not None


def _split(written: str) -> tuple[str, str]:
    """Return what stands before the query of a statement, and the query."""
    found = [part.query for part in duckdb.extract_statements(written)]
    found = [part for part in found if part.strip(" \n\t;")]
    if len(found) != 1:
        raise ValueError("not one statement")
    return split_head(found[0].strip().rstrip(";"))
