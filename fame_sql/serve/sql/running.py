"""Running one statement of a client, within limits of time and size."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from fame_sql.console import Step
from fame_sql.errors import FameError, QueryError
from fame_sql.planner import Plan, make_plan
from fame_sql.scoring.later import Reach, hold_later, reach_of
from fame_sql.scoring.on_demand import Parameters
from fame_sql.serve.refused import RefusedError
from fame_sql.session.query import plain_errors
from fame_sql.udfs.duckdb import scorer_of

_BATCH = 2_048
_AGAIN = 0.05
_LOOK = 0.2


@dataclass(frozen=True)
class Limits:
    """How much one statement may take.

    Parameters
    ----------
    rows : int
        The most rows of an answer; what is beyond is left out, and the answer says so.
    seconds : float
        The longest time until the answer is complete.
    answer_bytes : int
        The most bytes of an answer.
    """

    rows: int = 10_000
    seconds: float = 30.0
    answer_bytes: int = 64 << 20


@dataclass(frozen=True)
class Answer:
    """The rows of a statement.

    Parameters
    ----------
    table : pyarrow.Table
        The rows.
    types : list of str
        The SQL types of the columns.
    is_cut : bool
        Whether there are more rows than the limit.
    """

    table: pa.Table
    types: list[str]
    is_cut: bool


def run_statement(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    limits: Limits,
    *,
    write: bool,
    gone: threading.Event | None = None,
) -> Answer:
    """Run a statement that was allowed.

    Live calls are answered from stored verdicts, as by 'fame query'.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection of its own.
    statement : str
        The statement.
    limits : Limits
        What it may take.
    write : bool
        Whether it may change anything.
    gone : threading.Event, optional
        Set when nobody waits for the answer any more: then it is stopped.

    Raises
    ------
    RefusedError
        499 if nobody waits, 504 after the time, 413 for an answer that is too large, 400 for what
        DuckDB refuses.
    """
    gone = gone or threading.Event()
    if gone.is_set():
        raise RefusedError(499, "the client went away")
    clock = _Clock(connection, limits.seconds, gone)
    try:
        with clock, plain_errors():
            return _run(connection, statement, limits, clock, write=write)
    except FameError as error:
        if gone.is_set():
            raise RefusedError(499, "the client went away") from None
        if clock.is_over:
            raise RefusedError(
                504,
                f"the statement took longer than {limits.seconds:g} seconds and was stopped: ask "
                "for less, or for more time with ?seconds=",
            ) from None
        status = 400 if isinstance(error, QueryError) else 409
        raise RefusedError(status, " ".join(str(error).split())) from None


def _run(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    limits: Limits,
    clock: _Clock,
    *,
    write: bool,
) -> Answer:
    since = reach_of(connection)
    plan = make_plan(connection, statement, progress=clock)
    is_planned = plan.statement != statement
    if not write:
        # A second lock on the door: what was let in as a SELECT changes nothing, whatever it is.
        connection.execute("BEGIN TRANSACTION READ ONLY")
    elif is_planned:
        connection.execute("BEGIN TRANSACTION")
    result = connection.execute(*_with_later(connection, statement, plan, since))
    if result is None:
        raise QueryError("there is no statement: send one, such as SELECT * FROM anomalies")
    types = [str(column[1]) for column in result.description or []]
    table, is_cut = _collected(result, limits)
    if write and is_planned:
        connection.execute("COMMIT")
    return Answer(table, types, is_cut)


def _with_later(
    connection: duckdb.DuckDBPyConnection, statement: str, plan: Plan, since: Reach
) -> tuple[str, Parameters]:
    """Return what runs, after judging what has come since it was planned."""
    scorer = scorer_of(connection)
    if plan.statement == statement or scorer is None:
        return plan.statement, plan.parameters
    if hold_later(connection, plan.statement, since, scorer):
        return plan.statement, plan.parameters
    return statement, None


def _collected(result: duckdb.DuckDBPyConnection, limits: Limits) -> tuple[pa.Table, bool]:
    """Return the rows within the limits, and whether there are more."""
    reader: pa.RecordBatchReader = result.to_arrow_reader(_BATCH)
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader:
        batches.append(batch.slice(0, limits.rows - rows))
        rows += batch.num_rows
        size += batch.nbytes
        if size > limits.answer_bytes:
            raise RefusedError(
                413,
                f"the answer is larger than {limits.answer_bytes >> 20} MB: name fewer columns, "
                "or fewer rows with LIMIT",
            )
        if rows > limits.rows:
            break
    return pa.Table.from_batches(batches, reader.schema), rows > limits.rows


class _Clock:
    """Interrupts what runs on a connection when its time is over or nobody waits for it."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, seconds: float, gone: threading.Event
    ) -> None:
        self._connection = connection
        self._seconds = seconds
        self._gone = gone
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fame-clock", daemon=True)
        self.is_over = False

    def __enter__(self) -> None:
        self._end = time.monotonic() + self._seconds
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._gone.is_set() and (left := self._end - time.monotonic()) > 0:
            if self._done.wait(min(left, _LOOK)):
                return
        self.is_over = True
        # Again and again: an interrupt between two statements of a plan is lost.
        while not self._done.wait(_AGAIN):
            with suppress(duckdb.Error):
                self._connection.interrupt()

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        """Stop a long scoring of what is not stored, too."""
        yield self

    def advance(self, amount: int = 1) -> None:
        """Raise if the time is over."""
        if self.is_over:
            raise QueryError("the time is over")
