"""Questions about a parsed statement that several passes ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from copy import deepcopy

from sqlglot import exp
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

from fame_sql.verdict.columns import COLUMNS

DIALECT = "duckdb"

FIELDS = {
    "fame_score": "score",
    "fame_is_anomaly": "is_anomaly",
    "fame_domain": "domain",
    "fame_novelty": "novelty",
    "fame_verdict": "verdict",
}
"""The live functions that ask the model, and the field of a verdict that each returns."""


class NotPlannedError(Exception):
    """A statement, or a call in it, is left as it was written; the message is the reason."""


def text(tree: exp.Expr) -> str:
    """Return a tree as SQL, with the names of functions as they were written."""
    return tree.sql(dialect=DIALECT, normalize_functions=False)


def same_key(tree: exp.Expr) -> str:
    """Return an expression as SQL that is equal where only the case of names differs."""
    return text(normalize_identifiers(tree.copy(), dialect=DIALECT))


def is_live(node: exp.Expr) -> bool:
    """Return whether a node calls a live function that asks the model."""
    return (
        isinstance(node, exp.Anonymous)
        and node.name.lower() in FIELDS
        and len(node.expressions) == 1
        and not (isinstance(node.parent, exp.Dot) and node.arg_key == "expression")
    )


def live_nodes(tree: exp.Expr) -> list[exp.Anonymous]:
    """Return all calls of live functions in a tree."""
    return [node for node in tree.find_all(exp.Anonymous) if is_live(node)]


def own_live(select: exp.Select) -> list[exp.Anonymous]:
    """Return the calls of live functions that see the rows of a SELECT itself."""
    queries = (exp.Select, exp.SetOperation)
    return [node for node in live_nodes(select) if node.find_ancestor(*queries) is select]


def every(source: exp.Expr) -> exp.Select:
    """Return a query for all columns of a source."""
    return exp.Select(expressions=[exp.Star()]).from_(source.copy(), copy=False)


def sources(select: exp.Select) -> list[exp.Expr]:
    """Return what a SELECT reads: tables, views, CTEs and subqueries."""
    origin = select.args.get("from_")
    joined = [join.this for join in select.args.get("joins") or ()]
    return [] if origin is None else [origin.this, *joined]


def identifier(node: exp.Expr, alias: str) -> exp.Identifier:
    """Return the name of a source, quoted as it was; ``alias`` if it has no identifier."""
    given = node.args.get("alias")
    found = given.this if given is not None and given.this is not None else node.this
    return found.copy() if isinstance(found, exp.Identifier) else exp.to_identifier(alias)


def source_named(table: str, read: list[exp.Expr]) -> int | None:
    """Return the position of the only source that has a name, or None."""
    named = [source.alias_or_name.lower() == table.lower() for source in read]
    return named.index(True) if sum(named) == 1 else None


def conditions(select: exp.Select, clause: str = "where") -> list[exp.Expr]:
    """Return the conditions that a clause of a SELECT joins by AND."""
    found = select.args.get(clause)
    if found is None:
        return []
    return list(found.this.flatten()) if isinstance(found.this, exp.And) else [found.this]


def unaliased(node: exp.Expr, aliases: Mapping[str, exp.Expr]) -> exp.Expr:
    """Return a copy of an expression with what names of the SELECT list stand for.

    Inside a subquery or a lambda a name may be another's, and stays.
    """

    def replaced(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.table or node.name.lower() not in aliases:
            return node
        if node.find_ancestor(exp.Query, exp.Lambda):
            return node
        meant = aliases[node.name.lower()].copy()
        return meant if isinstance(meant, exp.Column) else exp.Paren(this=meant)

    return node.copy().transform(replaced)


def reading(select: exp.Select, projections: Iterable[exp.Expr], *more: str) -> exp.Select:
    """Return a SELECT of copied projections from the sources of another, with ``more`` clauses."""
    parts = ("from_", "joins", "laterals", *more)
    kept = {part: deepcopy(select.args[part]) for part in parts if select.args.get(part)}
    return exp.Select(expressions=[projection.copy() for projection in projections], **kept)


def star(projection: exp.Expr) -> tuple[exp.Star, str] | None:
    """Return the star that a projection is, and the table before it; None for any other."""
    found = projection.this if isinstance(projection, exp.Column) else projection
    table = projection.table if isinstance(projection, exp.Column) else ""
    return (found, table) if isinstance(found, exp.Star) else None


def is_columns(node: exp.Expr) -> bool:
    """Return whether a node is ``COLUMNS(..)``, which may stand for any column."""
    named = isinstance(node, exp.Anonymous) and node.name.lower() == "columns"
    return named or isinstance(node, exp.Columns)


def has_fields(projection: exp.Expr) -> bool:
    """Return whether a projection unnests a verdict: its columns are named after the fields."""
    plain = projection.unalias()
    inner = plain.this if isinstance(plain, exp.Explode | exp.Unnest) else None
    return isinstance(inner, exp.Anonymous) and FIELDS.get(inner.name.lower()) == "verdict"


def column_name(projection: exp.Expr) -> str:
    """Return what a projection is called, in lower case."""
    is_named = isinstance(projection, exp.Alias | exp.Column)
    return (projection.alias_or_name if is_named else text(projection)).lower()


def column_names(projection: exp.Expr) -> Set[str]:
    """Return what the columns of a projection are called, in lower case."""
    return COLUMNS.keys() if has_fields(projection) else {column_name(projection)}


def names_any(tree: exp.Expr, names: Set[str], outside: exp.Expr | None = None) -> bool:
    """Return whether a tree, outside one of its parts, may name one of these columns."""
    nodes = (n for n in tree.walk(prune=lambda node: node is outside) if n is not outside)
    return any(is_columns(n) or _is_named(n, names, exp.Column, exp.Join) for n in nodes)


def depends(
    tree: exp.Expr, names: Set[str], is_other: Callable[[exp.Column], bool] | None = None
) -> bool:
    """Return whether a tree names one of these columns for certain, or calls a live function.

    ``is_other`` says whether a column in it is certainly another of the same name.
    """
    named = (n.parent for n in tree.find_all(exp.Identifier) if _is_named(n, names, exp.Column))
    meant = (is_other is None or not is_other(c) for c in named if isinstance(c, exp.Column))
    return any(meant) or bool(live_nodes(tree))


def _is_named(node: exp.Expr, names: Set[str], *inside: type[exp.Expr]) -> bool:
    """Return whether a node is a name in a column; inside a join it is one of USING."""
    is_name = isinstance(node, exp.Identifier) and isinstance(node.parent, inside)
    return is_name and node.name.lower() in names


def handed_on(select: exp.Select, names: Set[str], *, live: bool = False) -> frozenset[str]:
    """Return what a SELECT calls the columns that come from these, or from its ``live`` calls."""
    found: set[str] = set()
    for projection in select.expressions:
        if projection.is_star:
            renamed = projection.find_all(exp.Alias)
            taken = (a for a in renamed if depends(a, names) or a.this.name.lower() in names)
            found |= {*names, *(alias.alias.lower() for alias in taken)}
        elif names_any(projection, names | found) or (live and live_nodes(projection)):
            found |= column_names(projection)
    return frozenset(found)


def unordered(query: exp.Expr) -> list[str]:
    """Return LIMIT and OFFSET, those of them that a query has without ORDER BY."""
    if not isinstance(query, exp.Query) or query.args.get("order"):
        return []
    return [part.upper() for part in ("limit", "offset") if query.args.get(part)]


def distinct_on(query: exp.Query) -> bool:
    """Return whether a query keeps one row of several by DISTINCT ON."""
    distinct = query.args.get("distinct")
    return isinstance(distinct, exp.Distinct) and bool(distinct.args.get("on"))


def aggregates(tree: exp.Expr) -> bool:
    """Return whether a tree looks at several rows: it holds an aggregate or a window."""
    return tree.find(exp.AggFunc, exp.Window) is not None
