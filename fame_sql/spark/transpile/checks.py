"""What makes a construct mean the same on Spark, where it does so in some form only."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from fame_sql.spark.transpile import values
from fame_sql.spark.transpile.patterns import java_replacement, pattern_fault

Check = Callable[[exp.Expr], str | None]

_JOINS = {"", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "OUTER"}


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


def _count_from_one(node: exp.Expr) -> str | None:
    places = [node.args.get(name) for name in ("start", "length") if node.args.get(name)]
    places += [node.expression] if isinstance(node, exp.Left) else []
    if all(isinstance(place, exp.Literal) and place.is_int for place in places) and (
        "start" not in node.args or int(node.args["start"].name) > 0
    ):
        return None
    return "a place before the first character is read otherwise; use literals above 0"


def _extreme(node: exp.Expr) -> str | None:
    return "Spark returns one value; ask for the one" if node.args.get("count") else None


def _set_operation(node: exp.Expr) -> str | None:
    if node.args.get("by_name"):
        return "Spark matches columns by place; name them in order"
    places = zip(node.this.selects, node.expression.selects, strict=False)
    return next((told for pair in places if (told := values.mixed(pair))), None)


def _in(node: exp.Expr) -> str | None:
    """Spark answers FALSE and not NULL where IN (SELECT ...) is more than a condition of WHERE."""
    query = node.args.get("query")
    if told := values.comparison(node):
        return told
    if query is None or _is_condition(node):
        return None
    return "with NULL in the list Spark answers otherwise here; use it in WHERE alone, or EXISTS"


def _is_condition(node: exp.Expr) -> bool:
    """Return whether NULL and FALSE come to the same: no row."""
    around = node.parent
    negated = isinstance(around, exp.Not)
    around = around.parent if negated and around else around
    through = (exp.And, exp.Paren) if negated else (exp.And, exp.Or, exp.Paren)
    while isinstance(around, through):
        around = around.parent
    return isinstance(around, exp.Where) and isinstance(around.parent, exp.Select)


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


def _one_column(node: exp.Expr) -> str | None:
    distinct = node.this if isinstance(node, exp.Count) else node
    if isinstance(distinct, exp.Distinct) and (
        distinct.args.get("on") or (isinstance(node, exp.Count) and len(distinct.expressions) > 1)
    ):
        return "DISTINCT over several columns counts NULL otherwise, and DISTINCT ON has no order"
    return None


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
    exp.Div: values.division,
    exp.Mod: values.division,
    exp.Left: _count_from_one,
    exp.Substring: _count_from_one,
    exp.Cast: values.cast,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), values.comparison),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between), values.comparison),
    exp.Nullif: values.comparison,
    exp.In: _in,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), values.arithmetic),
    **dict.fromkeys((exp.Max, exp.Min), _extreme),
    **dict.fromkeys((exp.Union, exp.Except, exp.Intersect), _set_operation),
    **dict.fromkeys((exp.Case, exp.If, exp.Coalesce), values.branching),
    **dict.fromkeys((exp.Lag, exp.Lead), values.neighbour),
    exp.Column: values.column,
    exp.Limit: _limit,
    exp.Group: _group,
    exp.Order: _order,
    exp.Window: _window,
    exp.WindowSpec: _frame,
    exp.Join: _join,
    exp.With: _with,
    exp.Star: _star,
    exp.Sum: values.total,
    exp.Count: _one_column,
    exp.Distinct: _one_column,
    exp.Round: values.rounded,
    **dict.fromkeys((exp.Floor, exp.Ceil), values.to_whole),
    exp.Literal: values.literal,
    exp.DateBin: values.bucket,
    exp.Interval: values.interval,
    exp.Var: lambda node: None if isinstance(node.parent, exp.Interval) else "it has no meaning",
    exp.ArgMin: _no_ties,
    exp.ArgMax: _no_ties,
    exp.Anonymous: _anonymous,
    exp.Create: _create,
}
"""Constructs that Spark answers alike in some form only, and what tells the form."""
