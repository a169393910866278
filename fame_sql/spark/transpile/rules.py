"""What Spark would answer differently: constructs that are refused, and why.

Refusing is the default. A construct passes if both engines are known to answer alike, and a test
runs it on both; one that passes only in some form has a check in :data:`CHECKS`. What was silently
different when it was measured stands in :data:`REFUSED` with what to write instead.
"""

from __future__ import annotations

from sqlglot import exp

from fame_sql.spark.transpile.checks import CHECKS

ALIKE: set[type[exp.Expr]] = {
    *(exp.Select, exp.From, exp.Where, exp.Having, exp.Subquery, exp.CTE, exp.TableAlias),
    *(exp.Table, exp.Alias, exp.Identifier, exp.Boolean, exp.Null, exp.Paren),
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.Exists, exp.MD5, exp.Filter),
    *(exp.Ordered, exp.Abs, exp.Neg, exp.RowNumber, exp.Rank, exp.DenseRank),
    *(exp.LogicalOr, exp.LogicalAnd, exp.AnyValue, exp.IgnoreNulls, exp.DataType),
    *(exp.Placeholder, exp.Qualify),
}
"""Constructs that mean the same in any form."""

REFUSED: dict[type[exp.Expr], str] = {
    exp.IntDiv: "integer division rounds and fails otherwise; write floor(a / b)",
    exp.Lower: "letters outside ASCII are lowered otherwise; compare the text as it is written",
    exp.Upper: "letters outside ASCII are raised otherwise; compare the text as it is written",
    exp.Bracket: "lists count from 1 in DuckDB and from 0 in Spark; use a column of its own",
    exp.Tuple: "rows with NULL are compared otherwise; compare one column at a time",
    exp.Struct: "structs are compared and printed otherwise; name the columns one by one",
    exp.ArrayAgg: "DuckDB keeps NULL and an order, Spark neither; aggregate one value",
    exp.GroupConcat: "Spark keeps no order; aggregate one value",
    exp.ILike: "letters outside ASCII are matched otherwise; use LIKE",
    exp.RegexpLike: "patterns are read otherwise; use LIKE, or compare the canonical text",
    exp.RegexpExtract: "no match gives other answers; use columns that hold the parts",
    exp.DPipe: "numbers become text otherwise; join text outside the statement",
    exp.Concat: "numbers become text otherwise; join text outside the statement",
    exp.TryCast: "what counts as a number differs; cast before the data reach Spark",
    exp.Avg: "Spark adds whole numbers as floats; write sum(x) / count(x)",
    exp.Quantile: "Spark interpolates otherwise; compute it in DuckDB",
    exp.PercentileCont: "Spark interpolates otherwise; compute it in DuckDB",
    exp.CurrentTimestamp: "the time differs between engines; pass it as a parameter",
    exp.TimestampTrunc: "a text is truncated otherwise; use time_bucket(INTERVAL ..., column)",
    exp.Unnest: "several lists are unnested otherwise; use a table of their members",
    exp.Explode: "several lists are unnested otherwise; use a table of their members",
    exp.TableSample: "a sample differs between engines; filter by a column",
    exp.Insert: "the warehouse is written by DuckDB alone; ask the SELECT within it",
    exp.Update: "the warehouse is written by DuckDB alone; write a SELECT",
    exp.Delete: "the warehouse is written by DuckDB alone; write a SELECT",
    exp.Merge: "the warehouse is written by DuckDB alone; write a SELECT",
    exp.Drop: "the warehouse is written by DuckDB alone; drop Spark's tables in Spark",
    exp.Alter: "the warehouse is written by DuckDB alone; write a SELECT",
}
"""Constructs that Spark answers otherwise, or not at all: why, and what to do."""


def fault(node: exp.Expr) -> str | None:
    """Return why Spark cannot be trusted with a node, None if it can."""
    kind = type(node)
    if kind in ALIKE:
        return None
    if kind in CHECKS:
        return CHECKS[kind](node)
    if kind in REFUSED:
        return REFUSED[kind]
    return "it is not known to answer alike on Spark; ask DuckDB, or write it in plain SQL"
