"""The pass that finds the event of a message: whether both come from a row of the logs."""

from __future__ import annotations

from typing import TypeAlias

from sqlglot import exp

from fame_sql.planner.catalog import Catalog
from fame_sql.planner.context import Calls
from fame_sql.planner.scope import cte_named
from fame_sql.planner.tree import distinct_on, source_named, sources, star

Lineage: TypeAlias = tuple[str, tuple[int, ...]]
"""A column of ``fame.logs``, and the way to the very row that it comes from."""

_DEEP = 16
_CHOOSING = ("laterals", "sample", "limit", "offset", "qualify")


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
    if isinstance(source, exp.Subquery):
        return _through(source.this, column, catalog, depth + 1)
    if not isinstance(source, exp.Table):
        return None
    if cte := cte_named(source):
        renamed = cte.args["alias"].args.get("columns")
        return None if renamed else _through(cte.this, column, catalog, depth + 1)
    if catalog.is_logs(source):
        return column, ()
    view = catalog.view(catalog.place(source))
    if view is None or view.columns:
        return None
    return _through(view.query, column, catalog, depth + 1)


def _through(query: exp.Expr, column: str, catalog: Catalog, depth: int) -> Lineage | None:
    """Trace a column that a query returns into the source that it takes it from."""
    if not isinstance(query, exp.Select) or _regroups(query):
        return None
    read = sources(query)
    found = [origin for p in query.expressions if (origin := _origin(p, column, read)) is not None]
    if len(found) != 1 or found[0] == _UNSURE:
        return None
    place, name = found[0]
    deeper = _trace(read[place], name, catalog, depth)
    return None if deeper is None else (deeper[0], (place, *deeper[1]))


def _regroups(query: exp.Select) -> bool:
    """Return whether a query may mix columns of several rows, or choose other rows next time."""
    group, sets = query.args.get("group"), ("rollup", "cube", "grouping_sets")
    return bool(
        any(query.args.get(part) for part in _CHOOSING)
        or distinct_on(query)
        or (group and any(group.args.get(name) for name in sets))
    )


_UNSURE = (-1, "")


def _origin(projection: exp.Expr, column: str, read: list[exp.Expr]) -> tuple[int, str] | None:
    """Return the source and its column that a projection returns as ``column``."""
    if found := star(projection):
        every, table = found
        if every.args.get("replace") or every.args.get("rename"):
            return _UNSURE
        left_out = {name.name.lower() for name in every.args.get("except_") or ()}
        return None if column in left_out else _named(table, column, read)
    if projection.alias_or_name.lower() != column:
        return None
    plain = projection.unalias()
    if not isinstance(plain, exp.Column) or plain.args.get("db"):
        return _UNSURE
    return _named(plain.table, plain.name.lower(), read)


def _named(table: str, column: str, read: list[exp.Expr]) -> tuple[int, str]:
    if table:
        place = source_named(table, read)
        return _UNSURE if place is None else (place, column)
    return (0, column) if len(read) == 1 else _UNSURE
