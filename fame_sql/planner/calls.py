"""Where a statement calls the live functions, and what may keep a call from being planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from fame_sql.planner.catalog import Catalog

FIELDS = {
    "fame_score": "score",
    "fame_is_anomaly": "is_anomaly",
    "fame_domain": "domain",
    "fame_novelty": "novelty",
    "fame_verdict": "verdict",
}
"""The live functions that ask the model, and the field of a verdict that each returns."""

_SKIPPING = (exp.Case, exp.If, exp.Coalesce, exp.And, exp.Or)
_SKIPPING_NAMES = {"if", "ifnull", "try"}


@dataclass
class Call:
    """One call of a live function in a SELECT.

    Parameters
    ----------
    node : sqlglot.exp.Anonymous
        The call.
    select : sqlglot.exp.Select
        The SELECT whose rows it sees.
    reason : str, optional
        Why it is left alone.
    guard : str, optional
        Why it might not be evaluated on every row; then it is planned only if that scores
        nothing.
    """

    node: exp.Anonymous
    select: exp.Select
    reason: str = ""
    guard: str = ""

    @property
    def field(self) -> str:
        """The field of a verdict that it returns."""
        return FIELDS[self.node.name.lower()]

    @property
    def message(self) -> exp.Expr:
        """Its argument."""
        found: exp.Expr = self.node.expressions[0]
        return found


def is_live(node: exp.Expr) -> bool:
    """Tell whether a node calls a live function that asks the model."""
    return (
        isinstance(node, exp.Anonymous)
        and node.name.lower() in FIELDS
        and len(node.expressions) == 1
        and not isinstance(node.parent, exp.Dot)
    )


def live_nodes(tree: exp.Expr) -> list[exp.Anonymous]:
    """Return all calls of live functions in a tree."""
    return [node for node in tree.find_all(exp.Anonymous) if is_live(node)]


def selects(tree: exp.Expr) -> Iterator[exp.Select]:
    """Yield every SELECT after those inside it and the CTEs before it."""
    with_ = tree.args.get("with_")
    if with_ is not None:
        yield from selects(with_)
    for child in tree.iter_expressions():
        if child is not with_:
            yield from selects(child)
    if isinstance(tree, exp.Select):
        yield tree


def calls_of(select: exp.Select) -> list[Call]:
    """Return the calls that see the rows of this SELECT, each with what speaks against it."""
    own = [
        node
        for node in live_nodes(select)
        if node.find_ancestor(exp.Select, exp.SetOperation) is select
    ]
    calls = [Call(node, select) for node in own]
    for call in calls:
        _look_up(call)
    if any(call.node.find_ancestor(exp.Join, exp.Select) is not select for call in calls):
        for call in calls:
            call.guard = "a join condition calls a live function"
    return calls


def _look_up(call: Call) -> None:
    """Note what lies between a call and its SELECT, and around that."""
    every_row = False
    inner: exp.Expr = call.node
    node = call.node.parent
    while node is not None and node is not call.select:
        if isinstance(node, exp.Lambda | exp.Unnest | exp.Lateral | exp.Pivot):
            call.reason = f"inside {node.key.upper()}"
        every_row = every_row or isinstance(node, exp.AggFunc | exp.Window)
        if not every_row and _may_skip(node):
            call.guard = call.guard or f"inside {_name(node)}, which may skip rows"
        inner, node = node, node.parent
    if isinstance(inner, exp.With):
        call.reason = "in no SELECT of its own"
    _look_around(call)


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.If):
        return "CASE"
    return node.name.upper() if isinstance(node, exp.Anonymous) else node.key.upper()


def _may_skip(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _SKIPPING_NAMES
    return isinstance(node, _SKIPPING) and not _is_conjunction(node)


def _is_conjunction(node: exp.Expr | None) -> bool:
    """Tell whether an AND joins conditions of a WHERE."""
    while isinstance(node, exp.And | exp.Paren):
        node = node.parent
    return isinstance(node, exp.Where)


def _look_around(call: Call) -> None:
    """Note a LIMIT without order, a recursive CTE and a lateral join around a call."""
    node: exp.Expr | None = call.select
    while node is not None:
        if isinstance(node, exp.Query) and node.args.get("limit") and not node.args.get("order"):
            call.guard = call.guard or "below a LIMIT without ORDER BY"
        if isinstance(node, exp.CTE) and node.parent and node.parent.args.get("recursive"):
            call.reason = "in a recursive CTE"
        if isinstance(node, exp.Lateral):
            call.reason = "in a lateral join"
        node = node.parent


def sources(select: exp.Select) -> list[exp.Expr]:
    """Return what a SELECT reads: tables, views, CTEs and subqueries."""
    origin = select.args.get("from_") or select.args.get("from")
    joined = [join.this for join in select.args.get("joins") or ()]
    return [origin.this, *joined] if origin is not None else []


def visible_ctes(select: exp.Select) -> list[exp.CTE] | None:
    """Return the CTEs that a SELECT can name, in order; None if one name hides another."""
    found: list[exp.CTE] = []
    came_from: exp.Expr | None = None
    node: exp.Expr | None = select
    while node is not None:
        with_ = node.args.get("with_")
        if isinstance(node, exp.With):
            before = [cte is came_from for cte in node.expressions].index(True)
            found = [*node.expressions[:before], *found]
        elif with_ is not None and with_ is not came_from:
            found = [*with_.expressions, *found]
        came_from, node = node, node.parent
    names = [cte.alias.lower() for cte in found]
    return found if len(set(names)) == len(names) else None


def with_ctes(query: exp.Select, ctes: list[exp.CTE]) -> exp.Select:
    """Return a query that can name these CTEs."""
    if ctes:
        recursive = any(cte.parent and cte.parent.args.get("recursive") for cte in ctes)
        copies = [cte.copy() for cte in ctes]
        query.set("with_", exp.With(expressions=copies, recursive=recursive))
    return query


@dataclass(frozen=True)
class Source:
    """A message expression and the one source that all its columns come from."""

    node: exp.Expr
    message: exp.Expr
    columns: list[str]


def find_source(call: Call, catalog: Catalog, ctes: list[exp.CTE]) -> Source | str:
    """Return the source of a call's message, or why there is no single one."""
    message = _without_aliases(call)
    if message.find(exp.AggFunc, exp.Window, exp.Query, exp.Lambda):
        return "its message is an aggregate, a window or a subquery"
    named = list(message.find_all(exp.Column))
    if not named:
        return "its message is the same in every row"
    candidates = sources(call.select)
    columns = [_columns(source, catalog, ctes) for source in candidates]
    places = {_place(column, candidates, columns) for column in named}
    place = places.pop() if len(places) == 1 else None
    if place is None:
        return "its message comes from several sources, or from outside"
    found = columns[place]
    if found is None or not isinstance(candidates[place], exp.Table | exp.Subquery):
        return "its source cannot stand alone"
    return Source(candidates[place], message, found)


