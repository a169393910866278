"""Passes that write down the names that DuckDB gives to columns, before calls are replaced."""

from __future__ import annotations

from sqlglot import exp

from fame_sql.planner.context import Calls, Context
from fame_sql.planner.scope import above, standalone
from fame_sql.planner.tree import NotPlannedError, has_fields, is_columns, reading
from fame_sql.planner.verify import VALUES


def name_outermost(query: exp.Query, context: Context) -> exp.Query:
    """Give the columns that the statement returns the names that they have without the planner.

    Before: ``SELECT LENGTH(body), max(fame_score(body)) FROM logs``

    After: ``SELECT LENGTH(body) AS "len(body)", max(fame_score(body)) AS "max(fame_score(body))"
    FROM logs``
    """
    projections, names = list(query.selects), [name for name, _ in context.columns or ()]
    for number, projection in enumerate(projections):
        if not _expands(projection):
            give_name(projection, _name_at(number, projections, names))
    return query


def name_projections(select: exp.Select, calls: Calls) -> exp.Select:
    """Name the projections around the calls as DuckDB names them, here and in outer queries.

    Before: ``SELECT "fame_score(body)" FROM (SELECT fame_score(body) FROM logs)``

    After: ``SELECT "fame_score(body)" FROM (SELECT fame_score(body) AS "fame_score(body)"
    FROM logs)``

    Refused: a projection between two stars, whose name cannot be found
    """
    around = [part for node in calls.nodes for part in (node, *above(node))]
    for part in reversed(around):
        is_projection = isinstance(part.parent, exp.Select) and part.arg_key == "expressions"
        is_nameless = is_projection and not isinstance(part, exp.Alias) and not has_fields(part)
        if is_nameless and not give_name(part, given_name(part, calls.context)):
            raise NotPlannedError("its column cannot be named")
    return select


def given_name(projection: exp.Expr, context: Context) -> str | None:
    """Return what DuckDB calls a projection: alone, after names it may refer to, or with all."""
    select, number = projection.parent_select, projection.index or 0
    if select is None:
        return None
    named = [p for p in select.expressions[:number] if isinstance(p, exp.Alias)]
    for place, read in (
        (0, [projection]),
        (-1, [*named, projection]),
        (number, select.expressions),
    ):
        query = standalone(reading(select, read, "group", "windows"), select)
        names = context.catalog.columns(query) or []
        if found := _name_at(place % len(read), read, names):
            return found
    return None


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


def give_name(projection: exp.Expr, name: str | None) -> bool:
    """Name a projection that has no name; return whether it now has one.

    It is not named where the name would stand for something else than a column of that name.
    """
    select = projection.parent
    if isinstance(projection, exp.Alias | exp.Column) or name is None or select is None:
        return name is not None
    columns = (c.name.lower() for c in select.find_all(exp.Column) if not c.table)
    if name.lower() in {*VALUES, *columns}:
        return False
    # The projection is moved, not copied: the calls in it are nodes of the tree.
    named = exp.Alias(alias=exp.to_identifier(name, quoted=True))
    projection.replace(named)
    named.set("this", projection)
    return True
