"""The passes that find where a message comes from: its source, and its event in the logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from sqlglot import exp

from fame_sql.planner import tree
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.context import Calls, Source
from fame_sql.planner.scope import cte_named
from fame_sql.planner.tree import NotPlannedError

Lineage: TypeAlias = tuple[str, tuple[int, ...]]
"""A column of ``fame.logs``, and the way to the very row that it comes from."""

_DEEP = 16
_CHOOSING = ("laterals", "sample", "limit", "offset", "qualify")


def find_source(select: exp.Select, calls: Calls) -> exp.Select:
    """Find the one source that all columns of the message come from.

    Before and after: ``SELECT upper(l.body) AS m, fame_score(m) FROM logs AS l``; the message is
    ``(upper(l.body))``, and its source ``logs AS l``

    Refused: ``SELECT fame_score(a.body || b.body) FROM logs AS a JOIN logs AS b USING (log_id)``
    """
    read = calls.context.sources_of(select)
    calls.aliases = _aliases(select, read)
    calls.message = tree.unaliased(calls.message, calls.aliases)
    if calls.message.find(exp.AggFunc, exp.Window, exp.Query, exp.Lambda):
        raise NotPlannedError("its message is an aggregate, a window or a subquery")
    named = list(calls.message.find_all(exp.Column))
    if not named:
        raise NotPlannedError("its message is the same in every row")
    places = {_place(column, read) for column in named}
    place = places.pop()
    if places or place is None:
        raise NotPlannedError("its message comes from several sources, or from outside")
    calls.source = read[place]
    if calls.source.columns is None:
        raise NotPlannedError("its source cannot stand alone")
    return select


def check_source(select: exp.Select, calls: Calls) -> exp.Select:
    """Refuse a SELECT in which joined columns would be seen.

    Before and after: ``SELECT *, fame_score(body) FROM logs``

    Refused: ``SELECT COLUMNS('log_.*'), fame_score(body) FROM logs``
    """
    node = calls.source.node
    if node.args.get("pivots") or node.args.get("sample"):
        raise NotPlannedError("its source is pivoted or sampled")
    own = (s for s in select.find_all(exp.Star) if s.find_ancestor(exp.Select) is select)
    around = (s.parent.parent if isinstance(s.parent, exp.Column) else s.parent for s in own)
    if not all(isinstance(parent, exp.Select | exp.Count) for parent in around):
        raise NotPlannedError("a star inside an expression would see the joined columns")
    if any(join.method == "POSITIONAL" for join in select.args.get("joins") or ()):
        raise NotPlannedError("a POSITIONAL JOIN pairs rows by their order")
    alias = node.alias_or_name.lower()
    inside = (source.find_all(exp.Column) for source in tree.sources(select))
    hidden = {id(column) for columns in inside for column in columns}
    for column in (c for c in select.find_all(exp.Column) if id(c) not in hidden):
        if column.args.get("db"):
            raise NotPlannedError("a column is named with its schema")
        row = not column.table and column.name.lower() == alias and alias not in calls.source.held
        if row or column.name.lower() == "rowid":
            raise NotPlannedError("a whole row or a rowid is asked for")
    if any(map(tree.is_columns, select.walk())):
        raise NotPlannedError("COLUMNS() would see the joined columns")
    return select


def _aliases(select: exp.Select, read: list[Source]) -> dict[str, exp.Expr]:
    """Return the names of the SELECT list that DuckDB reads as such inside an expression.

    It prefers a column, so that no name is certain where columns are not known.
    """
    if any(source.columns is None for source in read):
        return {}
    held = {source.alias_or_name.lower() for source in tree.sources(select)}
    held = held.union(*(source.held for source in read))
    named = [(p.alias.lower(), p) for p in select.expressions if isinstance(p, exp.Alias)]
    given = Counter(name for name, _ in named)
    return {
        name: projection.this
        for name, projection in named
        if name not in held and given[name] == 1 and not tree.live_nodes(projection)
    }


def _place(column: exp.Column, read: list[Source]) -> int | None:
    """Return which source a column comes from, or None if that is not certain."""
    if column.args.get("db"):
        return None
    if column.table:
        return tree.source_named(column.table, [source.node for source in read])
    name = column.name.lower()
    holding = [i for i, one in enumerate(read) if one.columns is None or name in one.held]
    return holding[0] if len(holding) == 1 else None


def find_event(select: exp.Select, calls: Calls) -> exp.Select:
    """Find the column of the source that holds the event of the message.

    Before and after: ``SELECT fame_score(m) FROM (SELECT body AS m, event_id AS e FROM logs)``,
    whose key is ``e``; without a proof that both come from one row of the logs there is no key
    """
    message, node = calls.message, calls.source.node
    if not isinstance(message, exp.Column) or not calls.context.store.has_events():
        return select
    body = _trace(node, message.name.lower(), calls.context.catalog)
    if body is not None and body[0] == "body":
        event = ("event_id", body[1])
        names = calls.source.columns or ()
        found = (n for n in names if _trace(node, n.lower(), calls.context.catalog) == event)
        calls.key = next(found, "")
    return select


def is_line_number(source: exp.Expr, catalog: Catalog) -> bool:
    """Return whether a source's ``log_id`` is proven to be that of the warehouse's logs."""
    found = _trace(source, "log_id", catalog)
    return found is not None and found[0] == "log_id"


def _trace(source: exp.Expr, column: str, catalog: Catalog, depth: int = 0) -> Lineage | None:
    """Return the column of the logs that a column of a source is, or None."""
    alias = source.args.get("alias")
    if depth > _DEEP or (alias is not None and alias.args.get("columns")):
        return None
    if any(source.args.get(part) for part in ("pivots", "sample", "joins", "with_")):
        return None
    if isinstance(source, exp.Table) and not cte_named(source) and catalog.is_logs(source):
        return column, ()
    query = _query_of(source, catalog)
    if not isinstance(query, exp.Select) or _regroups(query):
        return None
    read = tree.sources(query)
    found = [origin for p in query.expressions for origin in _origins(p, column, read)]
    if len(found) != 1 or (origin := found[0]) is None:
        return None
    place, name = origin
    deeper = _trace(read[place], name, catalog, depth + 1)
    return None if deeper is None else (deeper[0], (place, *deeper[1]))


def _query_of(source: exp.Expr, catalog: Catalog) -> exp.Expr | None:
    """Return the query of a subquery, a CTE or a view that gives its columns no other names."""
    if not isinstance(source, exp.Table):
        return source.this if isinstance(source, exp.Subquery) else None
    if cte := cte_named(source):
        return None if cte.args["alias"].args.get("columns") else cte.this
    view = catalog.view(catalog.place(source))
    return None if view is None or view.columns else view.query


def _regroups(query: exp.Select) -> bool:
    """Return whether a query may mix columns of several rows, or choose other rows next time."""
    group, sets = query.args.get("group"), ("rollup", "cube", "grouping_sets")
    return bool(
        any(query.args.get(part) for part in _CHOOSING)
        or tree.distinct_on(query)
        or (group and any(group.args.get(name) for name in sets))
    )


def _origins(
    projection: exp.Expr, column: str, read: list[exp.Expr]
) -> Iterator[tuple[int, str] | None]:
    """Yield source and column of what a projection returns as ``column``; None if unsure."""
    plain, table = projection.unalias(), ""
    if found := tree.star(projection):
        every, table = found
        is_sure = not (every.args.get("replace") or every.args.get("rename"))
        if is_sure and column in {name.name.lower() for name in every.args.get("except_") or ()}:
            return
    elif projection.alias_or_name.lower() != column:
        return
    elif is_sure := isinstance(plain, exp.Column) and not plain.args.get("db"):
        table, column = plain.table, plain.name.lower()
    place = tree.source_named(table, read) if table else 0 if len(read) == 1 else None
    yield (place, column) if is_sure and place is not None else None
