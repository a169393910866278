"""Planning one statement: what is stored, what must be scored, and the SQL that then runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeAlias

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql.console import Progress, SilentProgress
from fame_sql.planner import verify
from fame_sql.planner.catalog import Catalog, split_head
from fame_sql.planner.context import Calls, Context
from fame_sql.planner.passes import AFTER, BEFORE, PER_CALL, PER_MESSAGE
from fame_sql.planner.report import Plan
from fame_sql.planner.scope import selects
from fame_sql.planner.tree import (
    DIALECT,
    FIELDS,
    NotPlannedError,
    live_nodes,
    own_live,
    same_key,
    text,
)
from fame_sql.scoring.on_demand import TemporaryVerdicts
from fame_sql.udfs.duckdb import scorer_of

Pass: TypeAlias = Callable[[exp.Select, Calls], exp.Select]


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    *,
    score: bool = True,
    progress: Progress | None = None,
) -> Plan:
    """Plan a statement and, with ``score``, prepare what it needs.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection with the live functions. Temporary tables ``__fame_*`` are made on it.
    statement : str
        SQL in DuckDB's dialect.
    score : bool
        Score what is not stored. Without it the plan is only a report: do not run its statement.
    progress : Progress, optional
        Where scoring shows how far it is.

    Returns
    -------
    Plan
        The SQL to run, and what was found about each live call.

    Raises
    ------
    MissingStageError, ModelError
        If the model is needed and cannot be used.
    WarehouseError
        If the disk has no room for the temporary tables.
    """
    scorer = scorer_of(connection)
    if scorer is None:
        return Plan(statement, reason="this connection has no live functions")
    catalog = Catalog(connection)
    shown = progress or SilentProgress()
    store = partial(TemporaryVerdicts, connection, scorer, catalog.is_warehouse, score, shown)
    try:
        context = _read(catalog, statement, store)
    except NotPlannedError as error:
        return Plan(statement, reason=str(error))
    return Plan(statement) if context is None else _plan(context)


def _plan(context: Context) -> Plan:
    query = context.query
    try:
        for step in BEFORE:
            query = step(query, context)
        for select in selects(query):
            _plan_select(select, context)
        if all(call.answered_by == "live" for call in context.planned):
            return Plan(context.written, tuple(context.planned))
        for step in AFTER:
            query = step(query, context)
    except NotPlannedError as error:
        calls = tuple(call.left(str(error)) for call in context.planned)
        return Plan(context.written, calls, "" if calls else str(error))
    return Plan(context.sql(query), tuple(context.planned))


def _plan_select(select: exp.Select, context: Context) -> None:
    """Run the passes on the calls of one SELECT, and add what is done about each message."""
    waiting = [Calls(context, [node]) for node in own_live(select)]
    for step in PER_CALL:
        waiting = [calls for calls in waiting if _accepts(step, select, calls)]
    groups: dict[tuple[int, str], Calls] = {}
    for calls in waiting:
        group = groups.setdefault((id(calls.source), same_key(calls.message)), calls)
        if group is not calls:
            group.nodes += calls.nodes
            group.guard = group.guard or calls.guard
    for group in groups.values():
        if all(_accepts(step, select, group) for step in PER_MESSAGE):
            context.planned.append(group.report())


def _accepts(step: Pass, select: exp.Select, calls: Calls) -> bool:
    """Run a pass on some calls; return whether it accepts them, and report them if not."""
    try:
        step(select, calls)
    except NotPlannedError as error:
        calls.context.planned.append(calls.report(str(error)))
        return False
    return True


def _read(catalog: Catalog, written: str, store: Callable[[], TemporaryVerdicts]) -> Context | None:
    """Return a statement to be planned; None if it calls no live function, by itself or others.

    Refused: what is not one query, alone or to fill a table
    """
    live = _live_names(catalog)
    if not _mentions(written, live):
        return None
    try:
        found = [part.query.strip(" \n\t;") for part in duckdb.extract_statements(written)]
        [statement] = filter(None, found)
        head, body = split_head(statement)
        query = sqlglot.parse_one(body, dialect=DIALECT)
        again = text(query)
    except (sqlglot.errors.SqlglotError, ValueError):
        raise NotPlannedError(
            "only one SELECT, CREATE TABLE AS or INSERT SELECT is planned"
        ) from None
    trees = (verify.parse(catalog.connection, body), verify.parse(catalog.connection, again))
    tables = {table.name.lower() for table in query.find_all(exp.Table)}
    if not (live_nodes(query) or live & (verify.names(trees[0], "function_name") | tables)):
        return None
    if not isinstance(query, exp.Query):
        raise NotPlannedError("only queries are planned")
    return Context(catalog, store, query, written, head, body, trees, live)


def _live_names(catalog: Catalog) -> frozenset[str]:
    """Return the live functions, and the views and macros that call one, also through others."""
    waiting = [(place[2], definition) for place, definition in catalog.views.items()]
    waiting += [(name, definition) for name, definition in catalog.functions.items() if definition]
    found, known = set(FIELDS), set(FIELDS)
    while found:
        found = {name for name, definition in waiting if _mentions(definition, found)} - known
        known |= found
    return frozenset(known)


def _mentions(written: str, names: Collection[str]) -> bool:
    """Return whether SQL has one of these names as a word."""
    pattern = "|".join(re.escape(name) for name in names)
    return re.search(rf"(?<!\w)(?:{pattern})(?!\w)", written, re.IGNORECASE) is not None
