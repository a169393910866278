"""Where the rows of a query depend on the order in which they come: a join does not keep it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from sqlglot import exp

from fame_sql.planner.catalog import Catalog
from fame_sql.planner.lineage import is_line_number
from fame_sql.planner.scope import sources

# By what sqlglot calls them, the names that people know.
_ORDERED = {
    "array_agg": "list",
    "first": "first",
    "group_concat": "string_agg",
    "json_group_array": "json_group_array",
    "json_group_object": "json_group_object",
    "last": "last",
}
_MORE_THAN_ROWS = (
    "with_",
    "order",
    "group",
    "having",
    "distinct",
    "qualify",
    "windows",
    "joins",
    "laterals",
    "sample",
)
_NOT_BY_ROW = (exp.AggFunc, exp.Window, exp.Query, exp.UDTF, exp.Explode)
_WAYS = "add ORDER BY, or SET preserve_insertion_order = false"
_WINDOWS_FREE_OF_ORDER = (
    exp.Avg,
    exp.Count,
    exp.CountIf,
    exp.Max,
    exp.Median,
    exp.Min,
    exp.Sum,
)


def keeps_order(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether DuckDB returns the rows of a plain query in the order of its table.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Its setting ``preserve_insertion_order`` says so.
    """
    rows = connection.execute("SELECT current_setting('preserve_insertion_order')").fetchall()
    return bool(rows[0][0])


def order_obstacle(select: exp.Select) -> str:
    """Return what takes the rows of a SELECT by their order, or nothing.

    Parameters
    ----------
    select : sqlglot.exp.Select
        It is looked at with every query around it, and with those that read a CTE around it.

    Returns
    -------
    str
        What was found, for people.
    """
    for query in _readers(select):
        if found := _taken_by_order(query):
            return f"{found} takes rows by an order that joins do not keep: {_WAYS}"
    return ""


def order_by_line(select: exp.Select, catalog: Catalog) -> None:
    """Say in words the order by which a LIMIT takes lines of the warehouse: that they came in.

    ``fame.logs`` is written in the order of ``log_id``, so this changes no row of the answer, and
    lets the commonest look at a log, ``WHERE fame_score(body) > 0.5 LIMIT 20``, be planned.

    Parameters
    ----------
    select : sqlglot.exp.Select
        Changed only where it reads the lines alone, row by row, and is no branch of another query.
    catalog : Catalog
        Where views are looked up.
    """
    if not isinstance(select.parent, exp.Query) and _is_of_lines(select, catalog):
        [lines] = sources(select)
        number = exp.column("log_id", table=exp.to_identifier(lines.alias_or_name, quoted=True))
        select.order_by(number, copy=False)


def _is_of_lines(select: exp.Select, catalog: Catalog) -> bool:
    """Tell whether a query without an order takes a few rows of the warehouse's own lines."""
    if not (select.args.get("limit") or select.args.get("offset")):
        return False
    if any(select.args.get(part) for part in _MORE_THAN_ROWS):
        return False
    if any(node.find(*_NOT_BY_ROW) for node in select.expressions):
        return False
    match sources(select):
        case [exp.Table() as lines]:
            return lines.name.lower() == "logs" and is_line_number(lines, catalog)
    return False


def _readers(select: exp.Select) -> Iterator[exp.Query]:
    """Yield a SELECT and every query that may see its rows."""
    root = select.root()
    waiting: list[exp.Expr] = [select]
    seen: set[int] = set()
    while waiting:
        node: exp.Expr | None = waiting.pop()
        while node is not None and id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, exp.Query):
                yield node
            if isinstance(node, exp.CTE):
                waiting += [t for t in root.find_all(exp.Table) if _names(t, node)]
            node = node.parent


def _names(table: exp.Table, cte: exp.CTE) -> bool:
    return not table.db and table.name.lower() == cte.alias.lower()


def _taken_by_order(query: exp.Query) -> str:
    if not query.args.get("order"):
        for name in ("limit", "offset"):
            if query.args.get(name) and not _is_one_row(query, name):
                return f"{name.upper()} without ORDER BY"
        distinct = query.args.get("distinct")
        if isinstance(distinct, exp.Distinct) and distinct.args.get("on"):
            return "DISTINCT ON without ORDER BY"
    for node in query.walk(prune=lambda n: n is not query and isinstance(n, exp.Query)):
        if found := _order_of(node):
            return found
    return ""


def _is_one_row(query: exp.Query, part: str) -> bool:
    """Tell whether a LIMIT stands on an aggregate of all rows."""
    if part != "limit" or not isinstance(query, exp.Select) or query.args.get("group"):
        return False
    aggregates = [a for p in query.expressions for a in p.find_all(exp.AggFunc)]
    return any(a.find_ancestor(exp.Window, exp.Query) is query for a in aggregates)


def _order_of(node: exp.Expr) -> str:
    """Return what in a query takes rows by their order, by this one node."""
    if isinstance(node, exp.Join) and str(node.args.get("method") or "").upper() == "POSITIONAL":
        return "POSITIONAL JOIN"
    if isinstance(node, exp.Window) and node.arg_key != "windows":
        return _order_of_window(node)
    if isinstance(node, exp.Array) and any(isinstance(e, exp.Query) for e in node.expressions):
        return "ARRAY() of a subquery"
    name = _ORDERED.get(_function_name(node), "")
    if name and not _is_ordered(node) and not _in_window(node):
        return f"{name}() without ORDER BY"
    return ""


def _function_name(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return node.name.lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def _is_ordered(node: exp.Expr) -> bool:
    return isinstance(node.this, exp.Order) or any(
        isinstance(argument, exp.Order) for argument in node.expressions
    )


def _in_window(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        parent = parent.parent
    return isinstance(parent, exp.Window)


def _order_of_window(window: exp.Window) -> str:
    if window.args.get("order") or _named_order(window):
        return ""
    function = window.this
    while isinstance(function, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        function = function.this
    if isinstance(function, _WINDOWS_FREE_OF_ORDER) and not window.args.get("spec"):
        return ""
    return "a window without ORDER BY"


def _named_order(window: exp.Window) -> bool:
    """Tell whether a window, or the named one that it uses, has an order."""
    select = window.find_ancestor(exp.Select)
    named = {w.name.lower(): w for w in (select.args.get("windows") or [])} if select else {}
    base = named.get(str(window.args.get("alias") or "").strip('"').lower())
    return base is not None and bool(base.args.get("order"))
