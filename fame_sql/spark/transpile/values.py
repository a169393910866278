"""Checks of numbers, times and texts, which have the same meaning on Spark only in some forms.

Each check returns why a node cannot be passed to Spark, None if it can.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from sqlglot import exp

from fame_sql.spark.transpile.columns import branches, family, is_whole, kind_of

_FULL_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?)?")
_FIXED_UNITS = {"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK"}
_SIGNED = exp.DataType.SIGNED_INTEGER_TYPES - {exp.DType.INT128, exp.DType.INT256}
_SAME_TYPES = {
    *(exp.DType.DOUBLE, exp.DType.DATE, exp.DType.DATE32),
    *(exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ),
    *exp.DataType.INTEGER_TYPES,
}
_OTHER_TYPES = (
    exp.DataType.NUMERIC_TYPES | exp.DataType.TEMPORAL_TYPES | {exp.DType.INTERVAL}
) - _SAME_TYPES
_OPERATORS = (
    *(exp.Add, exp.Sub, exp.Mul),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
)
_UNKNOWN = "its type is not known; pass the types of your columns: columns={'name': 'BIGINT'}"
_MOST_DIGITS = 15
"""The number of decimal digits that a DOUBLE always keeps."""


def column(node: exp.Expr) -> str | None:
    """Refuse columns of types for which Spark computes in another type."""
    kind = node.type
    if kind is None or kind.this not in _OTHER_TYPES or isinstance(node.parent, exp.Star):
        return None
    to = "TIMESTAMP" if kind.this in exp.DataType.TEMPORAL_TYPES else "DOUBLE"
    return f"{kind.sql('duckdb')} is computed differently in Spark; store it as {to}"


def arithmetic(node: exp.Expr) -> str | None:
    """Pass arithmetic of numbers, and a DATE minus a DATE."""
    sides = kind_of(node.this), kind_of(node.expression)
    if sides == ("date", "date") and isinstance(node, exp.Sub):
        return None
    if isinstance(node.this, exp.Interval) or isinstance(node.expression, exp.Interval):
        return None  # the interval itself is refused
    families = {family(node.this), family(node.expression)}
    if "text" in families:
        return "text is read as a number differently; cast before the data reach Spark"
    if "time" in families:
        return "Spark returns an interval; subtract a DATE from a DATE to get days, or compare"
    return _UNKNOWN if None in families else None


def division(node: exp.Expr) -> str | None:
    """Pass division of numbers by a value that is never 0."""
    divisor = node.expression.unnest()
    is_literal = isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.name) != 0
    is_guarded = isinstance(divisor, exp.Nullif) and divisor.expression.name == "0"
    if not (is_literal or is_guarded):
        return "dividing by 0 is an error in Spark; divide by nullif(..., 0)"
    known = {family(node.this), family(divisor)} == {"number"}
    return None if known else _UNKNOWN


def cast(node: exp.Expr) -> str | None:
    """Pass casts that lose nothing and parse no text."""
    assert isinstance(node, exp.Cast)
    of, to = node.this.unnest(), node.to
    if is_whole(of) and to.this in {*_SIGNED, exp.DType.DOUBLE}:
        return None
    if to.this == exp.DType.BIGINT and isinstance(of, exp.Floor | exp.Ceil):
        return None
    if to.this == exp.DType.DATE and family(of) == "time":
        return None
    if to.this in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ) and (
        isinstance(of, exp.Placeholder)
        or family(of) == "time"
        or (isinstance(of, exp.Literal) and _FULL_TIME.fullmatch(of.name))
    ):
        return None
    return (
        f"a cast to {to.sql('duckdb')} rounds, trims or parses text differently; cast only whole "
        "numbers to numbers, and 'YYYY-MM-DD HH:MM:SS' to TIMESTAMP"
    )


def comparison(node: exp.Expr) -> str | None:
    """Pass comparisons of values of one family."""
    sides = [node.this, *node.args.get("expressions", [])]
    sides += [node.args[name] for name in ("expression", "low", "high") if node.args.get(name)]
    sides += [query] if (query := node.args.get("query")) else []
    return mixed(sides)


def branching(node: exp.Expr) -> str | None:
    """Pass a ``CASE``, an ``if`` or a ``coalesce`` whose results are of one family."""
    if isinstance(node, exp.If) and isinstance(node.parent, exp.Case):
        return None
    whens = [branch.this for branch in node.args.get("ifs", [])]
    compared = [node.this, *whens] if isinstance(node, exp.Case) and node.this else []
    return mixed(branches(node)) or mixed(compared)


def neighbour(node: exp.Expr) -> str | None:
    """Pass ``lag`` and ``lead`` with a literal offset, and a default of the value's own type."""
    offset, default = node.args.get("offset"), node.args.get("default")
    if offset is not None and not isinstance(offset, exp.Literal):
        return "the number of rows must be a literal in Spark; write a number"
    return mixed([node.this, default]) if default is not None else None


