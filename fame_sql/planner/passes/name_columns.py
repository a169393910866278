"""Passes that write down the names that DuckDB gives to columns, before calls are replaced."""

from __future__ import annotations

from sqlglot import exp

from fame_sql.planner.context import Calls, Context
from fame_sql.planner.errors import NotPlannedError
from fame_sql.planner.tree import is_columns
from fame_sql.planner.verify import VALUES


def name_outermost(query: exp.Query, context: Context) -> exp.Query:
    """Give the columns that the statement returns the names that they have without the planner.

    Before: ``SELECT LENGTH(body), max(fame_score(body)) FROM logs``

    After: ``SELECT LENGTH(body) AS "len(body)", max(fame_score(body)) AS "max(fame_score(body))"
    FROM logs``
    """
    first: exp.Expr = query
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    projections = list(first.expressions) if isinstance(first, exp.Select) else []
    for number, projection in enumerate(projections):
        if isinstance(projection, exp.Alias | exp.Column) or _expands(projection):
            continue
        name = _name_at(number, projections, context.names or [])
        if name is not None and not _is_used(first, name):
            _give(projection, name)
    return query


def name_projections(select: exp.Select, calls: Calls) -> exp.Select:
    """Name the projections around the calls as DuckDB names them, here and in outer queries.

    Before: ``SELECT "fame_score(body)" FROM (SELECT fame_score(body) FROM logs)``

    After: ``SELECT "fame_score(body)" FROM (SELECT fame_score(body) AS "fame_score(body)"
    FROM logs)``

    Refused: a projection between two stars, whose name cannot be found
    """
    for node in calls.nodes:
        for projection in reversed(_projections_around(node)):
            outer = projection.parent
            if isinstance(projection, exp.Alias) or not isinstance(outer, exp.Select):
                continue
            name = _given_name(outer, projection, calls.context)
            if name is None or _is_used(outer, name):
                raise NotPlannedError("its column cannot be named")
            _give(projection, name)
    return select


def _projections_around(node: exp.Expr) -> list[exp.Expr]:
    """Return the projections that hold a call, of its SELECT and of those around it."""
    found = []
    while node.parent is not None:
        if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
            found.append(node)
        node = node.parent
    return found


def _given_name(select: exp.Select, projection: exp.Expr, context: Context) -> str | None:
    """Return what DuckDB calls a projection: alone, after names it may refer to, or with all."""
    named = [p for p in select.expressions[: projection.index] if isinstance(p, exp.Alias)]
    for projections in ([projection], [*named, projection]):
        names = context.columns_of(select, projections)
        if names and len(names) == len(projections):
            return names[-1]
    names = context.columns_of(select, select.expressions)
    return _name_at(projection.index or 0, select.expressions, names) if names else None


def _name_at(number: int, projections: list[exp.Expr], names: list[str]) -> str | None:
    """Return the name of one projection, None if those around it may return several columns."""
    spread = [i for i, projection in enumerate(projections) if _expands(projection)]
    alone = len(projections) - len(spread)
    if len(names) < alone or (not spread and len(names) != alone):
        return None
    if not spread or number < spread[0]:
        return names[number]
    return names[number - len(projections)] if number > spread[-1] else None


def _expands(projection: exp.Expr) -> bool:
    """Return whether a projection may return several columns."""
    if projection.find(exp.Unnest, exp.Explode) or any(map(is_columns, projection.walk())):
        return True
    return any(not isinstance(s.parent, exp.Count) for s in projection.find_all(exp.Star))


def _is_used(select: exp.Expr, name: str) -> bool:
    """Return whether a name would stand for something else than a column of that name."""
    lower = name.lower()
    return lower in VALUES or any(
        column.name.lower() == lower and not column.table for column in select.find_all(exp.Column)
    )


def _give(projection: exp.Expr, name: str) -> None:
    """Name a projection, which is moved, not copied: the calls in it are nodes of the tree."""
    named = exp.Alias(alias=exp.to_identifier(name, quoted=True))
    projection.replace(named)
    named.set("this", projection)
