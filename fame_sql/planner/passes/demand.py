"""What the queries around a SELECT want of its rows: which rows, and which columns.

DuckDB scores no row that an outer query drops before it looks at the score. Neither may the
planner.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from fame_sql.planner.errors import NotPlannedError
from fame_sql.planner.readers import reader_of, whole
from fame_sql.planner.tree import (
    aggregates,
    column_name,
    conditions,
    depends,
    distinct_on,
    handed_on,
)

_MIXING = ("group", "having", "qualify", "limit", "offset")


@dataclass(frozen=True)
class Level:
    """A query that reads the rows of another one.

    Parameters
    ----------
    select : sqlglot.exp.Select
        The query.
    node : sqlglot.exp.Expr
        The subquery, or the name of a CTE, that it reads them from.
    live : frozenset of str
        Columns, in lower case, that come from live calls.
    """

    select: exp.Select
    node: exp.Expr
    live: frozenset[str]


@dataclass(frozen=True)
class Demand:
    """What is wanted of a SELECT.

    Parameters
    ----------
    levels : tuple of Level
        The queries around it up to the last one that drops rows, from the inside.
    live : frozenset of str
        Its own columns that come from live calls.
    """

    levels: tuple[Level, ...]
    live: frozenset[str]

    @property
    def joins(self) -> bool:
        """Whether rows are dropped by what DuckDB looks up only after it has scored them."""
        return any(
            level.select.args.get("joins")
            or level.select.args.get("laterals")
            or any(test.find(exp.Query) for test in conditions(level.select))
            for level in self.levels
        )


def find_demand(select: exp.Select) -> Demand:
    """Return what the queries around a SELECT with live calls want of its rows.

    Raises
    ------
    NotPlannedError
        If it is not certain which rows are wanted.
    """
    own = live = handed_on(select, frozenset(), live=True)
    if _drops_groups(select, own):
        raise NotPlannedError("a condition on groups may be tried before")
    levels: list[Level] = []
    needed, mixes = 0, _mixes_rows(select)
    query: exp.Query = select
    while True:
        if (union := whole(query)) is not query:
            live, mixes, query = _live_of_union(union, query, live), True, union
        if (reader := reader_of(query)) is None:
            return Demand(tuple(levels[:needed]), own)
        outer, node = reader
        after = handed_on(outer, live, live=True)
        levels.append(Level(outer, node, live | after))
        if _drops_rows(levels[-1]):
            if mixes or _drops_groups(outer, live | after) or _matches_one(outer):
                raise NotPlannedError("a query around it keeps fewer rows")
            needed = len(levels)
        mixes = mixes or _mixes_rows(outer)
        query, live = outer, after


def _live_of_union(union: exp.Query, branch: exp.Query, live: frozenset[str]) -> frozenset[str]:
    """Return what a set operation calls the live columns of a branch; none if that is unknown."""
    first: exp.Expr = union
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    if any(p.is_star for p in (*first.expressions, *branch.expressions)):
        return frozenset()
    pairs = zip(first.expressions, branch.expressions, strict=False)
    return frozenset(column_name(one) for one, other in pairs if column_name(other) in live)


def _drops_rows(level: Level) -> bool:
    """Return whether a query keeps only some of the rows, whatever their scores are."""
    select = level.select
    return bool(
        select.args.get("joins")
        or select.args.get("laterals")
        or not all(depends(test, level.live) for test in conditions(select))
        or _drops_groups(select, level.live)
    )


def _drops_groups(select: exp.Select, live: frozenset[str]) -> bool:
    """Return whether HAVING or QUALIFY has a condition that DuckDB may try on single rows."""
    names = live | {column_name(p) for p in select.expressions if aggregates(p)}
    tests = (*conditions(select, "having"), *conditions(select, "qualify"))
    return any(not aggregates(test) and not depends(test, names) for test in tests)


def _matches_one(select: exp.Select) -> bool:
    """Return whether a join, as ASOF, chooses among the rows: another row may be the one kept."""
    joins = select.args.get("joins") or ()
    return any(join.method not in ("", "NATURAL") for join in joins)


def _mixes_rows(select: exp.Select) -> bool:
    """Return whether what a query returns in one row depends on others."""
    clauses = any(select.args.get(name) for name in _MIXING)
    return clauses or distinct_on(select) or any(map(aggregates, select.expressions))
