"""Translate DuckDB's SQL to Spark's dialect; constructs with another result are refused."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import sqlglot
from sqlglot import exp

from fame_sql.errors import QueryError
from fame_sql.spark.transpile.columns import annotate, kind_of
from fame_sql.spark.transpile.patterns import java_replacement
from fame_sql.spark.transpile.rules import fault

_ORIGIN = "2000-01-03 00:00:00"
"""The origin of DuckDB's ``time_bucket``, a Monday."""

_MICROSECONDS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
    "WEEK": 604_800_000_000,
}


def transpile(
    statement: str, name: str = "the statement", *, columns: Mapping[str, str] | None = None
) -> str:
    """Translate a statement from DuckDB's dialect to Spark's.

    The schema ``fame`` is removed, because Spark's temporary views have no schema;
    parameters ``$name`` become ``:name``, for ``spark.sql(statement, args={"name": ...})``.

    Parameters
    ----------
    statement : str
        One SELECT or CREATE VIEW.
    name : str
        The statement's name in error messages.
    columns : mapping of str to str, optional
        DuckDB types of columns that are not in the warehouse, by name. For example, only columns
        that are known to be whole numbers can be summed.

    Returns
    -------
    str
        The statement for Spark.

    Raises
    ------
    QueryError
        If the statement cannot be parsed, or its result on Spark is not known to be the same; the
        message has the construct, its line, and what to write instead.
    """
    tree = _parsed(statement, name)
    annotate(tree, columns or {})
    for node in (*tree.find_all(exp.Column), *tree.walk()):
        if reason := fault(node):
            raise QueryError(f"{name}{_line(node)}: {_excerpt(node)}: {reason}")
    for node in reversed(list(tree.walk())):
        new = _rewritten(node)
        if new is not node:
            node.replace(new)
    try:
        return tree.sql("spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.UnsupportedError as error:
        first = str(error).splitlines()[0]
        raise QueryError(f"{name}: {first}; run it on DuckDB, or use plain SQL") from None


def _parsed(statement: str, name: str) -> exp.Expr:
    try:
        trees = [tree for tree in sqlglot.parse(statement, dialect="duckdb") if tree is not None]
    except sqlglot.errors.ParseError as error:
        first = str(error).splitlines()[0]
        raise QueryError(f"{name} cannot be read: {first}; try it on DuckDB first") from None
    if len(trees) != 1:
        raise QueryError(f"{name} has {len(trees)} statements; pass one at a time")
    return trees[0]


def _line(node: exp.Expr) -> str:
    around: exp.Expr | None = node
    while around is not None:
        if lines := [inner.meta["line"] for inner in around.walk() if "line" in inner.meta]:
            return f", line {max(lines)}" if around is not node else f", line {min(lines)}"
        around = around.parent
    return ""


def _excerpt(node: exp.Expr) -> str:
    text = node.sql("duckdb", comments=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _rewritten(node: exp.Expr) -> exp.Expr:
    """Return the node for Spark with the meaning that a node has on DuckDB."""
    if isinstance(node, exp.Table) and node.db.lower() == "fame":
        node.set("db", None)
    elif isinstance(node, exp.CTE):
        node.set("materialized", None)  # only a hint, which Sail does not accept
    elif isinstance(node, exp.Create):
        node.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]))
    elif isinstance(node, exp.RegexpReplace):
        node.set("replacement", exp.Literal.string(java_replacement(node.args["replacement"].name)))
    elif isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
        return exp.cast(exp.Literal.number(node.name), "DOUBLE")
    elif isinstance(node, exp.Round) and node.args.get("decimals") is not None:
        return _rounded(node)
    elif isinstance(node, exp.Sub) and kind_of(node.this) == "date":
        return _days_between(node)
    elif isinstance(node, exp.Floor | exp.Ceil):
        return _floor_or_ceil(node)
    elif isinstance(node, exp.Group) and node.args.get("all"):
        return _expanded_group(node)
    elif isinstance(node, exp.DateBin):
        return _bucketed(node)
    elif isinstance(node, exp.ArgMin | exp.ArgMax):
        return exp.Filter(this=node.copy(), expression=exp.Where(this=_is_present(node)))
    return node


def _expanded_group(node: exp.Group) -> exp.Expr:
    """Name the columns of GROUP BY ALL, which Sail does not support; literals are left out."""
    selected = node.parent.selects if isinstance(node.parent, exp.Select) else []
    plain = [item.unalias() for item in selected if not item.find(exp.AggFunc)]
    named = [item.copy() for item in plain if not isinstance(item, exp.Literal)]
    return exp.Group(expressions=named)


def _rounded(node: exp.Round) -> exp.Expr:
    """Scale, round to whole numbers and scale back as DuckDB does; Spark rounds in decimal."""
    scale = _double(10.0 ** int(node.args["decimals"].name)).sql("spark")
    value, largest = node.this.sql("spark"), _double(sys.float_info.max).sql("spark")
    scaled = f"({value}) * {scale}"
    # Values that are too large to be scaled, infinite values and NaN stay as they are.
    return _spark(
        f"CASE WHEN abs({scaled}) <= {largest} THEN round({scaled}) / {scale} ELSE {value} END"
    )


def _days_between(node: exp.Sub) -> exp.Expr:
    later, earlier = node.this.sql("spark"), node.expression.sql("spark")
    return _spark(f"CAST(datediff({later}, {earlier}) AS BIGINT)")


def _floor_or_ceil(node: exp.Floor | exp.Ceil) -> exp.Expr:
    """Cast, which fails for values outside BIGINT as on DuckDB; Spark's own floor returns 0."""
    value = node.this.sql("spark")
    whole = f"CAST({value} AS BIGINT)"
    if isinstance(node, exp.Floor):
        return _spark(f"({whole} - CASE WHEN {value} < {whole} THEN 1 ELSE 0 END)")
    return _spark(f"({whole} + CASE WHEN {value} > {whole} THEN 1 ELSE 0 END)")


def _spark(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect="spark")


def _double(value: float) -> exp.Expr:
    return exp.cast(exp.Literal.number(value), "DOUBLE")


def _bucketed(node: exp.DateBin) -> exp.Expr:
    """Subtract from a time its distance from the start of its bucket."""
    width = int(node.this.this.name) * _MICROSECONDS[node.this.unit.name.upper().removesuffix("S")]
    time = node.expression.sql("spark")
    since = f"timestampdiff(MICROSECOND, CAST('{_ORIGIN}' AS TIMESTAMP_NTZ), {time})"
    bucket = f"timestampadd(MICROSECOND, -pmod({since}, {width}), {time})"
    return _spark(bucket)


def _is_present(node: exp.ArgMin | exp.ArgMax) -> exp.Expr:
    """Return the condition that DuckDB applies by itself: the value to return is not NULL."""
    return exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
