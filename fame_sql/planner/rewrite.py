"""Changing a SELECT so that the answers of live calls come from a table, joined to the source."""

from __future__ import annotations

import re
from itertools import count

import duckdb
from sqlglot import exp

from fame_sql.planner.calls import Call
from fame_sql.planner.grouping import add_to_group, is_grouped
from fame_sql.planner.source import Source
from fame_sql.verdict.columns import COLUMNS

_OWN = re.compile(r"__fame_[a-z_]*0*(\d+)", re.IGNORECASE)


def obstacle(select: exp.Select, source: Source) -> str:
    """Return why a source cannot be joined in place, or nothing."""
    if source.node.args.get("pivots") or source.node.args.get("sample"):
        return "its source is pivoted or sampled"
    if any(not _is_expandable(star) for star in _own(select, exp.Star)):
        return "a star inside an expression would see the joined columns"
    if any(join.method == "POSITIONAL" for join in select.args.get("joins") or ()):
        return "a POSITIONAL JOIN pairs rows by their order"
    names = {name.lower() for name in source.columns}
    alias = source.node.alias_or_name.lower()
    for column in select.find_all(exp.Column):
        if column.args.get("db"):
            return "a column is named with its schema"
        row = not column.table and column.name.lower() == alias and alias not in names
        if row or column.name.lower() == "rowid":
            return "a whole row or a rowid is asked for"
    if any(_is_columns(node) for node in select.walk()):
        return "COLUMNS() would see the joined columns"
    return ""


def _is_columns(node: exp.Expr) -> bool:
    return isinstance(node, exp.Columns) or (
        isinstance(node, exp.Anonymous) and node.name.lower() == "columns"
    )


def _own(select: exp.Select, kind: type[exp.Expr]) -> list[exp.Expr]:
    return [n for n in select.find_all(kind) if n.find_ancestor(exp.Select) is select]


def _is_expandable(star: exp.Expr) -> bool:
    """Tell whether a star stands alone in the SELECT list, or counts rows."""
    parent = star.parent
    if isinstance(parent, exp.Column):
        parent = parent.parent
    return isinstance(parent, exp.Select | exp.Count)


def join_answers(
    select: exp.Select, source: Source, calls: list[Call], key: str, table: str, number: int
) -> exp.Expr:
    """Join a table of answers to a source, and put its columns in place of the calls.

    Parameters
    ----------
    select : sqlglot.exp.Select
        Changed in place.
    source : Source
        Joined to the table, which has one row for each key.
    calls : list of Call
        The calls to replace.
    key : str
        The column of the source that is joined on ``event_id``; empty to join the message
        itself, where a message without an answer is given to the live function.
    table : str
        The temporary table.
    number : int
        Makes the names of the joined columns.

    Returns
    -------
    sqlglot.exp.Expr
        What stands in the place of the source now.
    """
    alias = source.node.alias_or_name or f"__fame_source_{number}"
    answers = f"__fame_v{number}"
    fields = sorted({call.field for call in calls})
    hidden = {field: f"__fame_{number}_{field}" for field in fields}
    known = f"__fame_{number}_known"
    grouped = is_grouped(select, source, calls)
    _replace_calls(calls, hidden, None if key else known, source.message)
    if not key:
        hidden["known"] = known
    if grouped:
        add_to_group(select, list(hidden.values()))
    _hide(select, list(hidden.values()), source.node.alias_or_name)
    return _wrap(source, alias, answers, table, key, hidden)


def free_number(select: exp.Select, source: Source, after: int) -> int:
    """Return the next number whose names, as :func:`join_answers` makes them, nobody uses.

    Parameters
    ----------
    select : sqlglot.exp.Select
        The names in its statement are taken.
    source : Source
        Its columns are taken.
    after : int
        The last number used.
    """
    names = [node.name for node in select.root().find_all(exp.Identifier)]
    taken = {match for name in (*names, *source.columns) for match in _OWN.findall(name)}
    return next(n for n in count(after + 1) if str(n) not in taken)


