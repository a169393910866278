"""Reading a user's statement into a tree that is certain to be what DuckDB reads."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql.planner import faithful
from fame_sql.planner.calls import FIELDS, is_live, live_nodes
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.dialect import DIALECT, text
from fame_sql.planner.head import split_head
from fame_sql.planner.unfold import live_names, mentions, unfold, unsteady


@dataclass
class Statement:
    """A statement that may be planned.

    Parameters
    ----------
    head : str
        What stands before the query, as it was written: ``CREATE TABLE .. AS`` or
        ``INSERT INTO ..``.
    query : sqlglot.exp.Query
        The query, to be changed.
    body : str
        The query as it was written.
    """

    head: str
    query: exp.Query
    body: str

    @property
    def text(self) -> str:
        """The statement as SQL."""
        return f"{self.head} {text(self.query)}".lstrip()


def read(catalog: Catalog, statement: str) -> Statement | str:
    """Return a statement to be planned, or why it is left alone as a whole.

    The empty string means that it calls no live function.
    """
    live = live_names(catalog)
    if not mentions(statement, live):
        return ""
    try:
        head, body = _split(statement)
        query = sqlglot.parse_one(body, dialect=DIALECT)
        written = text(query)
    except (sqlglot.errors.SqlglotError, ValueError):
        return "only one SELECT, CREATE TABLE AS or INSERT SELECT is planned"
    return _checked(catalog, head, body, query, written, live)


def _checked(
    catalog: Catalog,
    head: str,
    body: str,
    query: exp.Expr,
    written: str,
    live: frozenset[str],
) -> Statement | str:
    trees = [faithful.parse(catalog.connection, sql) for sql in (body, written)]
    called = faithful.function_names(trees[0])
    tables = {table.name.lower() for table in query.find_all(exp.Table)}
    if not live_nodes(query) and not live & (called | tables):
        return ""
    if not isinstance(query, exp.Query):
        return "only queries are planned"
    reason = (
        _unfit(catalog, query)
        or _unfaithful(*trees)
        or _unread(catalog, query, called & live)
        or unsteady(catalog, trees)
        or unfold(catalog, query, live)
    )
    return reason or Statement(head, query, body)


def _unfit(catalog: Catalog, query: exp.Query) -> str:
    if query.find(exp.Placeholder, exp.Parameter):
        return "it has parameters"
    if catalog.in_transaction():
        # DuckDB 2.0 aborts a transaction at the first probe that fails.
        return "it runs in a transaction of your own: COMMIT or ROLLBACK it to have it planned"
    return ""


def _unfaithful(tree: faithful.Tree, again: faithful.Tree) -> str:
    if faithful.same(tree, again):
        return ""
    named = faithful.difference(tree, again) or "syntax"
    return f"it uses {named} that the planner cannot reproduce exactly"


def _unread(catalog: Catalog, query: exp.Query, called: set[str]) -> str:
    """Return which call of a live function is written so that it is not found, or nothing."""
    if macros := sorted(called & catalog.macros.keys()):
        return f"{macros[0]}() is a macro over a live function: call the function itself"
    found = {node.name.lower() for node in live_nodes(query)}
    written = {n.name.lower() for n in query.find_all(exp.Anonymous) if not is_live(n)}
    other = sorted((written | called - found) & FIELDS.keys())
    return f"a call that is not written as {other[0]}(message) is not planned" if other else ""


def _split(statement: str) -> tuple[str, str]:
    """Return what stands before the query of a statement, and the query."""
    found = [part for part in duckdb.extract_statements(statement) if not _is_blank(part.query)]
    if len(found) != 1:
        raise ValueError("not one statement")
    body = found[0].query.strip().rstrip(";")
    return split_head(body)


def _is_blank(statement: str) -> bool:
    return not statement.strip(" \n\t;")
