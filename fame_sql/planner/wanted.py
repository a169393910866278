"""Which rows the calls of a SELECT may see, as SQL that calls no live function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlglot import exp

from fame_sql.planner.calls import live_nodes
from fame_sql.planner.demand import Demand, Level, conditions, names_any
from fame_sql.planner.dialect import text
from fame_sql.planner.rewrite import identifier
from fame_sql.planner.scope import sources, visible_ctes, with_ctes
from fame_sql.planner.source import Source, without_aliases

_KEY = "__fame_key"


class UnclearError(Exception):
    """It cannot be asked which rows are wanted."""


def wanted_rows(
    select: exp.Select, column: exp.Expr, ctes: list[exp.CTE], source: Source, demand: Demand
) -> str:
    """Return SQL for the distinct values of a column in the rows that the calls may see.

    The joins and every condition of ``WHERE`` stay that call no live function, of the SELECT and
    of the queries around it. Beside each value stands the number of its rows, ``rows``. Both are
    named outside, where no condition sees it.

    Parameters
    ----------
    select : sqlglot.exp.Select
        One with live calls.
    column : sqlglot.exp.Expr
        What is asked for.
    ctes : list of sqlglot.exp.CTE
        What the SELECT can name.
    source : Source
        Where the message of the calls comes from.
    demand : Demand
        What the queries around it want.

    Raises
    ------
    UnclearError
        If the queries around it cannot be asked without live calls.
    """
    query = _read(select)
    own = demand.live - {name.lower() for name in source.columns}
    query.set("where", _where(select, source, own))
    if not demand.levels:
        query.set("expressions", [column.this.copy()])
        return _counted(query, ctes, column.alias)
    query.set("expressions", [*_plain(select, demand.live), exp.alias_(column.this.copy(), _KEY)])
    return _around(query, select, demand.levels, column.alias)


def _around(query: exp.Select, select: exp.Select, levels: tuple[Level, ...], name: str) -> str:
    """Return SQL that asks a query as those around it do."""
    inner = select
    for level in levels:
        if inner.args.get("with_"):
            query.set("with_", inner.args["with_"].copy())
        query = _outside(level, query)
        inner = level.select
    query.set("expressions", query.expressions[-1:])
    ctes = visible_ctes(inner)
    if ctes is None:
        raise UnclearError
    kept = _reached(query, ctes)
    if any(live_nodes(tree) for tree in (query, *kept)):
        raise UnclearError
    return _counted(query, kept, name)


def _outside(level: Level, inner: exp.Select) -> exp.Select:
    """Return what a query reads, with another in place of the one that holds the calls."""
    query = _read(level.select)
    place = next(i for i, node in enumerate(sources(level.select)) if node is level.node)
    alias = exp.to_identifier(level.node.alias_or_name or _KEY, quoted=True)
    read = exp.Subquery(this=inner, alias=exp.TableAlias(this=alias))
    sources(query)[place].replace(read)
    query.set("where", _where(level.select, None, level.live))
    key = exp.Column(this=exp.to_identifier(_KEY), table=alias.copy())
    query.set("expressions", [*_plain(level.select, level.live), exp.alias_(key, _KEY)])
    return query


def _plain(select: exp.Select, live: frozenset[str]) -> list[exp.Expr]:
    """Return copies of the projections that hold no answer."""
    return [p.copy() for p in select.expressions if not names_any(p, live)]


def _reached(query: exp.Select, ctes: list[exp.CTE]) -> list[exp.CTE]:
    """Return the CTEs that a query names, or that these name."""
    kept: list[exp.CTE] = []
    trees: list[exp.Expr] = [query]
    for cte in reversed(ctes):
        named = {table.name.lower() for tree in trees for table in tree.find_all(exp.Table)}
        if cte.alias.lower() in named:
            kept.insert(0, cte)
            trees.append(cte)
    return kept


def _read(select: exp.Select) -> exp.Select:
    """Return a SELECT that reads what another does, without its conditions."""
    query = exp.Select()
    for part in ("from_", "from", "joins", "laterals"):
        kept = select.args.get(part)
        if kept is not None:
            copies = [k.copy() for k in kept] if isinstance(kept, list) else kept.copy()
            query.set(part, copies)
    return query


def _where(select: exp.Select, source: Source | None, live: frozenset[str]) -> exp.Where | None:
    """Return the conditions that hold no answer."""
    free = [test.copy() for test in conditions(select) if not names_any(test, live)]
    if source is not None:
        free = [without_aliases(test, source.aliases) for test in free]
    return exp.Where(this=exp.and_(*free)) if free else None


def _counted(query: exp.Select, ctes: list[exp.CTE], name: str) -> str:
    query.append("expressions", exp.Count(this=exp.Star()))
    query = query.group_by(exp.Literal.number(1), copy=False)
    names = [exp.to_identifier(name), exp.to_identifier("rows")]
    named = exp.TableAlias(this=exp.to_identifier("__fame_rows"), columns=names)
    wanted = exp.Subquery(this=with_ctes(query, ctes), alias=named)
    return text(exp.Select(expressions=[exp.Star()]).from_(wanted, copy=False))


@contextmanager
def only_pending(select: exp.Select, node: exp.Expr, key: str) -> Iterator[bool]:
    """Let a source that is joined hold only rows whose event has no verdict, while the block runs.

    A selective join then reads few rows twice. Yields False, and changes nothing, where there is
    no join, or one whose matches depend on the rows around.

    Parameters
    ----------
    select : sqlglot.exp.Select
        One with live calls; changed while the block runs.
    node : sqlglot.exp.Expr
        The source.
    key : str
        Its column with the event.
    """
    joins = select.args.get("joins") or []
    if not joins or any(join.method for join in joins):
        yield False
        return
    alias = node.alias_or_name
    column = exp.Column(
        this=exp.to_identifier(key, quoted=True), table=identifier(node, alias).copy()
    )
    pending = exp.Select(expressions=[exp.column("event_id")]).from_("temp.__fame_pending")
    inner = exp.Select(expressions=[exp.Star()]).from_(node.copy(), copy=False)
    inner = inner.where(exp.In(this=column, query=exp.Subquery(this=pending)), copy=False)
    kept = exp.Subquery(this=inner, alias=exp.TableAlias(this=identifier(node, alias)))
    node.replace(kept)
    try:
        yield True
    finally:
        kept.replace(node)
