"""Planning one statement: what is stored, what must be scored, and the SQL that then runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import duckdb
from sqlglot import exp

from fame_sql.console import Progress, SilentProgress
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.context import Calls, Context, calls_of
from fame_sql.planner.errors import NotPlannedError
from fame_sql.planner.passes import AFTER, BEFORE, PER_CALL, PER_MESSAGE
from fame_sql.planner.report import Plan, Planned
from fame_sql.planner.scope import selects
from fame_sql.planner.statement import read
from fame_sql.planner.tree import same_key, text
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
    try:
        parsed = read(catalog, statement)
    except NotPlannedError as error:
        return Plan(statement, reason=error.reason)
    if parsed is None:
        return Plan(statement)
    tree, written = parsed
    return _plan(
        tree, Context(catalog, scorer, written, score, progress or SilentProgress()), statement
    )


def _plan(query: exp.Query, context: Context, written: str) -> Plan:
    try:
        for step in BEFORE:
            query = step(query, context)
        for select in selects(query):
            context.planned += _plan_select(select, context)
        if all(call.answered_by == "live" for call in context.planned):
            return Plan(written, tuple(context.planned))
        for step in AFTER:
            query = step(query, context)
    except NotPlannedError as error:
        calls = tuple(call.left(error.reason) for call in context.planned)
        return Plan(written, calls, "" if calls else error.reason)
    return Plan(f"{context.statement.head} {text(query)}".lstrip(), tuple(context.planned))


def _plan_select(select: exp.Select, context: Context) -> list[Planned]:
    """Run the passes on the calls of one SELECT; return what is done about each message."""
    planned: list[Planned] = []
    waiting = calls_of(select, context)
    for step in PER_CALL:
        waiting = _run(step, select, waiting, planned)
    waiting = _by_message(waiting)
    for step in PER_MESSAGE:
        waiting = _run(step, select, waiting, planned)
    return planned + [_planned(calls) for calls in waiting]


def _run(
    step: Pass, select: exp.Select, waiting: list[Calls], planned: list[Planned]
) -> list[Calls]:
    """Run one pass on all calls that wait; return those that it does not refuse."""
    kept = []
    for calls in waiting:
        try:
            step(select, calls)
            kept.append(calls)
        except NotPlannedError as error:
            planned.append(Planned(calls.functions, text(calls.message), "live", error.reason))
    return kept


def _by_message(waiting: list[Calls]) -> list[Calls]:
    """Join the calls on one message of one source."""
    groups: dict[tuple[int, str], Calls] = {}
    for calls in waiting:
        first = groups.setdefault((id(calls.source), same_key(calls.message)), calls)
        if first is not calls:
            first.nodes += calls.nodes
            first.guard = first.guard or calls.guard
    return list(groups.values())


def _planned(calls: Calls) -> Planned:
    found = calls.found
    return Planned(
        calls.functions,
        text(calls.message),
        "event" if calls.key else "message",
        seconds=calls.context.store.seconds(found.missing),
        **vars(found),
    )
