"""Changing a SELECT so that the answers of live calls come from a table, joined to the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb
from sqlglot import exp

from fame_sql.planner.calls import Call, Source, live_nodes, visible_ctes, with_ctes
from fame_sql.planner.catalog import Catalog, text

_VERDICT = (
    "score",
    "is_anomaly",
    "domain",
    "domain_confidence",
    "novelty",
    "template_id",
    "template",
    "known_template",
    "threshold",
    "model_version",
)


def wanted_rows(select: exp.Select, column: exp.Expr, ctes: list[exp.CTE]) -> str:
    """Return SQL for the distinct values of a column in the rows that the calls may see.

    The joins and every condition of ``WHERE`` stay that call no live function. Beside each value
    stands the number of its rows, ``rows``.
    """
    rows = exp.alias_(exp.Count(this=exp.Star()), "rows")
    query = exp.Select(expressions=[column.copy(), rows])
    for part in ("from_", "from", "joins", "laterals"):
        kept = select.args.get(part)
        if kept is not None:
            copies = [k.copy() for k in kept] if isinstance(kept, list) else kept.copy()
            query.set(part, copies)
    where = select.args.get("where")
    conditions = list(where.this.flatten()) if where and isinstance(where.this, exp.And) else []
    if where is not None and not conditions:
        conditions = [where.this]
    free = [condition.copy() for condition in conditions if not live_nodes(condition)]
    if free:
        query = query.where(*free, copy=False)
    query = query.group_by(exp.Literal.number(1), copy=False)
    return text(with_ctes(query, ctes))


@contextmanager
def only_pending(select: exp.Select, node: exp.Expr, key: str) -> Iterator[bool]:
    """Let a source that is joined hold only rows whose event has no verdict, while the block runs.

    A selective join then reads few rows twice. Yields False, and changes nothing, where there is
    no join, or one whose matches depend on the rows around.
    """
    joins = select.args.get("joins") or []
    if not joins or any(join.method for join in joins):
        yield False
        return
    alias = node.alias_or_name
    column = exp.Column(
        this=exp.to_identifier(key, quoted=True), table=_identifier(node, alias).copy()
    )
    pending = exp.Select(expressions=[exp.column("event_id")]).from_("temp.__fame_pending")
    inner = exp.Select(expressions=[exp.Star()]).from_(node.copy(), copy=False)
    inner = inner.where(exp.In(this=column, query=exp.Subquery(this=pending)), copy=False)
    kept = exp.Subquery(this=inner, alias=exp.TableAlias(this=_identifier(node, alias)))
    node.replace(kept)
    try:
        yield True
    finally:
        kept.replace(node)


def obstacle(select: exp.Select, source: Source) -> str:
    """Return why a source cannot be joined in place, or nothing."""
    if source.node.args.get("pivots") or source.node.args.get("sample"):
        return "its source is pivoted or sampled"
    if any(not _is_expandable(star) for star in _own(select, exp.Star)):
        return "a star inside an expression would see the joined columns"
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


def name_projections(calls: Iterable[Call], catalog: Catalog) -> bool:
    """Give projections around these calls the names that DuckDB gives them; False if it cannot."""
    return all(
        _name_one(projection, catalog)
        for call in calls
        for projection in reversed(_projections_around(call.node))
    )


def _projections_around(call: exp.Expr) -> list[exp.Expr]:
    """Return the projections that hold a call, of its SELECT and of those around it."""
    found, node = [], call
    while node.parent is not None:
        if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
            found.append(node)
        node = node.parent
    return found


def _name_one(projection: exp.Expr, catalog: Catalog) -> bool:
    select = projection.parent
    if isinstance(projection, exp.Alias) or not isinstance(select, exp.Select):
        return True
    ctes = visible_ctes(select)
    name = None if ctes is None else _given_name(select, projection, catalog, ctes)
    if name is None:
        return False
    # The calls are found again by their nodes, so the projection is moved, not copied.
    named = exp.Alias(alias=exp.to_identifier(name, quoted=True))
    projection.replace(named)
    named.set("this", projection)
    return True


def _given_name(
    select: exp.Select, projection: exp.Expr, catalog: Catalog, ctes: list[exp.CTE]
) -> str | None:
    query = exp.Select(expressions=[projection.copy()])
    for part in ("from_", "from", "joins", "laterals", "group", "windows"):
        kept = select.args.get(part)
        if kept is not None:
            copies = [k.copy() for k in kept] if isinstance(kept, list) else kept.copy()
            query.set(part, copies)
    names = catalog.columns(with_ctes(query, ctes))
    return names[0] if names and len(names) == 1 else None


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
    _replace_calls(calls, hidden, None if key else known, source.message)
    if not key:
        hidden["known"] = known
    _hide(select, list(hidden.values()), source.node.alias_or_name)
    return _wrap(source, alias, answers, table, key, hidden)


def _replace_calls(
    calls: list[Call], hidden: dict[str, str], known: str | None, message: exp.Expr
) -> None:
    for call in calls:
        answer: exp.Expr = exp.column(hidden[call.field])
        if known is not None:
            live = exp.Anonymous(this=call.node.this, expressions=[message.copy()])
            is_some = exp.Not(this=exp.Is(this=message.copy(), expression=exp.Null()))
            answer = exp.Case().when(exp.column(known), answer).when(is_some, live)
        call.node.replace(answer)


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
    quoted = _identifier(source.node, alias)
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


def _identifier(node: exp.Expr, alias: str) -> exp.Identifier:
    """Return the name of a source, quoted as it was."""
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
        for name in _VERDICT
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
