"""Passes that look at where a call stands: whether, and for which rows, DuckDB evaluates it."""

from __future__ import annotations

from collections.abc import Iterator, Set

from sqlglot import exp

from fame_sql.planner.context import Calls
from fame_sql.planner.errors import NotPlannedError
from fame_sql.planner.readers import reader_of
from fame_sql.planner.tree import (
    column_name,
    handed_on,
    live_nodes,
    names_any,
    unordered,
)

_OWN_ROWS = (exp.Lambda, exp.Unnest, exp.Lateral, exp.Pivot)
_SKIPPING = (exp.Case, exp.If, exp.Coalesce, exp.And, exp.Or)
_SKIPPING_NAMES = {"if", "ifnull", "try"}


def check_place(select: exp.Select, calls: Calls) -> exp.Select:
    """Refuse a call that does not stand for one value in each row of its SELECT.

    Before and after: ``SELECT fame_score(body) FROM logs``

    Refused: ``SELECT s FROM events AS e, LATERAL (SELECT fame_score(e.example) AS s)``
    """
    between = list(_between(calls.nodes[0], select))
    if inside := [node for node in between if isinstance(node, _OWN_ROWS)]:
        raise NotPlannedError(f"inside {inside[-1].key.upper()}")
    if between and isinstance(between[-1], exp.With):
        raise NotPlannedError("in no SELECT of its own")
    node: exp.Expr | None = select
    while node is not None:
        if isinstance(node, exp.CTE) and node.parent and node.parent.args.get("recursive"):
            raise NotPlannedError("in a recursive CTE")
        if isinstance(node, exp.Lateral):
            raise NotPlannedError("in a lateral join")
        node = node.parent
    return select


def find_guard(select: exp.Select, calls: Calls) -> exp.Select:
    """Note why DuckDB may evaluate a call on fewer rows than the SELECT has.

    Before and after: ``SELECT CASE WHEN log_id < 9 THEN fame_score(body) END FROM logs``, which is
    planned only if everything is stored
    """
    joined = [node for join in select.args.get("joins") or () for node in live_nodes(join)]
    if any(node.find_ancestor(exp.Join, exp.Select) is not select for node in _own(joined, select)):
        calls.guard = "a join condition calls a live function"
        return select
    for node in _between(calls.nodes[0], select):
        if isinstance(node, exp.AggFunc | exp.Window):
            break
        if _may_skip(node):
            calls.guard = f"inside {_name(node)}, which may skip rows"
            return select
    around: exp.Expr | None = select
    while around is not None:
        if "LIMIT" in unordered(around):
            calls.guard = "below a LIMIT without ORDER BY"
        around = around.parent
    return select


def check_read(select: exp.Select, calls: Calls) -> exp.Select:
    """Refuse a call whose column no query around it reads: DuckDB does not evaluate it.

    Before and after: ``SELECT s FROM (SELECT log_id, fame_score(body) AS s FROM logs)``

    Refused: ``SELECT log_id FROM (SELECT log_id, fame_score(body) AS s FROM logs)``
    """
    node = calls.nodes[0]
    projection = next(reversed([node, *_between(node, select)]))
    if projection.arg_key == "expressions" and not projection.is_star:
        names = {column_name(projection)}
        if not _uses(select, names, None) and not _is_read(select, names):
            raise NotPlannedError(
                "no query around it reads its column: DuckDB does not evaluate it"
            )
    return select


def _between(node: exp.Expr, select: exp.Select) -> Iterator[exp.Expr]:
    """Yield what stands between a call and its SELECT, from the inside."""
    parent = node.parent
    while parent is not None and parent is not select:
        yield parent
        parent = parent.parent


def _own(nodes: list[exp.Anonymous], select: exp.Select) -> list[exp.Anonymous]:
    return [n for n in nodes if n.find_ancestor(exp.Select, exp.SetOperation) is select]


def _may_skip(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _SKIPPING_NAMES
    return isinstance(node, _SKIPPING) and not _is_conjunction(node)


def _is_conjunction(node: exp.Expr | None) -> bool:
    """Return whether an AND joins conditions of a WHERE."""
    while isinstance(node, exp.And | exp.Paren):
        node = node.parent
    return isinstance(node, exp.Where)


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.If):
        return "CASE"
    return node.name.upper() if isinstance(node, exp.Anonymous) else node.key.upper()


def _is_read(query: exp.Query, names: Set[str]) -> bool:
    """Return whether columns of a query are read: at the top, and wherever it is not certain."""
    if isinstance(query.parent, exp.SetOperation):
        return True
    try:
        reader = reader_of(query)
    except NotPlannedError:
        return True
    if reader is None:
        return True
    outer, node = reader
    meant = names | {node.alias_or_name.lower()}
    if _uses(outer, meant, node):
        return True
    handed = handed_on(outer, meant)
    return bool(handed) and _is_read(outer, handed)


def _uses(select: exp.Select, names: Set[str], node: exp.Expr | None) -> bool:
    """Return whether a SELECT needs columns for its rows, apart from handing them on."""
    joins = select.args.get("joins") or ()
    if select.args.get("distinct") or any(join.method == "NATURAL" for join in joins):
        return True
    if _by_place(select) and (node is None or handed_on(select, names)):
        return True
    return any(
        names_any(child, names, node)
        for child in select.iter_expressions()
        if child.arg_key != "expressions" and not isinstance(child, exp.With)
    )


def _by_place(select: exp.Select) -> bool:
    """Return whether groups or an order name projections by their place, or all of them."""
    parts = [select.args[name] for name in ("group", "order") if select.args.get(name)]
    return any(
        part.args.get("all") or part.find(exp.Literal) or "all" in part.sql().lower().split()
        for part in parts
    )
