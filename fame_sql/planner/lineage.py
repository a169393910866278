"""Whether a column is, untouched, the body or the event of a row of the warehouse's logs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from fame_sql.planner.catalog import Catalog
from fame_sql.planner.scope import sources

_DEEP = 16
_CHOOSING = ("laterals", "sample", "limit", "offset", "qualify")


@dataclass(frozen=True)
class Lineage:
    """A column of ``fame.logs``, and the way to the very row it comes from."""

    column: str
    way: tuple[int, ...]


def event_column(
    source: exp.Expr, message: str, columns: list[str], catalog: Catalog, ctes: list[exp.CTE]
) -> str | None:
    """Return the column of a source that holds the event of its message column.

    Parameters
    ----------
    source : sqlglot.exp.Expr
        A table, view, CTE or subquery.
    message : str
        One of its columns.
    columns : list of str
        All its columns.
    catalog : Catalog
        Where views are looked up.
    ctes : list of sqlglot.exp.CTE
        What the source can name.

    Returns
    -------
    str or None
        None unless both are proven to be ``body`` and ``event_id`` of the same row of logs.
    """
    body = _trace(source, message.lower(), catalog, ctes, 0)
    if body is None or body.column != "body":
        return None
    for name in columns:
        if _trace(source, name.lower(), catalog, ctes, 0) == Lineage("event_id", body.way):
            return name
    return None


def is_line_number(source: exp.Expr, catalog: Catalog) -> bool:
    """Tell whether a source's ``log_id`` is proven to be that of the warehouse's logs."""
    found = _trace(source, "log_id", catalog, [], 0)
    return found is not None and found.column == "log_id"


def _trace(
    source: exp.Expr, column: str, catalog: Catalog, ctes: list[exp.CTE], depth: int
) -> Lineage | None:
    alias = source.args.get("alias")
    if depth > _DEEP or (alias is not None and alias.args.get("columns")):
        return None
    if any(source.args.get(part) for part in ("pivots", "sample", "joins", "with_")):
        return None
    if isinstance(source, exp.Subquery):
        return _through(source.this, column, catalog, ctes, depth + 1)
    if not isinstance(source, exp.Table):
        return None
    if not source.db:
        for number, cte in reversed(list(enumerate(ctes))):
            if cte.alias.lower() == source.name.lower():
                if cte.args["alias"].args.get("columns"):
                    return None
                return _through(cte.this, column, catalog, ctes[:number], depth + 1)
    if catalog.is_logs(source):
        return Lineage(column, ())
    view = catalog.view(catalog.place(source))
    if view is None or view.columns:
        return None
    return _through(view.query, column, catalog, [], depth + 1)


def _through(
    query: exp.Expr, column: str, catalog: Catalog, ctes: list[exp.CTE], depth: int
) -> Lineage | None:
    """Trace a column that a query returns into the source it takes it from."""
    if not isinstance(query, exp.Select) or _regroups(query):
        return None
    inner = [*ctes, *(query.args["with_"].expressions if query.args.get("with_") else ())]
    read = sources(query)
    found = [origin for p in query.expressions if (origin := _origin(p, column, read)) is not None]
    if len(found) != 1 or found[0] == _UNSURE:
        return None
    place, name = found[0]
    deeper = _trace(read[place], name, catalog, inner, depth)
    return None if deeper is None else Lineage(deeper.column, (place, *deeper.way))


def _regroups(query: exp.Select) -> bool:
    """Tell whether a query may set columns of one row apart, or choose other rows next time."""
    group, distinct = query.args.get("group"), query.args.get("distinct")
    sets = ("rollup", "cube", "grouping_sets")
    return bool(
        any(query.args.get(part) for part in _CHOOSING)
        or (distinct and distinct.args.get("on"))
        or (group and any(group.args.get(name) for name in sets))
    )


_UNSURE = (-1, "")


def _origin(projection: exp.Expr, column: str, read: list[exp.Expr]) -> tuple[int, str] | None:
    """Return the source and its column that a projection returns as ``column``."""
    star = projection.this if isinstance(projection, exp.Column) else projection
    if isinstance(star, exp.Star):
        table = projection.table if isinstance(projection, exp.Column) else ""
        return _of_star(star, table, column, read)
    if projection.alias_or_name.lower() != column:
        return None
    plain = projection.this if isinstance(projection, exp.Alias) else projection
    if not isinstance(plain, exp.Column) or plain.args.get("db"):
        return _UNSURE
    return _named(plain.table, plain.name.lower(), read)


def _of_star(
    star: exp.Star, table: str, column: str, read: list[exp.Expr]
) -> tuple[int, str] | None:
    if star.args.get("replace") or star.args.get("rename"):
        return _UNSURE
    left_out = star.args.get("except_") or star.args.get("except") or ()
    if column in {name.name.lower() for name in left_out}:
        return None
    if table:
        place, name = _named(table, column, read)
        return (place, name)
    return _named("", column, read)


def _named(table: str, column: str, read: list[exp.Expr]) -> tuple[int, str]:
    if not table:
        return (0, column) if len(read) == 1 else _UNSURE
    named = [source.alias_or_name.lower() == table.lower() for source in read]
    return (named.index(True), column) if sum(named) == 1 else _UNSURE
