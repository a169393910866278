"""Planning one statement: what is stored, what must be scored, and the SQL that then runs."""

from __future__ import annotations

from dataclasses import replace

import duckdb
from sqlglot import exp

from fame_sql.console import Progress, SilentProgress
from fame_sql.planner.calls import Call, calls_of
from fame_sql.planner.catalog import Catalog
from fame_sql.planner.demand import Demand, find_demand
from fame_sql.planner.dialect import text
from fame_sql.planner.fill import CollatedError, Found, Store
from fame_sql.planner.lineage import event_column
from fame_sql.planner.names import described, name_outermost, name_projections
from fame_sql.planner.order import keeps_order, order_by_line, order_obstacle
from fame_sql.planner.planned import Plan, Planned, functions, left, left_all, turned_live
from fame_sql.planner.rewrite import (
    binds,
    free_number,
    join_answers,
    obstacle,
)
from fame_sql.planner.scope import selects, visible_ctes
from fame_sql.planner.source import Source, find_source
from fame_sql.planner.statement import Statement, read
from fame_sql.planner.unread import is_unread
from fame_sql.planner.wanted import UnclearError, only_pending, wanted_rows
from fame_sql.scoring.live import LiveScorer
from fame_sql.udfs.duckdb import scorer_of

_UNREAD = "no query around it reads its column: DuckDB does not evaluate it"


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    *,
    score: bool = True,
    progress: Progress | None = None,
) -> Plan:
    """Plan a statement, and with ``score`` make ready what it needs.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection with the live functions. Temporary tables ``__fame_*`` are made on it.
    statement : str
        SQL in DuckDB's dialect.
    score : bool
        Score what is not stored. Without it the plan only tells: its statement must not be run.
    progress : Progress, optional
        Where to tell how far it is.

    Raises
    ------
    MissingStageError, ModelError
        If the model is asked for and cannot be used.
    WarehouseError
        If the disk has no room for the temporary tables.
    """
    scorer = scorer_of(connection)
    if scorer is None:
        return Plan(statement, reason="this connection has no live functions")
    catalog = Catalog(connection)
    parsed = read(catalog, statement)
    if isinstance(parsed, str):
        return Plan(statement, reason=parsed)
    names = described(catalog, parsed.body)
    name_outermost(parsed.query, names or [])
    work = _Work(catalog, scorer, parsed, score, progress or SilentProgress())
    calls = tuple(work.plan_all())
    if all(call.answered_by == "live" for call in calls):
        return Plan(statement, calls)
    if reason := _misfit(catalog, parsed, names):
        return Plan(statement, tuple(turned_live(call, reason) for call in calls))
    return Plan(parsed.text, calls)


def _misfit(catalog: Catalog, planned: Statement, names: list[str] | None) -> str:
    """Return why a planned statement cannot stand for the user's, or nothing."""
    if not binds(catalog.connection, planned.text):
        return "DuckDB does not take it in the planner's words"
    if _lower(names) != _lower(described(catalog, text(planned.query))):
        return "its columns would have other names"
    return ""


def _lower(names: list[str] | None) -> list[str] | None:
    return names and [name.lower() for name in names]


