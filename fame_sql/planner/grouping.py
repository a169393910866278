"""Answers beside an explicit GROUP BY: the groups of a message have one answer each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from fame_sql.planner.calls import Call
from fame_sql.planner.dialect import text
from fame_sql.planner.source import Source, without_aliases

_MANY = ("all", "rollup", "cube", "grouping_sets")


def is_grouped(select: exp.Select, source: Source, calls: list[Call]) -> bool:
    """Tell whether columns with the answers must, and can, join the GROUP BY of a SELECT.

    Parameters
    ----------
    select : sqlglot.exp.Select
        Not yet changed.
    source : Source
        Where the message of the calls comes from.
    calls : list of Call
        Calls on one message.
    """
    group = select.args.get("group")
    if group is None or any(group.args.get(name) for name in _MANY):
        return False
    if all(_is_inside(call.node, select) for call in calls):
        return False
    message = text(source.message).lower()
    return any(text(one).lower() == message for one in _groups(select, group, source.aliases))


def add_to_group(select: exp.Select, names: list[str]) -> None:
    """Group a SELECT by joined columns as well.

    Parameters
    ----------
    select : sqlglot.exp.Select
        Changed in place.
    names : list of str
        Columns that are the same wherever the message is.
    """
    for name in names:
        select.args["group"].append("expressions", exp.column(name))


def _is_inside(node: exp.Expr, select: exp.Select) -> bool:
    """Tell whether a call is an argument of an aggregate, or stands before the groups."""
    found = node.find_ancestor(exp.AggFunc, exp.Where, exp.Join, exp.Select)
    return found is not select


def _groups(
    select: exp.Select, group: exp.Group, aliases: Mapping[str, exp.Expr]
) -> Iterator[exp.Expr]:
    for one in group.expressions:
        if isinstance(one, exp.Literal) and one.is_int:
            before = select.expressions[: int(one.name)]
            if before and not any(p.is_star for p in before):
                yield without_aliases(before[-1].unalias(), aliases)
        else:
            yield without_aliases(one, aliases)
