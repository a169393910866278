"""Passes about the order of rows, which a join does not keep."""

from __future__ import annotations

from sqlglot import exp

from fame_sql.planner.context import Calls
from fame_sql.planner.passes.find_source import is_line_number
from fame_sql.planner.scope import readers
from fame_sql.planner.tree import NotPlannedError, distinct_on, sources, unordered

# Aggregates that depend on the order of rows: sqlglot's name for each, and the usual one.
_ORDERED = {"array_agg": "list", "group_concat": "string_agg"}
_ORDERED |= {n: n for n in ("first", "last", "json_group_array", "json_group_object")}
_ROW_BY_ROW = {"expressions", "from_", "where", "limit", "offset"}
_NOT_BY_ROW = (exp.AggFunc, exp.Window, exp.Query, exp.UDTF, exp.Explode)

_FREE_OF_ORDER = (exp.Avg, exp.Count, exp.CountIf, exp.Max, exp.Median, exp.Min, exp.Sum)
_AROUND = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)


def order_by_line(select: exp.Select, calls: Calls) -> exp.Select:
    """Write down the order by which a LIMIT takes lines of the warehouse: as they were stored.

    ``fame.logs`` is written in the order of ``log_id``, so the answer has the same rows, unless
    others have added lines.

    Before: ``SELECT body FROM logs WHERE fame_score(body) > 0.5 LIMIT 20``

    After: ``SELECT body FROM logs WHERE fame_score(body) > 0.5 ORDER BY "logs".log_id LIMIT 20``
    """
    keeps_order = calls.context.catalog.keeps_order and calls.context.catalog.lines_are_ordered
    if keeps_order and not isinstance(select.parent, exp.Query) and _is_of_lines(select, calls):
        [lines] = sources(select)
        number = exp.column("log_id", table=exp.to_identifier(lines.alias_or_name, quoted=True))
        select.order_by(number, copy=False)
    return select


def check_order(select: exp.Select, calls: Calls) -> exp.Select:
    """Refuse a call if a query that sees its rows takes them by their order.

    Before and after: ``SELECT list(log_id ORDER BY log_id), max(fame_score(body)) FROM logs``

    Refused: ``SELECT list(log_id), max(fame_score(body)) FROM logs``
    """
    taken = filter(None, map(_taken_by_order, readers(select)))
    if calls.context.catalog.keeps_order and (found := next(taken, "")):
        raise NotPlannedError(
            f"{found} takes rows by an order that joins do not keep: "
            "add ORDER BY, or SET preserve_insertion_order = false"
        )
    return select


def _is_of_lines(select: exp.Select, calls: Calls) -> bool:
    """Return whether a query without an order takes a few rows of the warehouse's own lines."""
    clauses = {name for name, clause in select.args.items() if clause}
    by_row = not any(node.find(*_NOT_BY_ROW) for node in select.expressions)
    if not (unordered(select) and by_row and clauses <= _ROW_BY_ROW):
        return False
    lines, *others = sources(select) or [select]
    is_logs = isinstance(lines, exp.Table) and lines.name.lower() == "logs" and not others
    return is_logs and is_line_number(lines, calls.context.catalog)


def _taken_by_order(query: exp.Query) -> str:
    for part in unordered(query):
        if not (part == "LIMIT" and _is_one_row(query)):
            return f"{part} without ORDER BY"
    if distinct_on(query) and not query.args.get("order"):
        return "DISTINCT ON without ORDER BY"
    own = query.walk(prune=lambda node: node is not query and isinstance(node, exp.Query))
    return next(filter(None, map(_order_of, own)), "")


def _is_one_row(query: exp.Query) -> bool:
    """Return whether a query returns an aggregate of all rows."""
    if not isinstance(query, exp.Select) or query.args.get("group"):
        return False
    aggregates = [a for p in query.expressions for a in p.find_all(exp.AggFunc)]
    return any(a.find_ancestor(exp.Window, exp.Query) is query for a in aggregates)


def _order_of(node: exp.Expr) -> str:
    """Return what in a query takes rows by their order, by this one node."""
    if isinstance(node, exp.Join) and node.method == "POSITIONAL":
        return "POSITIONAL JOIN"
    if isinstance(node, exp.Window) and node.arg_key != "windows":
        return "" if _is_free_of_order(node) else "a window without ORDER BY"
    if isinstance(node, exp.Array) and any(isinstance(e, exp.Query) for e in node.expressions):
        return "ARRAY() of a subquery"
    is_other = isinstance(node, exp.Anonymous | exp.AnonymousAggFunc)
    called = node.name if is_other else node.sql_name() if isinstance(node, exp.Func) else ""
    name = _ORDERED.get(called.lower())
    if name is None or any(isinstance(part, exp.Order) for part in (node.this, *node.expressions)):
        return ""
    parent = node.parent
    while isinstance(parent, _AROUND):
        parent = parent.parent
    return "" if isinstance(parent, exp.Window) else f"{name}() without ORDER BY"


def _is_free_of_order(window: exp.Window) -> bool:
    """Return whether a window has an order, or the one that it names, or needs none."""
    select, base = window.find_ancestor(exp.Select), str(window.args.get("alias") or "").strip('"')
    named = (select.args.get("windows") if select else None) or []
    meant = [window, *(other for other in named if other.name.lower() == base.lower())]
    function = window.this.this if isinstance(window.this, _AROUND) else window.this
    is_free = isinstance(function, _FREE_OF_ORDER) and not window.args.get("spec")
    return is_free or any(one.args.get("order") for one in meant)
