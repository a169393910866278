"""Which constructs are passed to Spark, and why the others are refused.

Refusing is the default. A construct passes if it is known to give the same result on both engines,
and a test runs it on both; a construct that passes only in some forms has a check in
:data:`CHECKS`. Constructs for which measurements showed different results without an error are in
:data:`REFUSED`, with what to write instead.
"""

from __future__ import annotations

from sqlglot import exp

from fame_sql.spark.transpile.checks import CHECKS

SAME: set[type[exp.Expr]] = {
    *(exp.Select, exp.From, exp.Where, exp.Having, exp.Subquery, exp.CTE, exp.TableAlias),
    *(exp.Table, exp.Alias, exp.Identifier, exp.Boolean, exp.Null, exp.Paren),
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.Exists, exp.MD5, exp.Filter),
    *(exp.Ordered, exp.Abs, exp.Neg, exp.RowNumber, exp.Rank, exp.DenseRank),
    *(exp.LogicalOr, exp.LogicalAnd, exp.AnyValue, exp.IgnoreNulls, exp.DataType),
    *(exp.Placeholder, exp.Qualify),
}
"""Constructs with the same result in any form."""

REFUSED: dict[type[exp.Expr], str] = {
    exp.IntDiv: "integer division rounds and fails differently; write floor(a / b)",
    exp.Lower: "lower-casing differs outside ASCII; compare the text as it is",
    exp.Upper: "upper-casing differs outside ASCII; compare the text as it is",
    exp.Bracket: "lists count from 1 in DuckDB and from 0 in Spark; store the element in a column",
    exp.Tuple: "rows with NULL are compared differently; compare one column at a time",
    exp.Struct: "structs are compared and printed differently; name the columns one by one",
    exp.ArrayAgg: "DuckDB keeps NULL and the order, Spark neither; aggregate to one value",
    exp.GroupConcat: "Spark does not keep the order; aggregate to one value",
    exp.ILike: "letters outside ASCII are matched differently; use LIKE",
    exp.RegexpLike: "patterns are read differently; use LIKE, or compare the canonical text",
    exp.RegexpExtract: "the result without a match differs; use columns that hold the parts",
    exp.DPipe: "numbers are converted to text differently; concatenate outside the statement",
    exp.Concat: "numbers are converted to text differently; concatenate outside the statement",
    exp.TryCast: "which texts are numbers differs; cast before the data reach Spark",
    exp.Avg: "Spark adds whole numbers as floats; write sum(x) / count(x)",
    exp.Quantile: "Spark interpolates differently; compute it in DuckDB",
    exp.PercentileCont: "Spark interpolates differently; compute it in DuckDB",
    exp.CurrentTimestamp: "the time differs between engines; pass it as a parameter",
    exp.TimestampTrunc: "text is truncated differently; use time_bucket(INTERVAL ..., column)",
    exp.Unnest: "several lists are unnested differently; use a table of their elements",
    exp.Explode: "several lists are unnested differently; use a table of their elements",
    exp.TableSample: "a sample differs between engines; filter by a column",
    exp.Insert: "only DuckDB writes to the warehouse; run only the SELECT",
    exp.Update: "only DuckDB writes to the warehouse; write a SELECT",
    exp.Delete: "only DuckDB writes to the warehouse; write a SELECT",
    exp.Merge: "only DuckDB writes to the warehouse; write a SELECT",
    exp.Drop: "only DuckDB writes to the warehouse; drop Spark's tables in Spark itself",
    exp.Alter: "only DuckDB writes to the warehouse; write a SELECT",
}
"""Constructs with another result on Spark, or none: why, and what to write instead."""


def fault(node: exp.Expr) -> str | None:
    """Return why a node cannot be passed to Spark, None if it can."""
    kind = type(node)
    if kind in SAME:
        return None
    if kind in CHECKS:
        return CHECKS[kind](node)
    if kind in REFUSED:
        return REFUSED[kind]
    return "it is not known to give the same result on Spark; run it on DuckDB, or use plain SQL"
