"""The pass that scores what a SELECT needs and is not stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from fame_sql.planner.answers import Found
from fame_sql.planner.context import Calls
from fame_sql.planner.scope import climb, standalone
from fame_sql.planner.tree import (
    NotPlannedError,
    aggregates,
    column_name,
    conditions,
    depends,
    distinct_on,
    every,
    handed_on,
    identifier,
    live_nodes,
    reading,
    sources,
    text,
    unaliased,
)

_KEY = "__fame_key"
_MIXING = ("group", "having", "qualify", "limit", "offset")


@dataclass(frozen=True)
class _Level:
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


def score_missing(select: exp.Select, calls: Calls) -> exp.Select:
    """Score the texts that the calls may see and that are not stored, and note their table.

    Before and after: ``SELECT fame_score(body) FROM logs WHERE log_id < 40``; asked is
    ``SELECT * FROM (SELECT event_id, COUNT(*) FROM logs WHERE log_id < 40 GROUP BY 1)``

    Refused: what may be evaluated on fewer rows than can be asked for
    """
    store = calls.context.store
    if calls.key and not store.unscored_events():
        calls.table = "__fame_events"
        return select
    if calls.guard:
        raise NotPlannedError(calls.guard)
    levels = _demand(select)
    if not calls.key and any(map(_drops_late, levels)):
        raise NotPlannedError("a query around it drops rows after its calls")
    try:
        calls.found, calls.table = _fill(select, calls, levels)
    except duckdb.Error:
        reason = "its rows cannot be read alone: correlated, or no text"
        raise NotPlannedError(reason) from None
    return select


def _demand(select: exp.Select) -> list[_Level]:
    """Return the queries around a SELECT with live calls, up to the last that drops rows.

    DuckDB scores no row that an outer query drops before it looks at the score. Neither may the
    planner.
    """
    live = handed_on(select, frozenset(), live=True)
    if _drops_groups(select, live):
        raise NotPlannedError("a condition on groups may be tried before")
    levels: list[_Level] = []
    needed, mixes = 0, _mixes_rows(select)
    query: exp.Query = select
    for whole, outer, node in climb(select):
        if whole is not query:
            live, mixes = _live_of_union(whole, query, live), True
        after = handed_on(outer, live, live=True)
        levels.append(_Level(outer, node, live | after))
        if _drops_rows(levels[-1]):
            # A join such as ASOF chooses among the rows: another row may be the one kept.
            chooses = any(j.method not in ("", "NATURAL") for j in outer.args.get("joins") or ())
            if mixes or chooses or _drops_groups(outer, live | after):
                raise NotPlannedError("a query around it keeps fewer rows")
            needed = len(levels)
        mixes = mixes or _mixes_rows(outer)
        query, live = outer, after
    return levels[:needed]


def _live_of_union(union: exp.Query, branch: exp.Query, live: frozenset[str]) -> frozenset[str]:
    """Return what a set operation calls the live columns of a branch; none if that is unknown."""
    first: exp.Expr = union
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    if any(p.is_star for p in (*first.expressions, *branch.expressions)):
        return frozenset()
    pairs = zip(first.expressions, branch.expressions, strict=False)
    return frozenset(column_name(one) for one, other in pairs if column_name(other) in live)


def _drops_late(level: _Level) -> bool:
    """Return whether a query drops rows by what DuckDB looks up only after it has scored them."""
    select = level.select
    joins = select.args.get("joins") or select.args.get("laterals")
    return bool(joins) or any(test.find(exp.Query) for test in conditions(select))


def _drops_rows(level: _Level) -> bool:
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


def _mixes_rows(select: exp.Select) -> bool:
    """Return whether what a query returns in one row depends on others."""
    clauses = any(select.args.get(name) for name in _MIXING)
    return clauses or distinct_on(select) or any(map(aggregates, select.expressions))


def _fill(select: exp.Select, calls: Calls, levels: list[_Level]) -> tuple[Found, str]:
    store, node = calls.context.store, calls.source.node
    if not calls.key:
        return store.fill_messages(_wanted(select, calls, calls.message.copy(), "message", levels))
    column = exp.Column(this=exp.to_identifier(calls.key, quoted=True))
    if table := calls.message.args.get("table"):
        column.set("table", table.copy())
    if store.score:
        with _only_pending(select, node, calls.key) as is_possible:
            if is_possible:
                store.list_pending()
                wanted = _wanted(select, calls, column, "event_id", levels)
                return Found(missing=store.fill_events(wanted).missing), "__fame_events"
    return store.fill_events(_wanted(select, calls, column, "event_id", levels)), "__fame_events"


def _wanted(
    select: exp.Select, calls: Calls, column: exp.Expr, name: str, levels: list[_Level]
) -> str:
    """Return SQL for the distinct values of a column in the rows that the calls may see.

    The joins and every condition of ``WHERE`` stay that call no live function, of the SELECT and
    of the queries around it. Beside each value stands the number of its rows, ``rows``. Both are
    named outside, where no condition sees it.
    """
    live = handed_on(select, frozenset(), live=True)
    own = live - {name.lower() for name in calls.source.columns or ()}
    tests = [
        unaliased(test, calls.aliases) for test in conditions(select) if not depends(test, own)
    ]
    kept = [*_plain(select, live), exp.alias_(column, _KEY)] if levels else [column]
    query = reading(select, kept).where(*tests, copy=False)
    for level in levels:
        query = _outside(level, query)
    query.set("expressions", [query.expressions[-1].unalias(), exp.Count(this=exp.Star())])
    query = standalone(query.group_by(exp.Literal.number(1), copy=False), select)
    if levels and live_nodes(query):
        raise NotPlannedError("what is read around it cannot be read alone")
    columns = [exp.to_identifier(name), exp.to_identifier("rows")]
    named = exp.TableAlias(this=exp.to_identifier("__fame_rows"), columns=columns)
    return text(every(exp.Subquery(this=query, alias=named)))


def _outside(level: _Level, inner: exp.Select) -> exp.Select:
    """Return what a query reads, with another in place of the one that holds the calls."""
    place = next(i for i, node in enumerate(sources(level.select)) if node is level.node)
    alias = exp.to_identifier(level.node.alias_or_name or _KEY, quoted=True)
    key = exp.Column(this=exp.to_identifier(_KEY), table=alias.copy())
    kept = [*_plain(level.select, level.live), exp.alias_(key, _KEY)]
    query = reading(level.select, kept)
    read = exp.Subquery(this=inner, alias=exp.TableAlias(this=alias))
    sources(query)[place].replace(read)
    tests = [test.copy() for test in conditions(level.select) if not depends(test, level.live)]
    return query.where(*tests, copy=False)


def _plain(select: exp.Select, live: frozenset[str]) -> list[exp.Expr]:
    """Return the projections that hold no answer."""
    return [p for p in select.expressions if not depends(p, live)]


@contextmanager
def _only_pending(select: exp.Select, node: exp.Expr, key: str) -> Iterator[bool]:
    """Let a source that is joined hold only rows whose event has no verdict, in the block.

    A selective join then reads few rows twice. Yields False, and changes nothing, where there is
    no join, or one whose matches depend on the rows around.
    """
    joins = select.args.get("joins") or []
    if not joins or any(join.method for join in joins):
        yield False
        return
    named = identifier(node, node.alias_or_name)
    column = exp.Column(this=exp.to_identifier(key, quoted=True), table=named.copy())
    pending = exp.Select(expressions=[exp.column("event_id")]).from_("temp.__fame_pending")
    inner = every(node).where(exp.In(this=column, query=exp.Subquery(this=pending)), copy=False)
    kept = exp.Subquery(this=inner, alias=exp.TableAlias(this=named))
    node.replace(kept)
    try:
        yield True
    finally:
        kept.replace(node)
