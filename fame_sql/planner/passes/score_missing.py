"""The pass that scores what a SELECT needs and is not stored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import duckdb
from sqlglot import exp

from fame_sql.planner import tree
from fame_sql.planner.context import Calls, Context
from fame_sql.planner.scope import climb, standalone
from fame_sql.planner.tree import NotPlannedError
from fame_sql.scoring.on_demand import Counts

_KEY = "__fame_key"
_MIXING = ("group", "having", "qualify", "limit", "offset")


@dataclass(frozen=True)
class _Level:
    """A query that reads the rows of another one."""

    context: Context
    select: exp.Select
    node: exp.Expr  # the subquery, or the name of a CTE, that it reads them from
    live: frozenset[str]  # columns, in lower case, that come from live calls

    @property
    def joins(self) -> bool:
        """Whether it reads other rows beside them."""
        return bool(self.select.args.get("joins") or self.select.args.get("laterals"))

    @property
    def tests(self) -> list[exp.Expr]:
        """Its conditions that need no answer."""
        is_other = partial(self.context.is_of_a_subquery, select=self.select)
        tests = tree.conditions(self.select)
        return [test for test in tests if not tree.depends(test, self.live, is_other)]


def score_missing(select: exp.Select, calls: Calls) -> exp.Select:
    """Score the texts that the calls may see and that are not stored, and note their table.

    Before and after: ``SELECT fame_score(body) FROM logs WHERE log_id < 40``; asked is
    ``SELECT * FROM (SELECT event_id, COUNT(*) FROM logs WHERE log_id < 40 GROUP BY 1)``

    Refused: what may be evaluated on fewer rows than can be asked for
    """
    store = calls.context.store
    if calls.key and not store.list_pending():
        calls.table = "__fame_events"
        return select
    if calls.guard:
        raise NotPlannedError(calls.guard)
    levels = _demand(select, calls.context)
    # What joins and subqueries drop, DuckDB may drop only after it has scored it.
    if not calls.key and any(
        level.joins or any(test.find(exp.Query) for test in tree.conditions(level.select))
        for level in levels
    ):
        raise NotPlannedError("a query around it drops rows after its calls")
    try:
        calls.found, calls.table = _fill(select, calls, levels)
    except duckdb.Error:
        reason = "its rows cannot be read alone: correlated, or no text"
        raise NotPlannedError(reason) from None
    return select


def _demand(select: exp.Select, context: Context) -> list[_Level]:
    """Return the queries around a SELECT, up to the last that drops rows before they are scored."""
    live = tree.handed_on(select, frozenset(), live=True)
    if _drops_groups(select, live):
        raise NotPlannedError("a condition on groups may be tried before")
    levels: list[_Level] = []
    needed, mixes = 0, _mixes_rows(select)
    query: exp.Query = select
    for whole, outer, node in climb(select):
        if whole is not query:
            live, mixes = _live_of_union(whole, query, live), True
        after = tree.handed_on(outer, live, live=True)
        levels.append(_Level(context, outer, node, live | after))
        drops_groups = _drops_groups(outer, live | after)
        if levels[-1].joins or levels[-1].tests or drops_groups:
            # A join such as ASOF chooses among the rows: another row may be the one kept.
            chooses = any(j.method not in ("", "NATURAL") for j in outer.args.get("joins") or ())
            if mixes or chooses or drops_groups:
                raise NotPlannedError("a query around it keeps fewer rows")
            needed = len(levels)
        mixes = mixes or _mixes_rows(outer)
        query, live = outer, after
    return levels[:needed]


def _live_of_union(union: exp.Query, branch: exp.Query, live: frozenset[str]) -> frozenset[str]:
    """Return what a set operation calls the live columns of a branch; none if that is unknown."""
    if any(p.is_star or tree.has_fields(p) for p in (*union.selects, *branch.selects)):
        return frozenset()
    pairs = zip(union.selects, branch.selects, strict=False)
    return frozenset(
        tree.column_name(one) for one, other in pairs if tree.column_name(other) in live
    )


def _drops_groups(select: exp.Select, live: frozenset[str]) -> bool:
    """Return whether HAVING or QUALIFY has a condition that DuckDB may try on single rows."""
    names = live | {tree.column_name(p) for p in select.expressions if tree.aggregates(p)}
    tests = (*tree.conditions(select, "having"), *tree.conditions(select, "qualify"))
    return any(not tree.aggregates(test) and not tree.depends(test, names) for test in tests)


def _mixes_rows(select: exp.Select) -> bool:
    """Return whether what a query returns in one row depends on others."""
    clauses = any(select.args.get(name) for name in _MIXING)
    return clauses or tree.distinct_on(select) or any(map(tree.aggregates, select.expressions))


def _fill(select: exp.Select, calls: Calls, levels: list[_Level]) -> tuple[Counts, str]:
    store = calls.context.store
    if not calls.key:
        if not store.want_messages(_wanted(select, calls, levels, is_selective=False)):
            raise NotPlannedError(
                "its messages have a collation, by which different ones are equal"
            )
        return store.fill_messages()
    # A selective join then reads few rows twice; others depend on the rows around a match.
    joins = select.args.get("joins") or []
    is_selective = store.score and bool(joins) and not any(join.method for join in joins)
    found = store.fill_events(_wanted(select, calls, levels, is_selective))
    return Counts(missing=found.missing) if is_selective else found, "__fame_events"


def _wanted(select: exp.Select, calls: Calls, levels: list[_Level], is_selective: bool) -> str:
    """Return SQL for the distinct events, or messages, in the rows that the calls may see.

    The joins and every condition of ``WHERE`` stay that call no live function, of the SELECT and
    of the queries around it. Beside each value stands the number of its rows, ``rows``. Both are
    named outside, where no condition sees it.
    """
    name, column = "message", calls.message.copy()
    if calls.key:
        key = exp.to_identifier(calls.key, quoted=True)
        name, column = "event_id", exp.column(key, table=calls.message.args.get("table"))
    live = tree.handed_on(select, frozenset(), live=True)
    own, is_other = live - calls.source.held, partial(calls.context.is_of_a_subquery, select=select)
    tests = [
        tree.unaliased(t, calls.aliases)
        for t in tree.conditions(select)
        if not tree.depends(t, own, is_other)
    ]
    tests += [
        exp.Exists(this=test.args["query"].this.copy())
        for test in tree.conditions(select)
        if isinstance(test, exp.In) and test.args.get("query") and tree.live_nodes(test.this)
    ]
    kept = [*_plain(select, live), exp.alias_(column, _KEY)] if levels else [column]
    query = tree.reading(select, kept).where(*tests, copy=False)
    if is_selective:
        _keep_pending(_same_source(query, select, calls.source.node), calls.key)
    for level in levels:
        query = _outside(level, query)
    query.set("expressions", [query.expressions[-1].unalias(), exp.Count(this=exp.Star())])
    query = standalone(query.group_by(exp.Literal.number(1), copy=False), select)
    if levels and tree.live_nodes(query):
        raise NotPlannedError("what is read around it cannot be read alone")
    columns = [exp.to_identifier(name), exp.to_identifier("rows")]
    named = exp.TableAlias(this=exp.to_identifier("__fame_rows"), columns=columns)
    return tree.text(tree.every(exp.Subquery(this=query, alias=named)))


def _outside(level: _Level, inner: exp.Select) -> exp.Select:
    """Return what a query reads, with another in place of the one that holds the calls."""
    alias = exp.to_identifier(level.node.alias_or_name or _KEY, quoted=True)
    key = exp.Column(this=exp.to_identifier(_KEY), table=alias.copy())
    kept = [*_plain(level.select, level.live), exp.alias_(key, _KEY)]
    query = tree.reading(level.select, kept)
    read = exp.Subquery(this=inner, alias=exp.TableAlias(this=alias))
    _same_source(query, level.select, level.node).replace(read)
    return query.where(*(test.copy() for test in level.tests), copy=False)


def _same_source(copy: exp.Select, select: exp.Select, node: exp.Expr) -> exp.Expr:
    """Return the source of a copied SELECT that is the copy of a source."""
    return next(
        c for c, s in zip(tree.sources(copy), tree.sources(select), strict=True) if s is node
    )


def _plain(select: exp.Select, live: frozenset[str]) -> list[exp.Expr]:
    """Return the projections that hold no answer."""
    return [p for p in select.expressions if not tree.depends(p, live)]


def _keep_pending(node: exp.Expr, key: str) -> None:
    """Let a source hold only the rows whose event has no verdict."""
    named = tree.identifier(node, node.alias_or_name)
    pending = exp.select("event_id").from_("temp.__fame_pending")
    column = exp.column(exp.to_identifier(key, quoted=True), table=named)
    inner = tree.every(node).where(column.isin(query=pending), copy=False)
    node.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=named)))