def _without_aliases(call: Call) -> exp.Expr:
    """Return the message with names of the SELECT list replaced, as DuckDB does."""
    named = {
        projection.alias.lower(): projection.this
        for projection in call.select.expressions
        if isinstance(projection, exp.Alias) and not live_nodes(projection)
    }

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name.lower() in named:
            meant = named[node.name.lower()]
            if _is_own(node, meant):
                return node
            return meant.copy() if isinstance(meant, exp.Column) else exp.Paren(this=meant.copy())
        return node

    return call.message.copy().transform(replaced)


def _is_own(column: exp.Column, meant: exp.Expr) -> bool:
    return any(found.name.lower() == column.name.lower() for found in meant.find_all(exp.Column))


def _columns(source: exp.Expr, catalog: Catalog, ctes: list[exp.CTE]) -> list[str] | None:
    if not isinstance(source, exp.Table | exp.Subquery):
        return None
    every = exp.Select(expressions=[exp.Star()]).from_(source.copy())
    return catalog.columns(with_ctes(every, ctes))


def _place(
    column: exp.Column, candidates: list[exp.Expr], columns: list[list[str] | None]
) -> int | None:
    """Return which source a column comes from, None if that is not certain."""
    if column.args.get("db"):
        return None
    if column.table:
        named = [s.alias_or_name.lower() == column.table.lower() for s in candidates]
        return named.index(True) if sum(named) == 1 else None
    holding = [
        i
        for i, names in enumerate(columns)
        if names is None or column.name.lower() in {name.lower() for name in names}
    ]
    return holding[0] if len(holding) == 1 else None
