"""Checks of constructs that have the same meaning on Spark only in some forms.

Each check returns why a node cannot be passed to Spark, None if it can.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from fame_sql.spark.transpile import values
from fame_sql.spark.transpile.patterns import java_replacement, pattern_fault

Check = Callable[[exp.Expr], str | None]

_JOINS = {"", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "OUTER"}


def _literal(node: exp.Expr | None, name: str) -> str | None:
    is_text = isinstance(node, exp.Literal) and node.is_string
    return None if is_text else f"the {name} must be a literal, to be checked in advance"


def _regexp_replace(node: exp.Expr) -> str | None:
    pattern, replacement = node.expression, node.args.get("replacement")
    modifiers = node.args.get("modifiers")
    if modifiers is None or modifiers.name != "g":
        return "Spark replaces every match and takes no options; add 'g' as the fourth argument"
    if fault := _literal(pattern, "pattern") or _literal(replacement, "replacement"):
        return fault
    if fault := pattern_fault(pattern.name):
        return f"its pattern has {fault}; use fame_canonical, or rewrite the pattern"
    try:
        java_replacement(replacement.name if replacement else "")
    except ValueError as error:
        return f"its replacement has {error}, which Java reads differently; remove it"
    return None


def _like(node: exp.Expr) -> str | None:
    if fault := _literal(node.expression, "pattern"):
        return fault
    has_escape = "\\" in node.expression.name
    return "\\ is an escape character in Spark; use no \\ in a pattern" if has_escape else None


def _count_from_one(node: exp.Expr) -> str | None:
    positions = [node.args.get(name) for name in ("start", "length") if node.args.get(name)]
    positions += [node.expression] if isinstance(node, exp.Left) else []
    if all(isinstance(position, exp.Literal) and position.is_int for position in positions) and (
        "start" not in node.args or int(node.args["start"].name) > 0
    ):
        return None
    return "positions before the first character have another meaning; use literals above 0"


def _extreme(node: exp.Expr) -> str | None:
    has_count = node.args.get("count")
    return "Spark returns only one value; leave the second argument out" if has_count else None


def _set_operation(node: exp.Expr) -> str | None:
    if node.args.get("by_name"):
        return "Spark matches columns by position; select them in the same order, without BY NAME"
    pairs = zip(node.this.selects, node.expression.selects, strict=False)
    return next((fault for pair in pairs if (fault := values.mixed(pair))), None)


def _in(node: exp.Expr) -> str | None:
    """Refuse IN (SELECT ...) outside a condition of WHERE: Spark returns FALSE there, not NULL."""
    query = node.args.get("query")
    if fault := values.comparison(node):
        return fault
    if query is None or _is_condition(node):
        return None
    return "Spark returns FALSE, not NULL, here; use it only as a condition in WHERE, or use EXISTS"


def _is_condition(node: exp.Expr) -> bool:
    """Return whether NULL and FALSE have the same effect: the row is filtered out."""
    around = node.parent
    negated = isinstance(around, exp.Not)
    around = around.parent if negated and around else around
    through = (exp.And, exp.Paren) if negated else (exp.And, exp.Or, exp.Paren)
    while isinstance(around, through):
        around = around.parent
    return isinstance(around, exp.Where) and isinstance(around.parent, exp.Select)


def _logarithm(node: exp.Expr) -> str | None:
    around = node.find_ancestor(exp.Round, exp.Select)
    is_rounded = isinstance(around, exp.Round) and around.args.get("decimals") is not None
    return None if is_rounded else "its last digit differs between engines; round the result"


def _limit(node: exp.Expr) -> str | None:
    ordered = node.parent is not None and node.parent.args.get("order")
    return None if ordered else "without an order the engines return different rows; add ORDER BY"


def _group(node: exp.Expr) -> str | None:
    selected = node.parent.selects if isinstance(node.parent, exp.Select) else []
    unnamed = any(item.is_star or item.find(exp.Window) for item in selected)
    if node.args.get("all") and unnamed:
        return "GROUP BY ALL cannot be expanded beside a window or *; name the columns to group by"
    return None


def _order(node: exp.Expr) -> str | None:
    if any(item.this.name.upper() == "ALL" for item in node.expressions):
        return "Spark has no ORDER BY ALL; name the columns"
    return None


def _window(node: exp.Expr) -> str | None:
    ranks = isinstance(node.this, exp.RowNumber | exp.Rank | exp.DenseRank | exp.Lag | exp.Lead)
    if ranks and not node.args.get("order"):
        return "without an order the engines number rows differently; add ORDER BY to the window"
    return None


def _frame(node: exp.Expr) -> str | None:
    is_rows = node.args.get("kind") == "ROWS"
    return None if is_rows else "frames other than ROWS may differ on Spark; use a ROWS frame"


def _join(node: exp.Expr) -> str | None:
    words = {str(node.args.get(name) or "").upper() for name in ("side", "kind", "method")}
    return None if words <= _JOINS else f"Spark has no {' '.join(sorted(words)).strip()} join"


def _with(node: exp.Expr) -> str | None:
    is_recursive = node.args.get("recursive")
    return "recursive CTEs work differently in Spark; remove RECURSIVE" if is_recursive else None


def _star(node: exp.Expr) -> str | None:
    if node.args.get("replace") or node.args.get("rename"):
        return "Spark has no * REPLACE or RENAME; name the columns"
    return None


def _one_column(node: exp.Expr) -> str | None:
    distinct = node.this if isinstance(node, exp.Count) else node
    if isinstance(distinct, exp.Distinct) and (
        distinct.args.get("on") or (isinstance(node, exp.Count) and len(distinct.expressions) > 1)
    ):
        return (
            "DISTINCT over several columns counts NULL differently, and DISTINCT ON has no order; "
            "use DISTINCT of one column"
        )
    return None


def _no_ties(node: exp.Expr) -> str | None:
    if isinstance(node.expression.unnest(), exp.Tuple):
        return "rows with NULL are compared differently; order by one column"
    filtered = isinstance(node.parent, exp.Filter)
    return "FILTER is needed to skip NULL; write the condition as a CASE" if filtered else None


def _anonymous(node: exp.Expr) -> str | None:
    if node.name.lower().startswith("fame_"):
        return None  # a live function: the same Arrow code on both engines
    if node.name.lower() in ("now", "random", "uuid", "current_timestamp"):
        return f"{node.name} returns another value on each call; pass the value as a parameter"
    return f"{node.name} is not known to give the same result on Spark; run it on DuckDB"


def _create(node: exp.Expr) -> str | None:
    if node.args.get("kind") == "VIEW":
        return None
    return "only DuckDB writes to the warehouse; on Spark you can create only views"


def _keyword(node: exp.Expr) -> str | None:
    is_unit = isinstance(node.parent, exp.Interval)
    return None if is_unit else "only a unit of an interval is known here; run it on DuckDB"


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
    exp.Ln: _logarithm,
    **dict.fromkeys((exp.Floor, exp.Ceil), values.to_whole),
    exp.Literal: values.literal,
    exp.DateBin: values.bucket,
    exp.Interval: values.interval,
    exp.Var: _keyword,
    exp.ArgMin: _no_ties,
    exp.ArgMax: _no_ties,
    exp.Anonymous: _anonymous,
    exp.Create: _create,
}
"""Constructs with the same result on Spark only in some forms, and the check of the form."""
