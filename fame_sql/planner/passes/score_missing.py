"""The pass that scores what a SELECT needs and is not stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from sqlglot import exp

from fame_sql.planner.answers import Found
from fame_sql.planner.context import Calls
from fame_sql.planner.errors import NotPlannedError
from fame_sql.planner.passes.demand import Demand, Level, find_demand
from fame_sql.planner.scope import standalone
from fame_sql.planner.tree import (
    conditions,
    depends,
    identifier,
    live_nodes,
    reading,
    sources,
    text,
    unaliased,
)

_KEY = "__fame_key"


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
    demand = find_demand(select)
    if not calls.key and demand.joins:
        raise NotPlannedError("a query around it drops rows after its calls")
    try:
        calls.found, calls.table = _fill(select, calls, demand)
    except duckdb.Error:
        reason = "its rows cannot be read alone: correlated, or no text"
        raise NotPlannedError(reason) from None
    return select


def _fill(select: exp.Select, calls: Calls, demand: Demand) -> tuple[Found, str]:
    store, node = calls.context.store, calls.source.node
    if not calls.key:
        return store.fill_messages(_wanted(select, calls, calls.message.copy(), "message", demand))
    column = exp.Column(this=exp.to_identifier(calls.key, quoted=True))
    if table := calls.message.args.get("table"):
        column.set("table", table.copy())
    if calls.context.score:
        with _only_pending(select, node, calls.key) as is_possible:
            if is_possible:
                store.list_pending()
                wanted = _wanted(select, calls, column, "event_id", demand)
                return Found(missing=store.fill_events(wanted).missing), "__fame_events"
    return store.fill_events(_wanted(select, calls, column, "event_id", demand)), "__fame_events"


def _wanted(select: exp.Select, calls: Calls, column: exp.Expr, name: str, demand: Demand) -> str:
    """Return SQL for the distinct values of a column in the rows that the calls may see.

    The joins and every condition of ``WHERE`` stay that call no live function, of the SELECT and
    of the queries around it. Beside each value stands the number of its rows, ``rows``. Both are
    named outside, where no condition sees it.
    """
    own = demand.live - {name.lower() for name in calls.source.columns or ()}
    tests = [
        unaliased(test, calls.aliases) for test in conditions(select) if not depends(test, own)
    ]
    kept = [*_plain(select, demand.live), exp.alias_(column, _KEY)] if demand.levels else [column]
    query = _where(reading(select, kept), tests)
    for level in demand.levels:
        query = _outside(level, query)
    query.set("expressions", [query.expressions[-1].unalias(), exp.Count(this=exp.Star())])
    query = standalone(query.group_by(exp.Literal.number(1), copy=False), select)
    if demand.levels and live_nodes(query):
        raise NotPlannedError("what is read around it cannot be read alone")
    named = exp.TableAlias(
        this=exp.to_identifier("__fame_rows"),
        columns=[exp.to_identifier(name), exp.to_identifier("rows")],
    )
    rows = exp.Subquery(this=query, alias=named)
    return text(exp.Select(expressions=[exp.Star()]).from_(rows, copy=False))


def _outside(level: Level, inner: exp.Select) -> exp.Select:
    """Return what a query reads, with another in place of the one that holds the calls."""
    place = next(i for i, node in enumerate(sources(level.select)) if node is level.node)
    alias = exp.to_identifier(level.node.alias_or_name or _KEY, quoted=True)
    key = exp.Column(this=exp.to_identifier(_KEY), table=alias.copy())
    kept = [*_plain(level.select, level.live), exp.alias_(key, _KEY)]
    query = reading(level.select, kept)
    read = exp.Subquery(this=inner, alias=exp.TableAlias(this=alias))
    sources(query)[place].replace(read)
    tests = [test.copy() for test in conditions(level.select) if not depends(test, level.live)]
    return _where(query, tests)


def _where(query: exp.Select, tests: list[exp.Expr]) -> exp.Select:
    return query.where(*tests, copy=False) if tests else query


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
    inner = exp.Select(expressions=[exp.Star()]).from_(node.copy(), copy=False)
    inner = inner.where(exp.In(this=column, query=exp.Subquery(this=pending)), copy=False)
    kept = exp.Subquery(this=inner, alias=exp.TableAlias(this=named))
    node.replace(kept)
    try:
        yield True
    finally:
        kept.replace(node)
