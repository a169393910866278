"""Planning one statement: what is stored, what must be scored, and the SQL that then runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache
from typing import TypeAlias

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql.console import Progress, SilentProgress
from fame_sql.planner import verify
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.context import Calls, Context
from fame_sql.planner.one_snapshot import one_snapshot
from fame_sql.planner.parts import Statement
from fame_sql.planner.passes import AFTER, BEFORE, PER_CALL, PER_MESSAGE
from fame_sql.planner.passes.check_statement import NOT_ACCEPTED
from fame_sql.planner.report import Plan
from fame_sql.planner.scope import selects
from fame_sql.planner.statements import only_statement, read_statement
from fame_sql.planner.tree import (
    DIALECT,
    FIELDS,
    NotPlannedError,
    live_nodes,
    own_live,
    same_key,
    text,
)
from fame_sql.planner.unnest import unnest_lists
from fame_sql.scoring.kept import snapshot_of
from fame_sql.scoring.live import LiveScorer
from fame_sql.scoring.on_demand import Parameters, TemporaryVerdicts, bound, by_name
from fame_sql.udfs.duckdb import scorer_of

Pass: TypeAlias = Callable[[exp.Select, Calls], exp.Select]
Store: TypeAlias = Callable[[], TemporaryVerdicts]


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    parameters: Parameters = None,
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
    parameters : sequence or mapping, optional
        The values of the statement's parameters.
    score : bool
        Score what is not stored. Without it the plan is only a report: do not run its statement.
    progress : Progress, optional
        Where scoring shows how far it is.

    Returns
    -------
    Plan
        The SQL to run with its parameters, and what was found about each live call.

    Raises
    ------
    MissingStageError, ModelError
        If the model is needed and cannot be used.
    WarehouseError
        If the disk has no room for the temporary tables.
    """
    plain = Plan(unnest_lists(statement), parameters=parameters)
    scorer = scorer_of(connection)
    if scorer is None:
        return replace(plain, reason="this connection has no live functions")
    try:
        with one_snapshot(connection) as is_own:
            catalog = Catalog(connection, by_name(parameters), is_own)
            return _made(plain, catalog, scorer, score, progress or SilentProgress())
    except duckdb.TransactionException:
        # Over a lake, a probe that fails in other words than a binder's ends the transaction.
        return replace(plain, reason="a part of it fails when it is tried alone")


def _made(
    plain: Plan, catalog: Catalog, scorer: LiveScorer, score: bool, progress: Progress
) -> Plan:
    """Return the plan for a statement, which is the plain one where nothing is planned."""
    statement = plain.statement
    if not (_mentions(statement, FIELDS) or catalog.may_reach(statement)):
        return plain
    live = _live_names(catalog)
    if not _mentions(statement, live):
        return plain
    try:
        before, around = _read(catalog, statement, live)
        given = bound(before + around.with_bodies(around.bodies()), catalog.parameters)
        if len(given or ()) < len(catalog.parameters):
            raise NotPlannedError("more parameters are given than it names")
        # EXPLAIN alone evaluates nothing.
        needed = score and not re.fullmatch(r"\s*EXPLAIN\s*(\([^)]*\)\s*)?", before, re.IGNORECASE)
        store = cache(
            lambda: TemporaryVerdicts(
                catalog.connection,
                scorer,
                catalog.is_warehouse,
                needed,
                progress,
                catalog.parameters,
                in_lake=catalog.in_lake,
            )
        )
        contexts = [_read_query(catalog, body, live, store) for body in around.bodies()]
        done = [_plan(context) if isinstance(context, Context) else context for context in contexts]
    except NotPlannedError as error:
        return replace(plain, reason=str(error))
    calls = tuple(call for c in contexts if isinstance(c, Context) for call in c.planned)
    if all(call.answered_by == "live" for call in calls):
        return replace(plain, calls=calls)
    made = before + around.with_bodies(done)
    snapshot = snapshot_of(catalog.connection) if catalog.in_lake else None
    return Plan(made, calls, parameters=bound(made, catalog.parameters), snapshot=snapshot)


def _plan(context: Context) -> str:
    """Return a query as it is to be run."""
    query = context.query
    try:
        for step in BEFORE:
            query = step(query, context)
        for select in selects(query):
            _plan_select(select, context)
        if all(call.answered_by == "live" for call in context.planned):
            return context.body
        for step in AFTER:
            query = step(query, context)
    except NotPlannedError as error:
        if not context.planned:
            raise
        context.planned[:] = [call.left(str(error)) for call in context.planned]
        return context.body
    return text(query)


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
            # One call that DuckDB evaluates in every row needs all that the others need.
            group.guard = group.guard and calls.guard
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


def _read(catalog: Catalog, written: str, live: frozenset[str]) -> tuple[str, Statement]:
    """Return what stands before a statement, and the statement with its queries.

    Refused: several statements, one that DuckDB does not accept, and one that runs nothing
    """
    before, around = read_statement(only_statement(written), lambda t: _mentions(t, live))
    if catalog.has_made(around.written):
        raise NotPlannedError("its table exists already")
    if around.queries != ((0, len(around.written)),) and not catalog.accepts(around.written):
        raise NotPlannedError(NOT_ACCEPTED)
    return before, around


def _read_query(catalog: Catalog, body: str, live: frozenset[str], store: Store) -> Context | str:
    """Return a query to be planned; its text if it calls no live function, itself or by others.

    Refused: what sqlglot cannot read
    """
    try:
        query = sqlglot.parse_one(body, dialect=DIALECT)
        again = text(query)
    except (sqlglot.errors.SqlglotError, ValueError):
        raise NotPlannedError("sqlglot cannot read it") from None
    trees = (verify.parse(catalog.connection, body), verify.parse(catalog.connection, again))
    tables = {table.name.lower() for table in query.find_all(exp.Table)}
    if not (live_nodes(query) or live & (verify.names(trees[0], "function_name") | tables)):
        return body
    if not isinstance(query, exp.Query):
        raise NotPlannedError("only queries are planned")
    return Context(catalog, store, query, body, trees, live)


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
