"""What a SELECT reads and can name: its sources, and the CTEs around it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp


def selects(tree: exp.Expr) -> Iterator[exp.Select]:
    """Yield every SELECT after those inside it and the CTEs before it."""
    with_ = tree.args.get("with_")
    if with_ is not None:
        yield from selects(with_)
    for child in tree.iter_expressions():
        if child is not with_:
            yield from selects(child)
    if isinstance(tree, exp.Select):
        yield tree


def sources(select: exp.Select) -> list[exp.Expr]:
    """Return what a SELECT reads: tables, views, CTEs and subqueries."""
    origin = select.args.get("from_") or select.args.get("from")
    joined = [join.this for join in select.args.get("joins") or ()]
    return [origin.this, *joined] if origin is not None else []


def visible_ctes(select: exp.Select) -> list[exp.CTE] | None:
    """Return the CTEs that a SELECT can name, in order; None if one name hides another."""
    found = _visible(select)
    names = [cte.alias.lower() for cte in found]
    return found if len(set(names)) == len(names) else None


def names_cte(table: exp.Table) -> bool:
    """Tell whether a table in a tree is the name of a CTE, maybe of the one that it stands in."""
    if table.db or table.catalog:
        return False
    ctes = _visible(table)
    node: exp.Expr | None = table
    while node is not None:
        if isinstance(node, exp.With) and node.args.get("recursive"):
            ctes = [*ctes, *node.expressions]
        node = node.parent
    return any(cte.alias.lower() == table.name.lower() for cte in ctes)


def with_ctes(query: exp.Select, ctes: list[exp.CTE]) -> exp.Select:
    """Return a query that can name these CTEs."""
    if ctes:
        recursive = any(cte.parent and cte.parent.args.get("recursive") for cte in ctes)
        copies = [cte.copy() for cte in ctes]
        query.set("with_", exp.With(expressions=copies, recursive=recursive))
    return query


def _visible(inner: exp.Expr) -> list[exp.CTE]:
    """Return the CTEs that can be named somewhere, those of outer queries first."""
    found: list[exp.CTE] = []
    came_from: exp.Expr | None = None
    node: exp.Expr | None = inner
    while node is not None:
        with_ = node.args.get("with_")
        if isinstance(node, exp.With):
            before = [cte is came_from for cte in node.expressions].index(True)
            found = [*node.expressions[:before], *found]
        elif with_ is not None and with_ is not came_from:
            found = [*with_.expressions, *found]
        came_from, node = node, node.parent
    return found
