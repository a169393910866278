"""The passes that find where a message comes from, and whether answers can be joined there."""

from __future__ import annotations

from collections import Counter

from sqlglot import exp

from fame_sql.planner.context import Calls, Source
from fame_sql.planner.tree import (
    NotPlannedError,
    is_columns,
    live_nodes,
    source_named,
    sources,
    unaliased,
)


def find_source(select: exp.Select, calls: Calls) -> exp.Select:
    """Find the one source that all columns of the message come from.

    Before and after: ``SELECT upper(l.body) AS m, fame_score(m) FROM logs AS l``; the message is
    ``(upper(l.body))``, and its source ``logs AS l``

    Refused: ``SELECT fame_score(a.body || b.body) FROM logs AS a JOIN logs AS b USING (log_id)``
    """
    read = calls.context.sources_of(select)
    calls.aliases = _aliases(select, read)
    calls.message = unaliased(calls.message, calls.aliases)
    if calls.message.find(exp.AggFunc, exp.Window, exp.Query, exp.Lambda):
        raise NotPlannedError("its message is an aggregate, a window or a subquery")
    named = list(calls.message.find_all(exp.Column))
    if not named:
        raise NotPlannedError("its message is the same in every row")
    [*places] = {_place(column, read) for column in named}
    if len(places) > 1 or places[0] is None:
        raise NotPlannedError("its message comes from several sources, or from outside")
    calls.source = read[places[0]]
    if calls.source.columns is None:
        raise NotPlannedError("its source cannot stand alone")
    return select


def check_source(select: exp.Select, calls: Calls) -> exp.Select:
    """Refuse a SELECT in which joined columns would be seen.

    Before and after: ``SELECT *, fame_score(body) FROM logs``

    Refused: ``SELECT COLUMNS('log_.*'), fame_score(body) FROM logs``
    """
    node, names = calls.source.node, {name.lower() for name in calls.source.columns or ()}
    if node.args.get("pivots") or node.args.get("sample"):
        raise NotPlannedError("its source is pivoted or sampled")
    own = (s for s in select.find_all(exp.Star) if s.find_ancestor(exp.Select) is select)
    if not all(map(_is_expandable, own)):
        raise NotPlannedError("a star inside an expression would see the joined columns")
    if any(join.method == "POSITIONAL" for join in select.args.get("joins") or ()):
        raise NotPlannedError("a POSITIONAL JOIN pairs rows by their order")
    alias = node.alias_or_name.lower()
    for column in select.find_all(exp.Column):
        if column.args.get("db"):
            raise NotPlannedError("a column is named with its schema")
        row = not column.table and column.name.lower() == alias and alias not in names
        if row or column.name.lower() == "rowid":
            raise NotPlannedError("a whole row or a rowid is asked for")
    if any(map(is_columns, select.walk())):
        raise NotPlannedError("COLUMNS() would see the joined columns")
    return select


def _is_expandable(star: exp.Expr) -> bool:
    """Return whether a star stands alone in the SELECT list, or counts rows."""
    parent = star.parent
    if isinstance(parent, exp.Column):
        parent = parent.parent
    return isinstance(parent, exp.Select | exp.Count)


def _aliases(select: exp.Select, read: list[Source]) -> dict[str, exp.Expr]:
    """Return the names of the SELECT list that DuckDB reads as such inside an expression.

    It prefers a column, so that no name is certain where columns are not known.
    """
    if any(source.columns is None for source in read):
        return {}
    held = {name.lower() for source in read for name in source.columns or ()}
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


def _place(column: exp.Column, read: list[Source]) -> int | None:
    """Return which source a column comes from, or None if that is not certain."""
    if column.args.get("db"):
        return None
    if column.table:
        return source_named(column.table, [source.node for source in read])
    name = column.name.lower()
    holding = [
        i
        for i, source in enumerate(read)
        if source.columns is None or name in {other.lower() for other in source.columns}
    ]
    return holding[0] if len(holding) == 1 else None