def mixed(sides: Sequence[exp.Expr]) -> str | None:
    """Return why values of several families cannot be combined, None if they are of one family."""
    families = {known for side in sides if (known := family(side)) is not None}
    if len(families) > 1:
        return f"{' and '.join(sorted(families))} are cast to each other differently; cast one side"
    return None


def total(node: exp.Expr) -> str | None:
    """Pass sums of whole numbers."""
    if is_whole(node.this):
        return None
    return "floats are added in no fixed order; sum whole numbers, or use count"


def rounded(node: exp.Expr) -> str | None:
    """Pass the rounding of a DOUBLE to a literal number of digits."""
    digits = node.args.get("decimals")
    if digits is None:
        return None if family(node.this) == "number" else _UNKNOWN
    if not (isinstance(digits, exp.Literal) and digits.is_int):
        return "the number of digits must be a literal; write a number"
    if int(digits.name) > _MOST_DIGITS:
        return f"a DOUBLE has no more than {_MOST_DIGITS} digits; round to fewer"
    is_double = kind_of(node.this) == "double"
    return None if is_double else "only a DOUBLE is known to be rounded the same way; cast it"


def to_whole(node: exp.Expr) -> str | None:
    """Pass ``floor`` and ``ceil`` of a DOUBLE, cast to BIGINT."""
    if not (isinstance(node.parent, exp.Cast) and node.parent.to.this == exp.DType.BIGINT):
        return "the result has another type in Spark; cast it to BIGINT"
    is_double = kind_of(node.this) == "double"
    return None if is_double else "only a DOUBLE is known to give the same result; cast it"


def literal(node: exp.Expr) -> str | None:
    """Pass texts, whole numbers, and decimals where both engines convert them to DOUBLE."""
    if node.is_string:
        return None
    if node.is_int:
        fits = int(node.name) < 2**63
        return None if fits else "a number above 9223372036854775807 has another type in Spark"
    if not math.isfinite(float(node.name)):
        return "a number that no DOUBLE can hold is read differently; write a smaller one"
    if len(re.sub(r"[eE].*|\.", "", node.name).strip("0")) > _MOST_DIGITS:
        return f"a decimal of more than {_MOST_DIGITS} digits is read differently; write fewer"
    if _becomes_double(node):
        return None
    return (
        "decimal numbers have other types in Spark; use them with values known to be DOUBLE: "
        "columns={'name': 'DOUBLE'}"
    )


def _becomes_double(node: exp.Expr) -> bool:
    name = node.name
    while isinstance(node.parent, exp.Paren | exp.Neg):
        node = node.parent
    around = node.parent
    if isinstance(around, exp.Div):
        return True
    if not isinstance(around, _OPERATORS):
        return False
    other = around.expression if node is around.this else around.this
    if kind_of(other) == "double" and not isinstance(other.unnest(), exp.Literal):
        return True
    # A whole number times 100.0 is exact on both engines, and is then divided as DOUBLE.
    is_factor = isinstance(around, exp.Mul) and isinstance(around.parent, exp.Div)
    return is_factor and float(name).is_integer() and is_whole(other)


def bucket(node: exp.Expr) -> str | None:
    """Pass ``time_bucket`` of a TIMESTAMP by a literal width in units of fixed length."""
    width = node.this
    unit = str(width.args.get("unit") or "").upper().removesuffix("S")
    fixed = isinstance(width, exp.Interval) and unit in _FIXED_UNITS
    if not (
        fixed and isinstance(width.this, exp.Literal) and re.fullmatch(r"\d+", width.this.name)
    ):
        return "the width must be a literal number of weeks, days, hours, minutes or seconds"
    if any(node.args.get(name) for name in ("unit", "zone", "origin")):
        return "buckets are counted from a Monday in 2000; pass no offset or origin"
    is_time = kind_of(node.expression) == "timestamp"
    return (
        None
        if is_time
        else "only a TIMESTAMP is known to give the same buckets; cast it to TIMESTAMP"
    )


def interval(node: exp.Expr) -> str | None:
    """Pass intervals only as the width of ``time_bucket``."""
    return (
        None
        if isinstance(node.parent, exp.DateBin)
        else "intervals are computed differently; use time_bucket alone"
    )