class _Work:
    """One statement while it is planned."""

    def __init__(
        self,
        catalog: Catalog,
        scorer: LiveScorer,
        statement: Statement,
        score: bool,
        progress: Progress,
    ) -> None:
        self._catalog = catalog
        self._scorer = scorer
        self._statement = statement
        self._score = score
        self._progress = progress
        self._keeps_order = keeps_order(catalog.connection)
        self._store: Store | None = None
        self._joined = 0

    def plan_all(self) -> list[Planned]:
        """Plan every SELECT, inner ones first."""
        return [p for select in list(selects(self._statement.query)) for p in self._plan(select)]

    def _plan(self, select: exp.Select) -> list[Planned]:
        calls = calls_of(select)
        if not calls:
            return []
        if self._keeps_order:
            order_by_line(select, self._catalog)
            if ordered := order_obstacle(select):
                return [left(call, call.reason or ordered) for call in calls]
        for call in calls:
            call.reason = call.reason or (_UNREAD if is_unread(call) else "")
        planned = [left(c, c.reason) for c in calls if c.reason]
        ctes = visible_ctes(select)
        groups: dict[tuple[int, str], tuple[Source, list[Call]]] = {}
        for call in (c for c in calls if not c.reason):
            source = (
                "two CTEs have one name" if ctes is None else find_source(call, self._catalog, ctes)
            )
            if isinstance(source, str):
                planned.append(left(call, source))
            else:
                key = (id(source.node), text(source.message).lower())
                groups.setdefault(key, (source, []))[1].append(call)
        return planned + self._plan_groups(select, list(groups.values()), ctes or [])

    def _plan_groups(
        self,
        select: exp.Select,
        groups: list[tuple[Source, list[Call]]],
        ctes: list[exp.CTE],
    ) -> list[Planned]:
        planned = []
        joined: dict[int, exp.Expr] = {}
        for source, calls in groups:
            now = joined.get(id(source.node), source.node)
            current = replace(source, node=now)
            if reason := obstacle(select, source):
                planned.append(left_all(calls, source, reason))
                continue
            done, node = self._plan_group(select, source, current, calls, ctes)
            joined[id(source.node)] = node
            planned.append(done)
        return planned

    def _plan_group(
        self,
        select: exp.Select,
        source: Source,
        current: Source,
        calls: list[Call],
        ctes: list[exp.CTE],
    ) -> tuple[Planned, exp.Expr]:
        """Plan the calls on one message; return also the node that is now the source."""
        store = self._open_store()
        key = self._event_key(source, ctes, store)
        answers = self._answers(select, current, calls, key, ctes)
        if isinstance(answers, str):
            return left_all(calls, source, answers), current.node
        if not name_projections(calls, self._catalog):
            return left_all(calls, source, "its column cannot be named"), current.node
        self._joined = free_number(select, source, self._joined)
        found, table = answers
        planned = Planned(
            functions(calls),
            text(source.message),
            "event" if key else "message",
            distinct=found.distinct,
            missing=found.missing,
            seconds=store.seconds(found.missing),
            bytes_needed=found.bytes_needed,
            rows=found.rows,
            messages=found.messages,
        )
        return planned, join_answers(select, current, calls, key or "", table, self._joined)

    def _answers(
        self,
        select: exp.Select,
        source: Source,
        calls: list[Call],
        key: str | None,
        ctes: list[exp.CTE],
    ) -> tuple[Found, str] | str:
        """Make the answers ready: what was found and their table, or why they cannot be."""
        store = self._open_store()
        if key and not store.unscored_events():
            return Found(None, 0), "__fame_events"
        demand = find_demand(select)
        if not key and demand.joins:
            return "a query around it drops rows after its calls"
        if guard := next((call.guard for call in calls if call.guard), demand.guard):
            return guard
        try:
            return self._fill(select, source, key, ctes, store, demand)
        except UnclearError:
            return "what is read around it cannot be read alone"
        except CollatedError:
            return "its messages have a collation, by which different ones are equal"
        except duckdb.Error:
            return "its rows cannot be read alone: correlated, or no text"

    def _open_store(self) -> Store:
        if self._store is None:
            self._store = Store(
                self._catalog.connection,
                self._scorer,
                self._catalog.is_warehouse,
                self._score,
                self._progress,
            )
        return self._store

    def _event_key(self, source: Source, ctes: list[exp.CTE], store: Store) -> str | None:
        """Return the column of the source that holds the event of the message."""
        if not isinstance(source.message, exp.Column) or not store.has_events():
            return None
        name = source.message.name
        return event_column(source.node, name, source.columns, self._catalog, ctes)

    def _fill(
        self,
        select: exp.Select,
        source: Source,
        key: str | None,
        ctes: list[exp.CTE],
        store: Store,
        demand: Demand,
    ) -> tuple[Found, str]:
        if key is None:
            wanted = exp.alias_(source.message.copy(), "message")
            return store.fill_messages(wanted_rows(select, wanted, ctes, source, demand))
        column = exp.Column(this=exp.to_identifier(key, quoted=True))
        if isinstance(source.message, exp.Column) and source.message.args.get("table"):
            column.set("table", source.message.args["table"].copy())
        wanted = exp.alias_(column, "event_id")
        if self._score:
            with only_pending(select, source.node, key) as is_possible:
                if is_possible:
                    store.list_pending()
                    found = store.fill_pending(wanted_rows(select, wanted, ctes, source, demand))
                    return found, "__fame_events"
        return store.fill_events(wanted_rows(select, wanted, ctes, source, demand)), "__fame_events"
