"""What makes a construct mean the same on Spark, where it does so in some form only."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from fame_sql.spark.columns import family, is_whole
from fame_sql.spark.patterns import java_replacement, pattern_fault

Check = Callable[[exp.Expr], str | None]

_FULL_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?)?")
_JOINS = {"", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "OUTER"}
_FIXED_UNITS = {"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK"}


def _literal(node: exp.Expr | None, name: str) -> str | None:
    is_text = isinstance(node, exp.Literal) and node.is_string
    return None if is_text else f"the {name} must be a literal, to be read before it runs"


def _regexp_replace(node: exp.Expr) -> str | None:
    pattern, replacement = node.expression, node.args.get("replacement")
    modifiers = node.args.get("modifiers")
    if modifiers is None or modifiers.name != "g":
        return "Spark replaces every match and takes no options; add 'g' as the fourth argument"
    if told := _literal(pattern, "pattern") or _literal(replacement, "replacement"):
        return told
    if told := pattern_fault(pattern.name):
        return f"its pattern has {told}; use fame_canonical, or rewrite the pattern"
    try:
        java_replacement(replacement.name if replacement else "")
    except ValueError as error:
        return f"its replacement has {error}, which Java reads otherwise; leave it out"
    return None


def _like(node: exp.Expr) -> str | None:
    if told := _literal(node.expression, "pattern"):
        return told
    return "Spark escapes with \\; use no \\ in a pattern" if "\\" in node.expression.name else None


def _division(node: exp.Expr) -> str | None:
    below = node.expression.unnest()
    if isinstance(below, exp.Nullif) and below.expression.name == "0":
        return None
    if isinstance(below, exp.Literal) and below.is_number and float(below.name) != 0:
        return None
    return "dividing by 0 is an error in Spark; divide by nullif(..., 0)"


def _count_from_one(node: exp.Expr) -> str | None:
    places = [node.args.get(name) for name in ("start", "length") if node.args.get(name)]
    places += [node.expression] if isinstance(node, exp.Left) else []
    if all(isinstance(place, exp.Literal) and place.is_int for place in places) and (
        "start" not in node.args or int(node.args["start"].name) > 0
    ):
        return None
    return "a place before the first character is read otherwise; use literals above 0"


def _cast(node: exp.Expr) -> str | None:
    assert isinstance(node, exp.Cast)
    of, to = node.this.unnest(), node.to
    if to.this in exp.DataType.INTEGER_TYPES and is_whole(of):
        return None
    if to.this == exp.DType.DOUBLE and is_whole(of):
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
        f"a cast to {to.sql('duckdb')} rounds, trims or reads text otherwise; cast whole numbers "
        "to numbers, and 'YYYY-MM-DD HH:MM:SS' to TIMESTAMP"
    )


def _comparison(node: exp.Expr) -> str | None:
    sides = [node.this, *node.args.get("expressions", [])]
    sides += [node.args[name] for name in ("expression", "low", "high") if node.args.get(name)]
    return _mixed(sides)


def _branches(node: exp.Expr) -> str | None:
    results = [branch.args["true"] for branch in node.args["ifs"]]
    results += [node.args["default"]] if node.args.get("default") else []
    compared = [node.this, *(branch.this for branch in node.args["ifs"])] if node.this else []
    return _mixed(results) or _mixed(compared)


def _mixed(sides: Sequence[exp.Expr]) -> str | None:
    families = {known for side in sides if (known := family(side)) is not None}
    if len(families) > 1:
        return f"{' and '.join(sorted(families))} are cast otherwise; cast one side"
    return None


def _sum_of_two(node: exp.Expr) -> str | None:
    if "text" in (family(node.this), family(node.expression)):
        return "text is read as a number otherwise; cast before the data reach Spark"
    return None


def _extreme(node: exp.Expr) -> str | None:
    return "Spark returns one value; ask for the one" if node.args.get("count") else None


def _set_operation(node: exp.Expr) -> str | None:
    return (
        "Spark matches columns by place; name them in order" if node.args.get("by_name") else None
    )


def _limit(node: exp.Expr) -> str | None:
    ordered = node.parent is not None and node.parent.args.get("order")
    return None if ordered else "without an order each engine returns other rows; add ORDER BY"


def _group(node: exp.Expr) -> str | None:
    selected = node.parent.selects if isinstance(node.parent, exp.Select) else []
    unnamed = any(item.is_star or item.find(exp.Window) for item in selected)
    if node.args.get("all") and unnamed:
        return "ALL cannot be spelled out beside a window or *; name what to group by"
    return None


def _order(node: exp.Expr) -> str | None:
    if any(item.this.name.upper() == "ALL" for item in node.expressions):
        return "ORDER BY ALL is not Spark's; name the columns"
    return None


def _window(node: exp.Expr) -> str | None:
    ranks = isinstance(node.this, exp.RowNumber | exp.Rank | exp.DenseRank | exp.Lag | exp.Lead)
    if ranks and not node.args.get("order"):
        return "without an order each engine numbers other rows; add ORDER BY to the window"
    return None


def _frame(node: exp.Expr) -> str | None:
    return None if node.args.get("kind") == "ROWS" else "only frames of ROWS are known to be alike"


def _join(node: exp.Expr) -> str | None:
    asked = {str(node.args.get(name) or "").upper() for name in ("side", "kind", "method")}
    return None if asked <= _JOINS else f"Spark has no {' '.join(sorted(asked)).strip()} join"


def _with(node: exp.Expr) -> str | None:
    return "Spark recurses otherwise; write no RECURSIVE" if node.args.get("recursive") else None


def _star(node: exp.Expr) -> str | None:
    if node.args.get("replace") or node.args.get("rename"):
        return "Spark has no * REPLACE or RENAME; name the columns"
    return None


def _sum(node: exp.Expr) -> str | None:
    if is_whole(node.this):
        return None
    return "floats are added in no fixed order; sum whole numbers, or count"


def _one_column(node: exp.Expr) -> str | None:
    distinct = node.this if isinstance(node, exp.Count) else node
    if isinstance(distinct, exp.Distinct) and (
        distinct.args.get("on") or (isinstance(node, exp.Count) and len(distinct.expressions) > 1)
    ):
        return "DISTINCT over several columns counts NULL otherwise, and DISTINCT ON has no order"
    return None


def _round(node: exp.Expr) -> str | None:
    digits = node.args.get("decimals")
    whole = digits is None or (isinstance(digits, exp.Literal) and digits.is_int)
    return None if whole else "how many digits must be a literal, for Spark rounds otherwise"


def _to_whole(node: exp.Expr) -> str | None:
    cast = isinstance(node.parent, exp.Cast) and node.parent.to.this == exp.DType.BIGINT
    return None if cast else "the result has another type in Spark; cast it to BIGINT"


def _decimal(node: exp.Expr) -> str | None:
    if node.is_string or node.is_int:
        return None
    inside = node.find_ancestor(exp.Div, exp.Binary)
    if isinstance(inside, exp.Div | exp.Predicate) or node.find_ancestor(exp.Div):
        return None
    return "decimal numbers have other types in Spark; compare or divide, or cast to DOUBLE"


def _bucket(node: exp.Expr) -> str | None:
    width = node.this
    unit = str(width.args.get("unit") or "").upper().removesuffix("S")
    fixed = isinstance(width, exp.Interval) and unit in _FIXED_UNITS
    if fixed and isinstance(width.this, exp.Literal) and not node.args.get("zone"):
        return None
    return "buckets must be a literal number of weeks, days, hours, minutes or seconds"


def _interval(node: exp.Expr) -> str | None:
    return None if isinstance(node.parent, exp.DateBin) else "use it in time_bucket alone"


def _no_ties(node: exp.Expr) -> str | None:
    if isinstance(node.expression.unnest(), exp.Tuple):
        return "rows with NULL are compared otherwise; order by one column"
    filtered = isinstance(node.parent, exp.Filter)
    return "Spark needs its FILTER; say the condition in a CASE" if filtered else None


def _anonymous(node: exp.Expr) -> str | None:
    if node.name.lower().startswith("fame_"):
        return None  # a live function: the same Arrow code on both engines
    if node.name.lower() in ("now", "random", "uuid", "current_timestamp"):
        return f"{node.name} answers otherwise each time; pass the value as a parameter"
    return f"{node.name} is not known to answer alike on Spark; ask DuckDB"


def _create(node: exp.Expr) -> str | None:
    if node.args.get("kind") == "VIEW":
        return None
    return "the warehouse is written by DuckDB alone; only views are made on Spark"


CHECKS: dict[type[exp.Expr], Check] = {
    exp.RegexpReplace: _regexp_replace,
    exp.Like: _like,
    exp.Div: _division,
    exp.Mod: _division,
    exp.Left: _count_from_one,
    exp.Substring: _count_from_one,
    exp.Cast: _cast,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _comparison),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In), _comparison),
    **dict.fromkeys((exp.Coalesce, exp.Nullif), _comparison),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _sum_of_two),
    **dict.fromkeys((exp.Max, exp.Min), _extreme),
    **dict.fromkeys((exp.Union, exp.Except, exp.Intersect), _set_operation),
    exp.Case: _branches,
    exp.Limit: _limit,
    exp.Group: _group,
    exp.Order: _order,
    exp.Window: _window,
    exp.WindowSpec: _frame,
    exp.Join: _join,
    exp.With: _with,
    exp.Star: _star,
    exp.Sum: _sum,
    exp.Count: _one_column,
    exp.Distinct: _one_column,
    exp.Round: _round,
    **dict.fromkeys((exp.Floor, exp.Ceil), _to_whole),
    exp.Literal: _decimal,
    exp.DateBin: _bucket,
    exp.Interval: _interval,
    exp.Var: lambda node: None if isinstance(node.parent, exp.Interval) else "it has no meaning",
    exp.ArgMin: _no_ties,
    exp.ArgMax: _no_ties,
    exp.Anonymous: _anonymous,
    exp.Create: _create,
}
"""Constructs that Spark answers alike in some form only, and what tells the form."""
