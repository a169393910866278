"""Where a statement calls the live functions, and what may keep a call from being planned."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

FIELDS = {
    "fame_score": "score",
    "fame_is_anomaly": "is_anomaly",
    "fame_domain": "domain",
    "fame_novelty": "novelty",
    "fame_verdict": "verdict",
}
"""The live functions that ask the model, and the field of a verdict that each returns."""

_SKIPPING = (exp.Case, exp.If, exp.Coalesce, exp.And, exp.Or)
_SKIPPING_NAMES = {"if", "ifnull", "try"}


@dataclass
class Call:
    """One call of a live function in a SELECT.

    Parameters
    ----------
    node : sqlglot.exp.Anonymous
        The call.
    select : sqlglot.exp.Select
        The SELECT whose rows it sees.
    reason : str, optional
        Why it is left alone.
    guard : str, optional
        Why it might not be evaluated on every row; then it is planned only if that scores
        nothing.
    """

    node: exp.Anonymous
    select: exp.Select
    reason: str = ""
    guard: str = ""

    @property
    def field(self) -> str:
        """The field of a verdict that it returns."""
        return FIELDS[self.node.name.lower()]

    @property
    def message(self) -> exp.Expr:
        """Its argument."""
        found: exp.Expr = self.node.expressions[0]
        return found


def is_live(node: exp.Expr) -> bool:
    """Tell whether a node calls a live function that asks the model."""
    return (
        isinstance(node, exp.Anonymous)
        and node.name.lower() in FIELDS
        and len(node.expressions) == 1
        and not (isinstance(node.parent, exp.Dot) and node.arg_key == "expression")
    )


def live_nodes(tree: exp.Expr) -> list[exp.Anonymous]:
    """Return all calls of live functions in a tree."""
    return [node for node in tree.find_all(exp.Anonymous) if is_live(node)]


def calls_of(select: exp.Select) -> list[Call]:
    """Return the calls that see the rows of this SELECT, each with what speaks against it."""
    own = [
        node
        for node in live_nodes(select)
        if node.find_ancestor(exp.Select, exp.SetOperation) is select
    ]
    calls = [Call(node, select) for node in own]
    for call in calls:
        _look_up(call)
    if any(call.node.find_ancestor(exp.Join, exp.Select) is not select for call in calls):
        for call in calls:
            call.guard = "a join condition calls a live function"
    return calls


def _look_up(call: Call) -> None:
    """Note what lies between a call and its SELECT, and around that."""
    every_row = False
    inner: exp.Expr = call.node
    node = call.node.parent
    while node is not None and node is not call.select:
        if isinstance(node, exp.Lambda | exp.Unnest | exp.Lateral | exp.Pivot):
            call.reason = f"inside {node.key.upper()}"
        every_row = every_row or isinstance(node, exp.AggFunc | exp.Window)
        if not every_row and _may_skip(node):
            call.guard = call.guard or f"inside {_name(node)}, which may skip rows"
        inner, node = node, node.parent
    if isinstance(inner, exp.With):
        call.reason = "in no SELECT of its own"
    _look_around(call)


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.If):
        return "CASE"
    return node.name.upper() if isinstance(node, exp.Anonymous) else node.key.upper()


def _may_skip(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in _SKIPPING_NAMES
    return isinstance(node, _SKIPPING) and not _is_conjunction(node)


def _is_conjunction(node: exp.Expr | None) -> bool:
    """Tell whether an AND joins conditions of a WHERE."""
    while isinstance(node, exp.And | exp.Paren):
        node = node.parent
    return isinstance(node, exp.Where)


def _look_around(call: Call) -> None:
    """Note a LIMIT without order, a recursive CTE and a lateral join around a call."""
    node: exp.Expr | None = call.select
    while node is not None:
        if isinstance(node, exp.Query) and node.args.get("limit") and not node.args.get("order"):
            call.guard = call.guard or "below a LIMIT without ORDER BY"
        if isinstance(node, exp.CTE) and node.parent and node.parent.args.get("recursive"):
            call.reason = "in a recursive CTE"
        if isinstance(node, exp.Lateral):
            call.reason = "in a lateral join"
        node = node.parent
