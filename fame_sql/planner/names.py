"""The names that DuckDB gives to columns, written down before the calls in them are replaced."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
from sqlglot import exp

from fame_sql.planner.calls import Call
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.faithful import VALUES
from fame_sql.planner.scope import visible_ctes, with_ctes


def name_projections(calls: Iterable[Call], catalog: Catalog) -> bool:
    """Give projections around these calls the names that DuckDB gives them; False if it cannot.

    Parameters
    ----------
    calls : iterable of Call
        The projections of their SELECT and of those around it are changed in place.
    catalog : Catalog
        Asked for the names.
    """
    return all(
        _name_one(projection, catalog)
        for call in calls
        for projection in reversed(_projections_around(call.node))
    )


def described(catalog: Catalog, statement: str) -> list[str] | None:
    """Return what DuckDB calls the columns of a statement, None where it cannot be told.

    Parameters
    ----------
    catalog : Catalog
        Whose connection is asked.
    statement : str
        One query.
    """
    try:
        rows = catalog.connection.execute(f"DESCRIBE {statement}").fetchall()
    except duckdb.Error:
        return None
    return [row[0] for row in rows]


def name_outermost(query: exp.Expr, names: list[str]) -> None:
    """Give the columns that a statement returns the names that they have without the planner.

    Parameters
    ----------
    query : sqlglot.exp.Expr
        Its outermost SELECT, or the first one of a set operation, is changed in place.
    names : list of str
        What DuckDB calls the columns of the statement as it was written.
    """
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    projections = list(query.expressions) if isinstance(query, exp.Select) else []
    for number, projection in enumerate(projections):
        if isinstance(projection, exp.Alias | exp.Column) or _expands(projection):
            continue
        name = _name_at(number, projections, names)
        if name is not None and not _is_used(query, name):
            _give(projection, name)


def _give(projection: exp.Expr, name: str) -> None:
    """Name a projection, which is moved, not copied: calls are found again by their nodes."""
    named = exp.Alias(alias=exp.to_identifier(name, quoted=True))
    projection.replace(named)
    named.set("this", projection)


def _is_used(select: exp.Expr, name: str) -> bool:
    """Tell whether a name would stand for something else than a column of that name."""
    lower = name.lower()
    return lower in VALUES or any(
        column.name.lower() == lower and not column.table for column in select.find_all(exp.Column)
    )


def _name_at(number: int, projections: list[exp.Expr], names: list[str]) -> str | None:
    """Return the name of one projection, None where those around it return how many they like."""
    spread = [i for i, projection in enumerate(projections) if _expands(projection)]
    alone = len(projections) - len(spread)
    if len(names) < alone or (not spread and len(names) != alone):
        return None
    if not spread or number < spread[0]:
        return names[number]
    return names[number - len(projections)] if number > spread[-1] else None


def _expands(projection: exp.Expr) -> bool:
    """Tell whether a projection may return several columns."""
    if projection.find(exp.Columns, exp.Unnest, exp.Explode):
        return True
    named = (function.name.lower() for function in projection.find_all(exp.Anonymous))
    stars = projection.find_all(exp.Star)
    return "columns" in named or any(not isinstance(s.parent, exp.Count) for s in stars)


def _projections_around(call: exp.Expr) -> list[exp.Expr]:
    """Return the projections that hold a call, of its SELECT and of those around it."""
    found, node = [], call
    while node.parent is not None:
        if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
            found.append(node)
        node = node.parent
    return found


def _name_one(projection: exp.Expr, catalog: Catalog) -> bool:
    select = projection.parent
    if isinstance(projection, exp.Alias) or not isinstance(select, exp.Select):
        return True
    ctes = visible_ctes(select)
    name = None if ctes is None else _given_name(select, projection, catalog, ctes)
    if name is None or _is_used(select, name):
        return False
    _give(projection, name)
    return True


def _given_name(
    select: exp.Select, projection: exp.Expr, catalog: Catalog, ctes: list[exp.CTE]
) -> str | None:
    """Return what DuckDB calls a projection: alone, after names it may refer to, or with all."""
    before = select.expressions[: projection.index]
    named = [p for p in before if isinstance(p, exp.Alias)]
    for projections in ([projection], [*named, projection]):
        query = _reading(select, projections)
        names = catalog.columns(with_ctes(query, ctes))
        if names and len(names) == len(projections):
            return names[-1]
    names = catalog.columns(with_ctes(_reading(select, select.expressions), ctes))
    return _name_at(projection.index or 0, select.expressions, names) if names else None


def _reading(select: exp.Select, projections: list[exp.Expr]) -> exp.Select:
    """Return a SELECT that reads what another does, without its conditions."""
    query = exp.Select(expressions=[projection.copy() for projection in projections])
    for part in ("from_", "from", "joins", "laterals", "group", "windows"):
        kept = select.args.get(part)
        if kept is not None:
            copies = [k.copy() for k in kept] if isinstance(kept, list) else kept.copy()
            query.set(part, copies)
    return query