def _replace_calls(
    calls: list[Call], hidden: dict[str, str], known: str | None, message: exp.Expr
) -> None:
    for call in calls:
        answer: exp.Expr = exp.column(hidden[call.field])
        if known is not None:
            live = exp.Anonymous(this=call.node.this, expressions=[message.copy()])
            is_some = exp.Not(this=exp.Is(this=message.copy(), expression=exp.Null()))
            answer = exp.Case().when(exp.column(known), answer).when(is_some, live)
        is_opened = isinstance(call.node.parent, exp.Dot | exp.Bracket)
        call.node.replace(exp.Paren(this=answer) if is_opened else answer)


def _hide(select: exp.Select, names: list[str], alias: str) -> None:
    """Keep joined columns out of the stars that would show them."""
    for projection in select.expressions:
        star = projection.this if isinstance(projection, exp.Column) else projection
        table = projection.table if isinstance(projection, exp.Column) else ""
        if isinstance(star, exp.Star) and (not table or table.lower() == alias.lower()):
            before = star.args.get("except_") or star.args.get("except") or []
            star.set("except_", [*before, *(exp.column(name) for name in names)])


def _wrap(
    source: Source, alias: str, answers: str, table: str, key: str, hidden: dict[str, str]
) -> exp.Expr:
    inner = source.node.copy()
    if not inner.alias_or_name:
        inner.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    quoted = identifier(source.node, alias)
    columns: list[exp.Expr] = [exp.Column(this=exp.Star(), table=quoted.copy())]
    columns += [
        exp.alias_(_answer(field, answers), name, quoted=False) for field, name in hidden.items()
    ]
    if key:
        own: exp.Expr = exp.Column(this=exp.to_identifier(key, quoted=True), table=quoted.copy())
        match = exp.EQ(this=own, expression=exp.column("event_id", answers))
    else:
        own = _qualified(source.message, quoted)
        match = exp.EQ(this=own, expression=exp.column("message", answers))
    stored = exp.to_table(f"temp.main.{table}")
    stored.set("alias", exp.TableAlias(this=exp.to_identifier(answers)))
    query = exp.Select(expressions=columns).from_(inner, copy=False)
    query = query.join(stored, on=match, join_type="left", copy=False)
    wrapper = exp.Subquery(this=query, alias=exp.TableAlias(this=quoted.copy()))
    source.node.replace(wrapper)
    return wrapper


def _qualified(message: exp.Expr, source: exp.Identifier) -> exp.Expr:
    """Return a message whose columns cannot be taken for those of the answers."""
    message = message.copy()
    for column in list(message.find_all(exp.Column)):
        column.set("table", source.copy())
    return message


def identifier(node: exp.Expr, alias: str) -> exp.Identifier:
    """Return the name of a source, quoted as it was.

    Parameters
    ----------
    node : sqlglot.exp.Expr
        The source.
    alias : str
        Its name where it has none that is an identifier.
    """
    given = node.args.get("alias")
    found = given.this if given is not None and given.this is not None else node.this
    if isinstance(found, exp.Identifier):
        return found.copy()
    return exp.to_identifier(alias)


def _answer(field: str, answers: str) -> exp.Expr:
    if field == "known":
        return _is_known(answers)
    if field != "verdict":
        return exp.column(field, answers)
    pairs = [
        exp.PropertyEQ(this=exp.to_identifier(name), expression=exp.column(name, answers))
        for name in COLUMNS
    ]
    return exp.Case().when(_is_known(answers), exp.Struct(expressions=pairs))


def _is_known(answers: str) -> exp.Expr:
    return exp.Not(this=exp.Is(this=exp.column("model_version", answers), expression=exp.Null()))


def binds(connection: duckdb.DuckDBPyConnection, statement: str) -> bool:
    """Tell whether DuckDB accepts a statement, without running it."""
    try:
        connection.execute(f"EXPLAIN {statement}").fetchall()
    except duckdb.Error:
        return False
    return True
