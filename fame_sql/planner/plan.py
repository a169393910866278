"""Planning one statement: what is stored, what must be scored, and the SQL that then runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

import duckdb
from sqlglot import exp

from fame_sql.console import Progress, SilentProgress
from fame_sql.planner.answers import Store
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.context import Calls, Context
from fame_sql.planner.passes import AFTER, BEFORE, PER_CALL, PER_MESSAGE
from fame_sql.planner.report import Plan, Planned
from fame_sql.planner.scope import selects
from fame_sql.planner.statement import read
from fame_sql.planner.tree import NotPlannedError, own_live, same_key
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
    store = partial(Store, connection, scorer, catalog.is_warehouse, score, shown)
    try:
        context = read(catalog, statement, store)
    except NotPlannedError as error:
        return Plan(statement, reason=str(error))
    return Plan(statement) if context is None else _plan(context)


def _plan(context: Context) -> Plan:
    query = context.query
    try:
        for step in BEFORE:
            query = step(query, context)
        for select in selects(query):
            context.planned += _plan_select(select, context)
        if all(call.answered_by == "live" for call in context.planned):
            return Plan(context.written, tuple(context.planned))
        for step in AFTER:
            query = step(query, context)
    except NotPlannedError as error:
        calls = tuple(call.left(str(error)) for call in context.planned)
        return Plan(context.written, calls, "" if calls else str(error))
    return Plan(context.sql(query), tuple(context.planned))


def _plan_select(select: exp.Select, context: Context) -> list[Planned]:
    """Run the passes on the calls of one SELECT; return what is done about each message."""
    planned: list[Planned] = []
    waiting = [Calls(context, [node]) for node in own_live(select)]
    for step in PER_CALL:
        waiting = [calls for calls in waiting if _passes([step], select, calls, planned)]
    groups: dict[tuple[int, str], Calls] = {}
    for calls in waiting:
        group = groups.setdefault((id(calls.source), same_key(calls.message)), calls)
        if group is not calls:
            group.nodes += calls.nodes
            group.guard = group.guard or calls.guard
    for group in groups.values():
        if _passes(PER_MESSAGE, select, group, planned):
            planned.append(group.report())
    return planned


def _passes(
    passes: Iterable[Pass], select: exp.Select, calls: Calls, planned: list[Planned]
) -> bool:
    """Run passes on some calls; return whether none refuses them, and report them if one does."""
    try:
        for step in passes:
            step(select, calls)
    except NotPlannedError as error:
        planned.append(calls.report(str(error)))
        return False
    return True
