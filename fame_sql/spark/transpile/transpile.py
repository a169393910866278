"""DuckDB's SQL in Spark's dialect, refusing what Spark would answer differently."""

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
"""Where DuckDB's ``time_bucket`` begins to count: a Monday."""

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
    """Return a statement of DuckDB's in Spark's dialect.

    Tables of the schema ``fame`` lose it, for Spark's temporary views have no schema;
    parameters ``$name`` become ``:name``, for ``spark.sql(statement, args={"name": ...})``.

    Parameters
    ----------
    statement : str
        One SELECT or CREATE VIEW.
    name : str
        What errors call it.
    columns : mapping of str to str, optional
        DuckDB's types of columns that are not the warehouse's, by name: what is not known to
        be a whole number is not summed.

    Raises
    ------
    QueryError
        If it cannot be read, or Spark is not known to answer alike; the message names the
        construct, its line, and what to write instead.
    """
    tree = _parsed(statement, name)
    annotate(tree, columns or {})
    for node in (*tree.find_all(exp.Column), *tree.walk()):
        if told := fault(node):
            raise QueryError(f"{name}{_line(node)}: {_shown(node)}: {told}")
    for node in reversed(list(tree.walk())):
        new = _rewritten(node)
        if new is not node:
            node.replace(new)
    try:
        return tree.sql("spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.UnsupportedError as error:
        first = str(error).splitlines()[0]
        raise QueryError(f"{name}: {first}; ask DuckDB, or write it in plain SQL") from None


def _parsed(statement: str, name: str) -> exp.Expr:
    try:
        trees = [tree for tree in sqlglot.parse(statement, dialect="duckdb") if tree is not None]
    except sqlglot.errors.ParseError as error:
        first = str(error).splitlines()[0]
        raise QueryError(f"{name} cannot be read: {first}; try it on DuckDB first") from None
    if len(trees) != 1:
        raise QueryError(f"{name} holds {len(trees)} statements; give one at a time")
    return trees[0]


def _line(node: exp.Expr) -> str:
    around: exp.Expr | None = node
    while around is not None:
        if lines := [inner.meta["line"] for inner in around.walk() if "line" in inner.meta]:
            return f", line {max(lines)}" if around is not node else f", line {min(lines)}"
        around = around.parent
    return ""


def _shown(node: exp.Expr) -> str:
    text = node.sql("duckdb", comments=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _rewritten(node: exp.Expr) -> exp.Expr:
    """Return what says on Spark what a node says on DuckDB."""
    if isinstance(node, exp.Table) and node.db.lower() == "fame":
        node.set("db", None)
    elif isinstance(node, exp.CTE):
        node.set("materialized", None)  # a hint, which Sail does not read
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
        return _cut(node)
    elif isinstance(node, exp.Group) and node.args.get("all"):
        return _spelled_out(node)
    elif isinstance(node, exp.DateBin):
        return _bucketed(node)
    elif isinstance(node, exp.ArgMin | exp.ArgMax):
        return exp.Filter(this=node.copy(), expression=exp.Where(this=_is_present(node)))
    return node


def _spelled_out(node: exp.Group) -> exp.Expr:
    """Name what GROUP BY ALL groups by, which Sail does not know; a literal groups nothing."""
    selected = node.parent.selects if isinstance(node.parent, exp.Select) else []
    plain = [item.unalias() for item in selected if not item.find(exp.AggFunc)]
    named = [item.copy() for item in plain if not isinstance(item, exp.Literal)]
    return exp.Group(expressions=named)


def _rounded(node: exp.Round) -> exp.Expr:
    """Scale, round to whole numbers and scale back, as DuckDB does; Spark rounds the decimals."""
    scale = _double(10.0 ** int(node.args["decimals"].name)).sql("spark")
    value, most = node.this.sql("spark"), _double(sys.float_info.max).sql("spark")
    scaled = f"({value}) * {scale}"
    # What is too large to be scaled, infinite or no number stays as it is.
    return _spark(
        f"CASE WHEN abs({scaled}) <= {most} THEN round({scaled}) / {scale} ELSE {value} END"
    )


def _days_between(node: exp.Sub) -> exp.Expr:
    later, earlier = node.this.sql("spark"), node.expression.sql("spark")
    return _spark(f"CAST(datediff({later}, {earlier}) AS BIGINT)")


def _cut(node: exp.Floor | exp.Ceil) -> exp.Expr:
    """Cast, which fails for what no BIGINT holds, as DuckDB does; Spark's own floor answers 0."""
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
    """Take away what a time lies past its bucket's start."""
    width = int(node.this.this.name) * _MICROSECONDS[node.this.unit.name.upper().removesuffix("S")]
    time = node.expression.sql("spark")
    since = f"timestampdiff(MICROSECOND, CAST('{_ORIGIN}' AS TIMESTAMP_NTZ), {time})"
    bucket = f"timestampadd(MICROSECOND, -pmod({since}, {width}), {time})"
    return _spark(bucket)


def _is_present(node: exp.ArgMin | exp.ArgMax) -> exp.Expr:
    """DuckDB passes over rows without a value to return; Spark returns NULL for them."""
    return exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
