"""Reading a user's statement into a tree that is certain to be what DuckDB reads."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import Token, TokenType, exp

from fame_sql.planner import faithful
from fame_sql.planner.calls import FIELDS, live_nodes
from fame_sql.planner.catalog import DIALECT, Catalog, text

_NAMES = re.compile("|".join(FIELDS), re.IGNORECASE)


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
    """

    head: str
    query: exp.Query

    @property
    def text(self) -> str:
        """The statement as SQL."""
        return self.head + text(self.query)


def read(catalog: Catalog, statement: str) -> Statement | str:
    """Return a statement to be planned, or why it is left alone as a whole.

    The empty string means that it calls no live function.
    """
    views = _live_views(catalog)
    if not views and not _NAMES.search(statement):
        return ""
    try:
        head, body = _split(statement)
        query = sqlglot.parse_one(body, dialect=DIALECT)
        written = text(query)
    except (sqlglot.errors.SqlglotError, ValueError):
        return "only one SELECT, CREATE TABLE AS or INSERT SELECT is planned"
    return _checked(catalog, head, body, query, written, views)


def _checked(
    catalog: Catalog,
    head: str,
    body: str,
    query: exp.Expr,
    written: str,
    views: set[str],
) -> Statement | str:
    tables = {table.name.lower() for table in query.find_all(exp.Table)}
    if not live_nodes(query) and not views & tables:
        return ""
    if not isinstance(query, exp.Query):
        return "only queries are planned"
    if query.find(exp.Placeholder, exp.Parameter):
        return "it has parameters"
    tree = faithful.parse(catalog.connection, body)
    if not faithful.same(tree, faithful.parse(catalog.connection, written)):
        return "it uses syntax that the planner cannot reproduce exactly"
    if volatile := sorted(faithful.function_names(tree) & catalog.volatile):
        return f"{volatile[0]}() may differ each time, or hide what does"
    if query.find(exp.TableSample):
        return "it takes a sample"
    return Statement(head, _expanded(catalog, query, views & tables))


def _split(statement: str) -> tuple[str, str]:
    """Return what stands before the query of a statement, and the query."""
    found = [part for part in duckdb.extract_statements(statement) if not _is_blank(part.query)]
    if len(found) != 1:
        raise ValueError("not one statement")
    body = found[0].query.strip().rstrip(";")
    tokens = sqlglot.tokenize(body, read=DIALECT)
    start = _query_start(tokens)
    return body[:start], body[start:]


def _is_blank(statement: str) -> bool:
    return not statement.strip(" \n\t;")


def _query_start(tokens: list[Token]) -> int:
    """Return where the query begins.

    Raises
    ------
    ValueError
        If the statement is of another kind.
    """
    first = tokens[0].token_type
    if first in (TokenType.SELECT, TokenType.WITH, TokenType.FROM, TokenType.L_PAREN):
        return 0
    top = _top_level(tokens)
    if first == TokenType.CREATE and TokenType.TABLE in {t.token_type for t in top[:5]}:
        return next(t.end + 1 for t in top if t.token_type == TokenType.ALIAS)
    if first == TokenType.INSERT:
        starts = (TokenType.SELECT, TokenType.WITH, TokenType.FROM)
        return next((t.start for t in top if t.token_type in starts), 0)
    raise ValueError("neither a query nor one that fills a table")


def _top_level(tokens: list[Token]) -> list[Token]:
    """Return the tokens outside all parentheses."""
    found, depth = [], 0
    for token in tokens:
        depth -= token.token_type == TokenType.R_PAREN
        if depth == 0:
            found.append(token)
        depth += token.token_type == TokenType.L_PAREN
    return found


def _live_views(catalog: Catalog) -> set[str]:
    """Return the names of views that call a live function."""
    return {name for name, definition in catalog.views() if _NAMES.search(definition)}


def _expanded(catalog: Catalog, query: exp.Query, views: set[str]) -> exp.Query:
    """Put the queries of views that call live functions in place of their names."""
    ctes = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    for table in list(query.find_all(exp.Table)):
        if table.name.lower() not in views or table.name.lower() in ctes:
            continue
        inner = catalog.view(table)
        hidden = inner is not None and ctes & {t.name.lower() for t in inner.find_all(exp.Table)}
        if inner is None or hidden or not live_nodes(inner):
            continue
        alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
        table.replace(exp.Subquery(this=inner.copy(), alias=alias.copy()))
    return query
