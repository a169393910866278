"""The pass that replaces live calls by answers from a table, joined to the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from sqlglot import exp

from fame_sql.planner.context import Calls
from fame_sql.planner.tree import FIELDS, identifier, same_key, star, unaliased
from fame_sql.verdict.columns import COLUMNS
from fame_sql.verdict.verdict import THRESHOLD

_MANY_SETS = ("all", "rollup", "cube", "grouping_sets")


def join_answers(select: exp.Select, calls: Calls) -> exp.Select:
    """Join the table of answers to the source, and put its columns in place of the calls.

    A message without an answer is given to the live function. Where an event is joined and values
    decide, they move its score in SQL.

    Before: ``SELECT fame_score(body) AS s FROM logs``

    After: ``SELECT __fame_1_score AS s FROM (SELECT logs.*, __fame_v1.score AS __fame_1_score
    FROM logs LEFT JOIN temp.main.__fame_events AS __fame_v1 ON logs."event_id" =
    __fame_v1.event_id) AS logs``
    """
    number = _free_number(select, calls)
    fields = sorted({FIELDS[node.name.lower()] for node in calls.nodes})
    hidden = {field: f"__fame_{number}_{field}" for field in fields}
    grouped = _is_grouped(select, calls)
    if not calls.key or calls.context.store.by_value:
        hidden["known"] = f"__fame_{number}_known"
    _replace_calls(calls, hidden)
    if grouped:
        for name in hidden.values():
            select.args["group"].append("expressions", exp.column(name))
    alias = calls.source.node.alias_or_name.lower()
    for every, table in filter(None, map(star, select.expressions)):
        if table.lower() in ("", alias):
            before = every.args.get("except_") or ()
            every.set("except_", [*before, *map(exp.column, hidden.values())])
    _wrap(calls, number, hidden)
    return select


def _free_number(select: exp.Select, calls: Calls) -> int:
    """Return the next number whose names nobody uses, in the statement or in the source."""
    context, names = calls.context, {n.name.lower() for n in select.root().find_all(exp.Identifier)}
    own = " ".join(name for name in names | calls.source.held if name.startswith("__fame_"))
    context.numbers = next(n for n in count(context.numbers + 1) if str(n) not in own)
    return context.numbers


def _is_grouped(select: exp.Select, calls: Calls) -> bool:
    """Return whether the answers must, and can, join an explicit GROUP BY: of the message."""
    group = select.args.get("group")
    if group is None or any(group.args.get(name) for name in _MANY_SETS):
        return False
    before = (exp.AggFunc, exp.Where, exp.Join, exp.Select)
    if all(node.find_ancestor(*before) is not select for node in calls.nodes):
        return False
    message = same_key(calls.message)
    return any(same_key(one) == message for one in _groups(select, group, calls))


def _groups(select: exp.Select, group: exp.Group, calls: Calls) -> Iterator[exp.Expr]:
    for one in group.expressions:
        if isinstance(one, exp.Literal) and one.is_int:
            before = select.expressions[: int(one.name)]
            if before and not any(p.is_star for p in before):
                yield unaliased(before[-1].unalias(), calls.aliases)
        else:
            yield unaliased(one, calls.aliases)


def _replace_calls(calls: Calls, hidden: dict[str, str]) -> None:
    for node in calls.nodes:
        answer: exp.Expr = exp.column(hidden[FIELDS[node.name.lower()]])
        if known := hidden.get("known"):
            live = exp.Anonymous(this=node.this, expressions=[calls.message.copy()])
            is_some = calls.message.is_(exp.null()).not_()
            answer = exp.Case().when(exp.column(known), answer).when(is_some, live)
        is_opened = isinstance(node.parent, exp.Dot | exp.Bracket)
        node.replace(exp.Paren(this=answer) if is_opened else answer)


def _wrap(calls: Calls, number: int, hidden: dict[str, str]) -> None:
    """Put the join of the source and its answers in place of the source."""
    node, answers = calls.source.node, f"__fame_v{number}"
    alias = node.alias_or_name or f"__fame_source_{number}"
    inner, named = node.copy(), identifier(node, alias)
    if not inner.alias_or_name:
        inner.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    columns: list[exp.Expr] = [exp.Column(this=exp.Star(), table=named.copy())]
    # With a table before its columns, the message cannot be taken for a column of the answers.
    message = _of_table(calls.message, named)
    given = _Given(answers, f"__fame_h{number}" if _is_moved(calls) else "", message)
    columns += [exp.alias_(_answer(field, given), name) for field, name in hidden.items()]
    key = exp.column(exp.to_identifier(calls.key, quoted=True), named.copy())
    own = key if calls.key else message.copy()
    other = exp.column("event_id" if calls.key else "message", answers)
    stored = exp.alias_(exp.to_table(f"temp.main.{calls.table}"), answers, table=True)
    query = exp.Select(expressions=columns).from_(inner, copy=False)
    query = query.join(stored, on=exp.EQ(this=own, expression=other), join_type="left", copy=False)
    if given.heads:
        query = query.join(*_heads(given), join_type="left", copy=False)
    calls.source.node = node.replace(exp.Subquery(this=query, alias=exp.TableAlias(this=named)))


def _of_table(message: exp.Expr, table: exp.Identifier) -> exp.Expr:
    """Return a message with a table before each of its columns."""
    found = message.copy()
    for column in list(found.find_all(exp.Column)):
        column.set("table", table.copy())
    return found


def _is_moved(calls: Calls) -> bool:
    """Return whether the values of a message move the score of its event, in SQL."""
    return bool(calls.key) and calls.context.store.has_heads


@dataclass(frozen=True)
class _Given:
    """What an answer is made of: the names of joined tables, and the message."""

    answers: str
    heads: str  # empty if no values are read
    message: exp.Expr


def _heads(given: _Given) -> tuple[exp.Expr, exp.Expr]:
    """Return the table of value heads, and what joins it."""
    table = exp.alias_(exp.to_table("temp.main.__fame_heads"), given.heads, table=True)
    pair = [exp.column("template_id", name) for name in (given.answers, given.heads)]
    return table, exp.EQ(this=pair[0], expression=pair[1])


def _answer(field: str, given: _Given) -> exp.Expr:
    is_known = exp.column("model_version", given.answers).is_(exp.null()).not_()
    if field == "known":
        return is_known
    if field != "verdict":
        return _column(field, given)
    pairs = [
        exp.PropertyEQ(this=exp.to_identifier(n), expression=_column(n, given)) for n in COLUMNS
    ]
    return exp.Case().when(is_known, exp.Struct(expressions=pairs))


def _column(name: str, given: _Given) -> exp.Expr:
    """Return one column of a verdict: its event's, moved by the values of the message."""
    if not given.heads or name not in ("score", "is_anomaly"):
        return exp.column(name, given.answers)
    own = [exp.column(part, given.answers) for part in ("score", "answer")]
    parts = [*own, exp.column("value_head", given.heads), given.message.copy()]
    score = exp.Anonymous(this="fame.valued", expressions=parts)
    if name == "score":
        return score
    return exp.GT(this=score, expression=exp.Literal.number(f"{THRESHOLD:g}"))
