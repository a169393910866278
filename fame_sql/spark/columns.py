"""What is known of the types in a statement: columns of the warehouse, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import sqlglot
from sqlglot import exp

from fame_sql import sql

_WHOLE = exp.DataType.INTEGER_TYPES
_TEXT = exp.DataType.TEXT_TYPES
_TIME = exp.DataType.TEMPORAL_TYPES
_NUMBER = exp.DataType.NUMERIC_TYPES

_WHOLE_RESULTS = (exp.Count, exp.RowNumber, exp.Length, exp.Floor, exp.Ceil)
_TEXT_RESULTS = (exp.MD5, exp.Left, exp.RegexpReplace, exp.Substring, exp.DPipe, exp.Concat)
_NUMBER_RESULTS = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Sum, exp.Round, exp.Neg)
_SAME_AS_FIRST = (
    exp.Coalesce,
    exp.Paren,
    exp.Min,
    exp.Max,
    exp.AnyValue,
    exp.Filter,
    exp.Window,
    exp.Nullif,
)


@cache
def column_types() -> dict[str, exp.DataType]:
    """Return the types of the warehouse's columns by name, where all tables agree on one."""
    found: dict[str, exp.DataType] = {}
    disputed: set[str] = set()
    for name in sql.names("schema"):
        for statement in sqlglot.parse(sql.load(name), dialect="duckdb"):
            for column in statement.find_all(exp.ColumnDef) if statement else ():
                kind = column.kind
                if kind is not None and found.setdefault(column.name, kind) != kind:
                    disputed.add(column.name)
    return {name: kind for name, kind in found.items() if name not in disputed}


def annotate(tree: exp.Expr, columns: Mapping[str, str]) -> None:
    """Tell the columns of a statement their types.

    Parameters
    ----------
    tree : sqlglot.exp.Expr
        Changed in place.
    columns : mapping of str to str
        Types in DuckDB's words, by the names of columns that are not the warehouse's.
    """
    own = {name: exp.DataType.build(kind, dialect="duckdb") for name, kind in columns.items()}
    known = {**column_types(), **own}
    for column in tree.find_all(exp.Column):
        column.type = known.get(column.name)


def family(node: exp.Expr) -> str | None:
    """Return ``"text"``, ``"number"``, ``"time"`` or ``"boolean"``, None where it is not known."""
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Boolean | exp.Connector | exp.Predicate | exp.Not):
        return "boolean"
    if isinstance(node, _TEXT_RESULTS):
        return "text"
    if isinstance(node, _WHOLE_RESULTS):
        return "number"
    if isinstance(node, _NUMBER_RESULTS):
        return None if isinstance(node, exp.Add | exp.Sub) else "number"
    if isinstance(node, _SAME_AS_FIRST):
        return family(node.this)
    return _family_of_type(_type_of(node))


def _type_of(node: exp.Expr) -> exp.DataType | None:
    if isinstance(node, exp.Cast):
        return node.to
    return node.type if isinstance(node, exp.Column) else None


def _family_of_type(kind: exp.DataType | None) -> str | None:
    if kind is None:
        return None
    families = {"text": _TEXT, "number": _NUMBER, "time": _TIME, "boolean": {exp.DType.BOOLEAN}}
    return next((name for name, types in families.items() if kind.this in types), None)


def is_whole(node: exp.Expr) -> bool:
    """Return whether an expression is known to hold whole numbers alone."""
    if isinstance(node, exp.Literal):
        return node.is_int
    if isinstance(node, _WHOLE_RESULTS):
        return True
    if isinstance(node, exp.Coalesce):
        return is_whole(node.this) and all(map(is_whole, node.expressions))
    if isinstance(node, (exp.Sum, exp.Neg, exp.Abs, *_SAME_AS_FIRST)):
        return is_whole(node.this)
    kind = _type_of(node)
    if kind is not None:
        return kind.this in _WHOLE
    return isinstance(node, exp.Column) and _is_whole_alias(node)


def _is_whole_alias(column: exp.Column) -> bool:
    """Look the column up among what the statement itself computes."""
    meant = [a.this for a in column.root().find_all(exp.Alias) if a.alias == column.name]
    return bool(meant) and all(is_whole(m) for m in meant if m is not column)
