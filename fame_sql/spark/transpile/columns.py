"""The types of expressions in a statement, derived from the columns of the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

import sqlglot
from sqlglot import exp

from fame_sql import sql
from fame_sql.udfs.functions import FUNCTIONS

ValueKind = Literal["text", "whole", "double", "boolean", "date", "timestamp", "other"]

_WHOLE_RESULTS = (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Length)
_TEXT_RESULTS = (exp.MD5, exp.Left, exp.RegexpReplace, exp.Substring, exp.DPipe, exp.Concat)
_SAME_AS_FIRST = (
    *(exp.Paren, exp.Min, exp.Max, exp.AnyValue, exp.Filter, exp.Window, exp.Nullif, exp.Alias),
    *(exp.Sum, exp.Neg, exp.Abs, exp.Round, exp.ArgMin, exp.ArgMax, exp.Lag, exp.Lead),
    *(exp.IgnoreNulls, exp.DateBin),
)
_FAMILIES = {"whole": "number", "double": "number", "date": "time", "timestamp": "time"}


@cache
def column_types() -> dict[str, exp.DataType]:
    """Return the types of the warehouse's columns by name, where all tables have the same type."""
    found: dict[str, exp.DataType] = {}
    ambiguous: set[str] = set()
    for name in sql.names("warehouse/schema"):
        for statement in sqlglot.parse(sql.load(name), dialect="duckdb"):
            for column in statement.find_all(exp.ColumnDef) if statement else ():
                kind = column.kind
                if kind is not None and found.setdefault(column.name, kind) != kind:
                    ambiguous.add(column.name)
    return {name: kind for name, kind in found.items() if name not in ambiguous}


def annotate(tree: exp.Expr, columns: Mapping[str, str]) -> None:
    """Set the types of the columns of a statement.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        Changed in place.
    columns : mapping of str to str
        DuckDB types of columns that are not in the warehouse, by name.
    """
    own = {n.lower(): exp.DataType.build(kind, dialect="duckdb") for n, kind in columns.items()}
    known = {**column_types(), **own}
    for column in tree.find_all(exp.Column):
        column.type = known.get(column.name.lower())


def family(node: exp.Expr) -> str | None:
    """Return ``"text"``, ``"number"``, ``"time"`` or ``"boolean"``, None if unknown."""
    known = kind_of(node)
    return None if known is None or known == "other" else _FAMILIES.get(known, known)


def is_whole(node: exp.Expr) -> bool:
    """Return whether an expression is known to have only whole numbers as values."""
    return kind_of(node) == "whole"


def kind_of(node: exp.Expr, seen: frozenset[str] = frozenset()) -> ValueKind | None:
    """Return the kind of an expression's values, None if it is not known on both engines.

    Parameters
    ----------
    node : sqlglot.exp.Expr
        An expression of an annotated statement.
    seen : frozenset of str
        Names that are being looked up already, because an alias may be defined by its own name.
    """
    if isinstance(node, _SAME_AS_FIRST):
        return kind_of(node.expression if isinstance(node, exp.DateBin) else node.this, seen)
    if isinstance(node, exp.Column):
        return _kind_of_column(node, seen)
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod):
        return _kind_of_arithmetic(node, seen)
    if isinstance(node, exp.Case | exp.If | exp.Coalesce):
        return _common(kind_of(part, seen) for part in branches(node))
    if isinstance(node, exp.Subquery):
        selected = node.this.selects if isinstance(node.this, exp.Query) else []
        return kind_of(selected[0], seen) if len(selected) == 1 else None
    return _kind_of_leaf(node)


def branches(node: exp.Expr) -> list[exp.Expr]:
    """Return the possible results of a ``CASE``, ``if`` or ``coalesce``, except NULL."""
    if isinstance(node, exp.Coalesce):
        found = [node.this, *node.expressions]
    elif isinstance(node, exp.Case):
        found = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
    else:
        found = [node.args["true"], node.args.get("false")]
    return [part for part in found if part is not None and not isinstance(part, exp.Null)]


def _kind_of_leaf(node: exp.Expr) -> ValueKind | None:
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "whole" if node.is_int else "double"
    if isinstance(node, exp.Boolean | exp.Connector | exp.Predicate | exp.Not):
        return "boolean"
    if isinstance(node, exp.Ln):
        return "double"
    if isinstance(node, _TEXT_RESULTS):
        return "text"
    if isinstance(node, _WHOLE_RESULTS):
        return "whole"
    if isinstance(node, exp.LogicalOr | exp.LogicalAnd):
        return "boolean"
    if isinstance(node, exp.Anonymous):
        return _kind_of_type(_live_types().get(node.name.lower()))
    return _kind_of_type(node.to) if isinstance(node, exp.Cast) else None


@cache
def _live_types() -> dict[str, exp.DataType]:
    return {f.name: exp.DataType.build(f.returns, dialect="duckdb") for f in FUNCTIONS}


def _kind_of_arithmetic(node: exp.Expr, seen: frozenset[str]) -> ValueKind | None:
    sides = kind_of(node.this, seen), kind_of(node.expression, seen)
    if isinstance(node, exp.Sub) and sides == ("date", "date"):
        return "whole"
    known = _common(sides)
    return "double" if isinstance(node, exp.Div) and known == "whole" else known


def _common(kinds: Iterable[ValueKind | None]) -> ValueKind | None:
    found = set(kinds)
    if found == {"whole", "double"}:
        return "double"
    return found.pop() if len(found) == 1 else None


def _kind_of_type(kind: exp.DataType | None) -> ValueKind | None:
    if kind is None:
        return None
    known: dict[ValueKind, set[exp.DType]] = {
        "text": exp.DataType.TEXT_TYPES,
        "whole": exp.DataType.INTEGER_TYPES,
        "double": {exp.DType.DOUBLE},
        "boolean": {exp.DType.BOOLEAN},
        "date": {exp.DType.DATE, exp.DType.DATE32},
        "timestamp": {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ},
    }
    return next((name for name, types in known.items() if kind.this in types), "other")


def _kind_of_column(column: exp.Column, seen: frozenset[str]) -> ValueKind | None:
    """Look a column up among the declared types and the statement's aliases."""
    name = column.name.lower()
    declared = _kind_of_type(column.type)
    if name in seen:
        return declared
    root = column.root()
    aliases = [name for table in root.find_all(exp.TableAlias) for name in table.columns]
    if any(name == alias.name.lower() for alias in aliases):
        return None
    named = [a.this for a in root.find_all(exp.Alias) if a.alias.lower() == name]
    kinds = {kind_of(value, seen | {name}) for value in named if value is not column}
    kinds |= set() if declared is None and named else {declared}
    return kinds.pop() if len(kinds) == 1 else None
