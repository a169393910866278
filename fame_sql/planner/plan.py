"""Planning one statement: what is stored, what must be scored, and the SQL that then runs."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from fame_sql.console import Progress, SilentProgress
from fame_sql.planner.calls import (
    Call,
    Source,
    calls_of,
    find_source,
    selects,
    visible_ctes,
)
from fame_sql.planner.catalog import Catalog, text
from fame_sql.planner.fill import CollatedError, Found, Store
from fame_sql.planner.lineage import event_column
from fame_sql.planner.rewrite import (
    binds,
    join_answers,
    name_projections,
    obstacle,
    only_pending,
    wanted_rows,
)
from fame_sql.planner.statement import Statement, read
from fame_sql.udfs.duckdb import scorer_of
from fame_sql.udfs.live import LiveScorer


@dataclass(frozen=True)
class Planned:
    """What the planner does about calls on one message expression.

    Parameters
    ----------
    functions : tuple of str
        The live functions called.
    message : str
        Their argument, as SQL.
    answered_by : str
        ``"event"`` (an integer join on stored verdicts), ``"message"`` (a join on distinct
        messages) or ``"live"``: left alone.
    reason : str
        Why they are left alone.
    distinct : int or None
        Distinct events or canonical texts in the rows that they see; None where not all had to
        be looked up: all events of the warehouse are stored, or a join was asked only for those
        that are not.
    missing : int
        Those that were not stored.
    seconds : float
        About how long the model takes for them.
    bytes_needed : int
        About what the temporary tables take.
    rows, messages : int or None
        Rows that they see, and distinct messages in them; None where not counted.
    """

    functions: tuple[str, ...]
    message: str
    answered_by: str
    reason: str = ""
    distinct: int | None = None
    missing: int = 0
    seconds: float = 0.0
    bytes_needed: int = 0
    rows: int | None = None
    messages: int | None = None


@dataclass(frozen=True)
class Plan:
    """How a statement is run.

    Parameters
    ----------
    statement : str
        The SQL to run: the user's own where nothing is planned.
    calls : tuple of Planned
        One for each message expression of each SELECT.
    reason : str
        Why the statement as a whole is left alone.
    """

    statement: str
    calls: tuple[Planned, ...] = ()
    reason: str = ""

    @property
    def missing(self) -> int:
        """Texts that were not stored when the plan was made."""
        return sum(call.missing for call in self.calls)

    @property
    def seconds(self) -> float:
        """About how long the model takes for them."""
        return sum(call.seconds for call in self.calls)


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
    if not isinstance(parsed, str) and _in_transaction(connection):
        # DuckDB 2.0 aborts a transaction at the first probe that fails.
        parsed = "it runs in a transaction of your own: COMMIT or ROLLBACK it to have it planned"
    if isinstance(parsed, str):
        return Plan(statement, reason=parsed)
    work = _Work(catalog, scorer, parsed, score, progress or SilentProgress())
    calls = tuple(work.plan_all())
    if all(call.answered_by == "live" for call in calls):
        return Plan(statement, calls)
    if not binds(connection, parsed.text):
        return Plan(statement, calls, "DuckDB does not take it in the planner's words")
    return Plan(parsed.text, calls)


def _in_transaction(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the user has a transaction open: then its number stays."""
    first, second = (connection.execute("SELECT txid_current()").fetchall()[0][0] for _ in range(2))
    return bool(first == second)


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
        self._store: Store | None = None
        self._joined = 0

    def plan_all(self) -> list[Planned]:
        """Plan every SELECT, inner ones first."""
        return [p for select in list(selects(self._statement.query)) for p in self._plan(select)]

    def _plan(self, select: exp.Select) -> list[Planned]:
        calls = calls_of(select)
        if not calls:
            return []
        planned = [_left(c, c.reason) for c in calls if c.reason]
        ctes = visible_ctes(select)
        groups: dict[tuple[int, str], tuple[Source, list[Call]]] = {}
        for call in (c for c in calls if not c.reason):
            source = (
                "two CTEs have one name" if ctes is None else find_source(call, self._catalog, ctes)
            )
            if isinstance(source, str):
                planned.append(_left(call, source))
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
            current = Source(now, source.message, source.columns)
            if reason := obstacle(select, source):
                planned.append(_left_all(calls, source, reason))
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
        guard = next((call.guard for call in calls if call.guard), "")
        if key and not store.unscored_events():
            found, table = Found(None, 0), "__fame_events"
        elif guard:
            return _left_all(calls, source, guard), current.node
        else:
            try:
                found, table = self._fill(select, current, key, ctes, store)
            except CollatedError:
                reason = "its messages have a collation, by which different ones are equal"
                return _left_all(calls, source, reason), current.node
            except duckdb.Error:
                reason = "its rows cannot be read alone: correlated, or no text"
                return _left_all(calls, source, reason), current.node
        if not name_projections(calls, self._catalog):
            return _left_all(calls, source, "its column cannot be named"), current.node
        self._joined += 1
        planned = Planned(
            _functions(calls),
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
    ) -> tuple[Found, str]:
        if key is None:
            wanted = exp.alias_(source.message.copy(), "message")
            return store.fill_messages(wanted_rows(select, wanted, ctes))
        column = exp.Column(this=exp.to_identifier(key, quoted=True))
        if isinstance(source.message, exp.Column) and source.message.args.get("table"):
            column.set("table", source.message.args["table"].copy())
        wanted = exp.alias_(column, "event_id")
        if self._score:
            with only_pending(select, source.node, key) as is_possible:
                if is_possible:
                    store.list_pending()
                    found = store.fill_pending(wanted_rows(select, wanted, ctes))
                    return found, "__fame_events"
        return store.fill_events(wanted_rows(select, wanted, ctes)), "__fame_events"


def _functions(calls: list[Call]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(call.node.name.lower() for call in calls))


def _left(call: Call, reason: str) -> Planned:
    return Planned(_functions([call]), text(call.message), "live", reason)


def _left_all(calls: list[Call], source: Source, reason: str) -> Planned:
    return Planned(_functions(calls), text(source.message), "live", reason)
