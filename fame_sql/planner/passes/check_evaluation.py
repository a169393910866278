"""Passes that look at where a call stands: whether, and for which rows, DuckDB evaluates it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import takewhile

from sqlglot import exp

from fame_sql.planner import tree
from fame_sql.planner.context import Calls
from fame_sql.planner.moved_calls import MAYBE
from fame_sql.planner.scope import above, climb
from fame_sql.planner.tree import NotPlannedError

_OWN_ROWS = (exp.Lambda, exp.Unnest, exp.Lateral, exp.Pivot)
_GROUPING = (exp.AggFunc, exp.Window)
_SKIPPING = (exp.Case, exp.If, exp.Coalesce, exp.And, exp.Or)
_SKIPPING_NAMES = {"if", "ifnull"}


def check_place(select: exp.Select, calls: Calls) -> exp.Select:
    """Refuse a call that does not stand for one value in each row of its SELECT.

    Before and after: ``SELECT fame_score(body) FROM logs``

    Refused: ``SELECT s FROM events AS e, LATERAL (SELECT fame_score(e.example) AS s)``
    """
    between = list(_between(calls, select))
    if inside := [node for node in between if isinstance(node, (*_OWN_ROWS, exp.With))]:
        raise NotPlannedError(f"inside {inside[-1].key.upper()}")
    for node in above(select):
        if isinstance(node, exp.With) and node.recursive:
            raise NotPlannedError("in a recursive CTE")
        if isinstance(node, exp.Lateral):
            raise NotPlannedError("in a lateral join")
    return select


def find_guard(select: exp.Select, calls: Calls) -> exp.Select:
    """Note why DuckDB may evaluate a call on fewer rows than the SELECT has.

    Before and after: ``SELECT CASE WHEN log_id < 9 THEN fame_score(body) END FROM logs``, which is
    planned only if everything is stored
    """
    around = (calls.nodes[0], *_between(calls, select))
    inner = takewhile(lambda n: not isinstance(n, _GROUPING), around)
    before = (n.parent for n in inner if n.parent and n.parent is not select and not _is_first(n))
    if any(
        node.find_ancestor(exp.Join, exp.Select) is not select for node in tree.own_live(select)
    ):
        calls.guard = "a join condition calls a live function"
    elif skipping := next(filter(None, map(_skipping, before)), ""):
        calls.guard = f"inside {skipping}, which may skip rows"
    elif any(isinstance(n, exp.Alias) and n.alias.startswith(MAYBE) for n in around):
        calls.guard = "the statement around it may need fewer rows"
    elif any("LIMIT" in tree.unordered(node) for node in (select, *above(select))):
        calls.guard = "below a LIMIT without ORDER BY"
    return select


def check_read(select: exp.Select, calls: Calls) -> exp.Select:
    """Refuse a call whose column no query around it reads: DuckDB does not evaluate it.

    Before and after: ``SELECT s FROM (SELECT log_id, fame_score(body) AS s FROM logs)``

    Refused: ``SELECT log_id FROM (SELECT log_id, fame_score(body) AS s FROM logs)``
    """
    *_, projection = calls.nodes[0], *_between(calls, select)
    names = tree.column_names(projection)
    if (
        projection.arg_key == "expressions"
        and not projection.is_star
        and not _uses(select, names, None)
        and not _is_read(select, names)
    ):
        raise NotPlannedError("no query around it reads its column: DuckDB does not evaluate it")
    return select


def _between(calls: Calls, select: exp.Select) -> Iterator[exp.Expr]:
    """Yield what stands between a call and its SELECT, from the inside."""
    return takewhile(lambda node: node is not select, above(calls.nodes[0]))


def _is_first(node: exp.Expr) -> bool:
    """Return whether an expression is evaluated in every row in which the one around it is."""
    match node.parent:
        case exp.Case():
            return node.arg_key == "this" or (node.arg_key == "ifs" and node.index == 0)
        case exp.If() | exp.Coalesce():
            return node.arg_key == "this"
        case exp.Anonymous():
            return node.index == 0
    return False


def _skipping(node: exp.Expr) -> str:
    """Return what an expression is called that may skip one of its parts; empty for any other."""
    if isinstance(node, exp.Anonymous):
        return node.name.upper() if node.name.lower() in _SKIPPING_NAMES else ""
    inside = (n for n in (node, *above(node)) if not isinstance(n, exp.And | exp.Paren))
    if not isinstance(node, _SKIPPING) or isinstance(next(inside, None), exp.Where):
        return ""
    return "CASE" if isinstance(node, exp.If) else node.key.upper()


def _is_read(select: exp.Select, names: Set[str]) -> bool:
    """Return whether columns of a SELECT are read: at the top, and wherever it is not certain."""
    query: exp.Query = select
    try:
        for whole, outer, node in climb(select):
            meant = names | {node.alias_or_name.lower()}
            if whole is not query or _uses(outer, meant, node):
                return True
            if not (names := tree.handed_on(outer, meant)):
                return False
            query = outer
    except NotPlannedError:
        pass
    return True


def _uses(select: exp.Select, names: Set[str], node: exp.Expr | None) -> bool:
    """Return whether a SELECT needs columns for its rows, apart from handing them on."""
    joins = select.args.get("joins") or ()
    if select.args.get("distinct") or any(join.method == "NATURAL" for join in joins):
        return True
    # Groups and an order may name projections by their place, or all of them.
    by_place = (
        part.find(exp.Literal) or "all" in part.sql().lower().split()
        for part in filter(None, map(select.args.get, ("group", "order")))
    )
    if any(by_place) and (node is None or tree.handed_on(select, names)):
        return True
    return any(
        tree.names_any(child, names, node)
        for child in select.iter_expressions()
        if child.arg_key != "expressions" and not isinstance(child, exp.With)
    )
