"""Which queries read the rows of a query."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from fame_sql.planner.errors import NotPlannedError
from fame_sql.planner.scope import cte_named
from fame_sql.planner.tree import sources


def reader_of(query: exp.Query) -> tuple[exp.Select, exp.Expr] | None:
    """Return the only SELECT that reads the rows of a query, and where it does.

    None where no row is dropped any more: at the top, and where a condition needs them all.

    Parameters
    ----------
    query : sqlglot.exp.Query
        Part of a statement.

    Raises
    ------
    NotPlannedError
        If it is not certain who reads them.
    """
    parent = _in_parentheses(query).parent
    if isinstance(parent, exp.Exists):
        raise NotPlannedError("inside EXISTS, which stops at the first row")
    if not isinstance(parent, exp.CTE | exp.Subquery):
        return None
    named = _readings(parent) if isinstance(parent, exp.CTE) else [parent]
    if len(named) != 1:
        raise NotPlannedError("its CTE is not read exactly once")
    renamed = [node.args.get("alias") for node in (parent, *named)]
    if any(isinstance(alias, exp.TableAlias) and alias.args.get("columns") for alias in renamed):
        raise NotPlannedError("its columns are named again")
    node = named[0]
    select = node.find_ancestor(exp.Select)
    if select is None or not any(source is node for source in sources(select)):
        raise NotPlannedError("it is not certain who reads it")
    return select, node


def whole(query: exp.Query) -> exp.Query:
    """Return the outermost set operation that a query is a branch of, or the query itself."""
    while isinstance(parent := _in_parentheses(query).parent, exp.SetOperation):
        query = parent
    return query


def readers(select: exp.Select) -> Iterator[exp.Query]:
    """Yield a SELECT and every query that may see its rows."""
    waiting: list[exp.Expr] = [select]
    seen: set[int] = set()
    while waiting:
        node: exp.Expr | None = waiting.pop()
        while node is not None and id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, exp.Query):
                yield node
            if isinstance(node, exp.CTE):
                waiting += _readings(node)
            node = node.parent


def _readings(cte: exp.CTE) -> list[exp.Table]:
    return [table for table in cte.root().find_all(exp.Table) if cte_named(table) is cte]


def _in_parentheses(query: exp.Expr) -> exp.Expr:
    """Return what stands for a query in its parent: itself, or parentheses around it."""
    node = query
    while isinstance(node.parent, exp.Subquery) and not isinstance(
        node.parent.parent, exp.From | exp.Join
    ):
        node = node.parent
    return node
