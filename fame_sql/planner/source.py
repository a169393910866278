"""Where the message of a call comes from: one source of its SELECT, or none that is certain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from fame_sql.planner.calls import Call, live_nodes
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.scope import sources, with_ctes


@dataclass(frozen=True)
class Source:
    """A message expression and the one source that all its columns come from.

    Parameters
    ----------
    node : sqlglot.exp.Expr
        The source, in the tree of the statement.
    message : sqlglot.exp.Expr
        The message, with no names of the SELECT list.
    columns : list of str
        All columns of the source.
    aliases : mapping of str to sqlglot.exp.Expr
        What the names of the SELECT list stand for, where no source has a column of that name.
    """

    node: exp.Expr
    message: exp.Expr
    columns: list[str]
    aliases: Mapping[str, exp.Expr] = field(default_factory=dict)


def find_source(call: Call, catalog: Catalog, ctes: list[exp.CTE]) -> Source | str:
    """Return the source of a call's message, or why there is no single one.

    Parameters
    ----------
    call : Call
        A call of a live function.
    catalog : Catalog
        Asked for the columns of the sources.
    ctes : list of sqlglot.exp.CTE
        What its SELECT can name.
    """
    candidates = sources(call.select)
    columns = [_columns(source, catalog, ctes) for source in candidates]
    aliases = _aliases(call.select, columns)
    message = without_aliases(call.message, aliases)
    if message.find(exp.AggFunc, exp.Window, exp.Query, exp.Lambda):
        return "its message is an aggregate, a window or a subquery"
    named = list(message.find_all(exp.Column))
    if not named:
        return "its message is the same in every row"
    places = {_place(column, candidates, columns) for column in named}
    place = places.pop() if len(places) == 1 else None
    if place is None:
        return "its message comes from several sources, or from outside"
    found = columns[place]
    if found is None or not isinstance(candidates[place], exp.Table | exp.Subquery):
        return "its source cannot stand alone"
    return Source(candidates[place], message, found, aliases)


def without_aliases(node: exp.Expr, aliases: Mapping[str, exp.Expr]) -> exp.Expr:
    """Return a copy of an expression with what names of the SELECT list stand for.

    Inside a subquery or a lambda a name may be another's, and stays.

    Parameters
    ----------
    node : sqlglot.exp.Expr
        An expression of the SELECT.
    aliases : mapping of str to sqlglot.exp.Expr
        By name in lower case.
    """

    def replaced(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.table or node.name.lower() not in aliases:
            return node
        if node.find_ancestor(exp.Query, exp.Lambda):
            return node
        meant = aliases[node.name.lower()].copy()
        return meant if isinstance(meant, exp.Column) else exp.Paren(this=meant)

    return node.copy().transform(replaced)


def _aliases(select: exp.Select, columns: list[list[str] | None]) -> dict[str, exp.Expr]:
    """Return the names of the SELECT list that DuckDB reads as such inside an expression.

    It takes a column before a name, so that none is certain where columns are not known.
    """
    if any(names is None for names in columns):
        return {}
    held = {name.lower() for names in columns for name in names or ()}
    held |= {source.alias_or_name.lower() for source in sources(select)}
    named = [p for p in select.expressions if isinstance(p, exp.Alias)]
    given = Counter(projection.alias.lower() for projection in named)
    return {
        projection.alias.lower(): projection.this
        for projection in named
        if projection.alias.lower() not in held
        and given[projection.alias.lower()] == 1
        and not live_nodes(projection)
    }


def _columns(source: exp.Expr, catalog: Catalog, ctes: list[exp.CTE]) -> list[str] | None:
    if not isinstance(source, exp.Table | exp.Subquery):
        return None
    every = exp.Select(expressions=[exp.Star()]).from_(source.copy())
    return catalog.columns(with_ctes(every, ctes))


def _place(
    column: exp.Column, candidates: list[exp.Expr], columns: list[list[str] | None]
) -> int | None:
    """Return which source a column comes from, None if that is not certain."""
    if column.args.get("db"):
        return None
    if column.table:
        named = [s.alias_or_name.lower() == column.table.lower() for s in candidates]
        return named.index(True) if sum(named) == 1 else None
    holding = [
        i
        for i, names in enumerate(columns)
        if names is None or column.name.lower() in {name.lower() for name in names}
    ]
    return holding[0] if len(holding) == 1 else None
