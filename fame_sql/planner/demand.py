"""What the queries around a SELECT want of its rows: which rows, and which columns.

DuckDB scores no row that an outer query drops before it looks at the score, and no column that
nobody reads. Neither may the planner.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from sqlglot import exp

from fame_sql.planner.calls import live_nodes
from fame_sql.planner.dialect import text
from fame_sql.planner.scope import names_cte, sources


@dataclass(frozen=True)
class Level:
    """A query that reads the rows of another one.

    Parameters
    ----------
    select : sqlglot.exp.Select
        The query.
    node : sqlglot.exp.Expr
        What it reads them from: a subquery, or the name of a CTE.
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
        The queries around it that drop rows, from the inside.
    live : frozenset of str
        Its own columns that come from live calls.
    guard : str
        Why it is not certain which rows are wanted.
    """

    levels: tuple[Level, ...] = ()
    live: frozenset[str] = field(default_factory=frozenset)
    guard: str = ""

    @property
    def joins(self) -> bool:
        """Whether rows are dropped by what DuckDB looks up only after it has scored them."""
        return any(
            level.select.args.get("joins")
            or level.select.args.get("laterals")
            or any(test.find(exp.Query) for test in conditions(level.select))
            for level in self.levels
        )


def conditions(select: exp.Select) -> list[exp.Expr]:
    """Return the conditions that WHERE joins by AND.

    Parameters
    ----------
    select : sqlglot.exp.Select
        It may have none.
    """
    where = select.args.get("where")
    return [] if where is None else _parts(where.this)


def _parts(test: exp.Expr) -> list[exp.Expr]:
    return list(test.flatten()) if isinstance(test, exp.And) else [test]


def names_any(tree: exp.Expr, names: Set[str]) -> bool:
    """Tell whether a tree names one of these columns, or calls a live function.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        An expression.
    names : set of str
        Names in lower case.
    """
    named = (part.name.lower() for column in tree.find_all(exp.Column) for part in column.parts)
    return any(name in names for name in named) or bool(live_nodes(tree))


def find_demand(select: exp.Select) -> Demand:
    """Return what the queries around a SELECT want of its rows.

    Parameters
    ----------
    select : sqlglot.exp.Select
        One with live calls, in the tree of its statement.
    """
    own = live = _live_columns(select, frozenset())
    if _drops_groups(select, own):
        return Demand(live=own, guard="a condition on groups may be tried before")
    levels: list[Level] = []
    needed = 0
    mixes = _mixes_rows(select)
    query: exp.Query = select
    while True:
        whole = _set_operation(query)
        if whole is not query:
            live, mixes, query = _live_of_union(whole, query, live), True, whole
        reader = reader_of(query)
        if reader is None:
            return Demand(tuple(levels[:needed]), own)
        if isinstance(reader, str):
            return Demand(live=own, guard=reader)
        outer, node = reader
        level = Level(outer, node, live | _live_columns(outer, live))
        if _drops_rows(level):
            if mixes or _drops_groups(outer, level.live) or _matches_one(outer):
                return Demand(live=own, guard="a query around it keeps fewer rows")
            needed = len(levels) + 1
        levels.append(level)
        mixes = mixes or _mixes_rows(outer)
        query, live = outer, _live_columns(outer, live)


def reader_of(query: exp.Query) -> tuple[exp.Select, exp.Expr] | str | None:
    """Return the SELECT that reads the rows of a query, and where; text if that is not certain.

    None where no row is dropped any more: at the top, and where a condition needs them all.

    Parameters
    ----------
    query : sqlglot.exp.Query
        In the tree of its statement.
    """
    node = _in_parentheses(query)
    parent = node.parent
    if isinstance(parent, exp.Exists):
        return "inside EXISTS, which stops at the first row"
    if isinstance(parent, exp.CTE):
        return _reader_of_cte(parent)
    return _at(parent) if isinstance(parent, exp.Subquery) else None


def _in_parentheses(query: exp.Expr) -> exp.Expr:
    """Return what stands for a query in its parent: itself, or parentheses around it."""
    node = query
    while isinstance(node.parent, exp.Subquery) and not isinstance(
        node.parent.parent, exp.From | exp.Join
    ):
        node = node.parent
    return node


def _set_operation(query: exp.Query) -> exp.Query:
    """Return the outermost set operation that a query is a branch of, else the query."""
    while isinstance(parent := _in_parentheses(query).parent, exp.SetOperation):
        query = parent
    return query


def _live_of_union(whole: exp.Query, branch: exp.Query, live: frozenset[str]) -> frozenset[str]:
    """Return what a set operation calls the live columns of a branch; none if that is unknown."""
    first: exp.Expr = whole
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    if any(p.is_star for p in (*first.expressions, *branch.expressions)):
        return frozenset()
    pairs = zip(first.expressions, branch.expressions, strict=False)
    return frozenset(column_name(one) for one, other in pairs if column_name(other) in live)


def column_name(projection: exp.Expr) -> str:
    """Return what a projection is called, in lower case.

    Parameters
    ----------
    projection : sqlglot.exp.Expr
        One of the SELECT list.
    """
    is_named = isinstance(projection, exp.Alias | exp.Column)
    return (projection.alias_or_name if is_named else text(projection)).lower()


def _reader_of_cte(cte: exp.CTE) -> tuple[exp.Select, exp.Expr] | str:
    name = cte.alias.lower()
    named = [t for t in cte.root().find_all(exp.Table) if t.name.lower() == name and names_cte(t)]
    if len(named) != 1:
        return "its CTE is not read exactly once"
    if cte.args["alias"].args.get("columns"):
        return "its columns are named again"
    return _at(named[0])


def _at(node: exp.Expr) -> tuple[exp.Select, exp.Expr] | str:
    alias = node.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.args.get("columns"):
        return "its columns are named again"
    select = node.find_ancestor(exp.Select)
    if select is None or not any(source is node for source in sources(select)):
        return "it is not certain who reads it"
    return select, node


def _drops_rows(level: Level) -> bool:
    """Tell whether a query keeps only some of the rows, whatever their scores are."""
    select = level.select
    return bool(
        select.args.get("joins")
        or select.args.get("laterals")
        or any(not names_any(test, level.live) for test in conditions(select))
        or _drops_groups(select, level.live)
    )


def _drops_groups(select: exp.Select, live: frozenset[str]) -> bool:
    """Tell whether HAVING or QUALIFY has a condition that DuckDB may try on single rows."""
    whole = [p for p in select.expressions if p.find(exp.AggFunc, exp.Window)]
    names = live | {column_name(projection) for projection in whole}
    kept = [select.args[part].this for part in ("having", "qualify") if select.args.get(part)]
    tests = [test for one in kept for test in _parts(one)]
    single = [test for test in tests if not test.find(exp.AggFunc, exp.Window)]
    return any(not names_any(test, names) for test in single)


def _matches_one(select: exp.Select) -> bool:
    """Tell whether a join, as ASOF, chooses among the rows: another row may be the one kept."""
    joins = select.args.get("joins") or ()
    return any(join.method not in ("", "NATURAL") for join in joins)


def _mixes_rows(select: exp.Select) -> bool:
    """Tell whether what a query returns in one row depends on others."""
    distinct = select.args.get("distinct")
    return bool(
        any(select.args.get(name) for name in ("group", "having", "qualify", "limit", "offset"))
        or (isinstance(distinct, exp.Distinct) and distinct.args.get("on"))
        or any(projection.find(exp.AggFunc, exp.Window) for projection in select.expressions)
    )


def _live_columns(select: exp.Select, inner: frozenset[str]) -> frozenset[str]:
    """Return the columns that come from live calls, or from such columns of its sources."""
    found: set[str] = set()
    for projection in select.expressions:
        if projection.is_star:
            renamed = list(projection.find_all(exp.Alias))
            taken = [a for a in renamed if names_any(a, inner) or a.this.name.lower() in inner]
            found |= inner | {a.alias.lower() for a in taken}
        elif names_any(projection, inner | found):
            found.add(column_name(projection))
    return frozenset(found)
