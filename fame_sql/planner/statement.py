"""Reading a user's statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql.planner import verify
from fame_sql.planner.answers import Store
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.context import Context
from fame_sql.planner.tree import DIALECT, FIELDS, NotPlannedError, live_nodes, text
from fame_sql.planner.views import split_head


def read(catalog: Catalog, written: str, store: Callable[[], Store]) -> Context | None:
    """Return a statement to be planned; None if it calls no live function, by itself or others.

    Refused: what is not one query, alone or to fill a table
    """
    live = live_names(catalog)
    if not mentions(written, live):
        return None
    try:
        head, body = _split(written)
        query = sqlglot.parse_one(body, dialect=DIALECT)
        again = text(query)
    except (sqlglot.errors.SqlglotError, ValueError):
        raise NotPlannedError(
            "only one SELECT, CREATE TABLE AS or INSERT SELECT is planned"
        ) from None
    trees = (verify.parse(catalog.connection, body), verify.parse(catalog.connection, again))
    tables = {table.name.lower() for table in query.find_all(exp.Table)}
    if not (live_nodes(query) or live & (verify.function_names(trees[0]) | tables)):
        return None
    if not isinstance(query, exp.Query):
        raise NotPlannedError("only queries are planned")
    return Context(catalog, store, query, written, head, body, trees, live)


def live_names(catalog: Catalog) -> frozenset[str]:
    """Return the live functions, and the views and macros that call one, also through others."""
    waiting = [(place[2], definition) for place, definition in catalog.views.items()]
    waiting += [(name, definition) for name, definition in catalog.functions.items() if definition]
    found, known = set(FIELDS), set(FIELDS)
    while found:
        found = {name for name, definition in waiting if mentions(definition, found)} - known
        known |= found
    return frozenset(known)


def mentions(written: str, names: Collection[str]) -> bool:
    """Return whether SQL has one of these names as a word."""
    pattern = "|".join(re.escape(name) for name in names)
    return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", written, re.IGNORECASE) is not None


def _split(written: str) -> tuple[str, str]:
    """Return what stands before the query of a statement, and the query."""
    found = [part.query for part in duckdb.extract_statements(written)]
    found = [part for part in found if part.strip(" \n\t;")]
    if len(found) != 1:
        raise ValueError("not one statement")
    return split_head(found[0].strip().rstrip(";"))
