"""Calls whose column nobody reads: DuckDB does not evaluate them, and the planner scores none."""

from __future__ import annotations

from collections.abc import Set

from sqlglot import exp

from fame_sql.planner.calls import Call
from fame_sql.planner.demand import column_name, reader_of


def is_unread(call: Call) -> bool:
    """Tell whether no query around a call reads the column that it stands in.

    Parameters
    ----------
    call : Call
        A call in the tree of its statement.
    """
    projection: exp.Expr = call.node
    while projection.parent is not None and projection.parent is not call.select:
        projection = projection.parent
    if projection.arg_key != "expressions" or projection.is_star:
        return False
    names = {column_name(projection)}
    return not _uses(call.select, names, None) and not _is_read(call.select, names)


def _is_read(query: exp.Query, names: Set[str]) -> bool:
    """Tell whether columns of a query are read: at the top, and wherever it is not certain."""
    if isinstance(query.parent, exp.SetOperation):
        return True
    reader = reader_of(query)
    if reader is None or isinstance(reader, str):
        return True
    outer, node = reader
    meant = names | {node.alias_or_name.lower()}
    if _uses(outer, meant, node):
        return True
    handed = _handed_on(outer, meant)
    return bool(handed) and _is_read(outer, handed)


def _uses(select: exp.Select, names: Set[str], node: exp.Expr | None) -> bool:
    """Tell whether a SELECT needs columns for its rows, beside handing them on."""
    if select.args.get("distinct") or any(_is_natural(j) for j in select.args.get("joins") or ()):
        return True
    if _by_place(select) and (node is None or _handed_on(select, names)):
        return True
    return any(_names(child, names, node) for child in _beside_projections(select))


def _beside_projections(select: exp.Select) -> list[exp.Expr]:
    return [
        child
        for child in select.iter_expressions()
        if child.arg_key != "expressions" and not isinstance(child, exp.With)
    ]


def _is_natural(join: exp.Join) -> bool:
    return join.method == "NATURAL"


def _by_place(select: exp.Select) -> bool:
    """Tell whether groups or an order name projections by their place, or all of them."""
    parts = [select.args[name] for name in ("group", "order") if select.args.get(name)]
    return any(
        part.args.get("all") or part.find(exp.Literal) or "all" in part.sql().lower().split()
        for part in parts
    )


def _names(tree: exp.Expr, names: Set[str], node: exp.Expr | None) -> bool:
    """Tell whether a tree names columns, outside the source that they come from."""
    for found in tree.walk(prune=lambda inner: inner is node):
        if found is not node and _may_mean(found, names):
            return True
    return False


def _may_mean(node: exp.Expr, names: Set[str]) -> bool:
    if isinstance(node, exp.Columns) or (
        isinstance(node, exp.Anonymous) and node.name.lower() == "columns"
    ):
        return True
    if isinstance(node, exp.Column):
        return any(part.name.lower() in names for part in node.parts)
    is_used = isinstance(node, exp.Identifier) and isinstance(node.parent, exp.Join)
    return is_used and node.name.lower() in names


def _handed_on(select: exp.Select, names: Set[str]) -> set[str]:
    """Return what a SELECT calls the columns that come from these."""
    found: set[str] = set()
    for projection in select.expressions:
        if projection.is_star:
            renamed = (alias.alias.lower() for alias in projection.find_all(exp.Alias))
            found |= {*names, *renamed}
        elif _names(projection, names | found, None):
            found.add(column_name(projection))
    return found
