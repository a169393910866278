"""The one writer: what has come is stored with one commit for many requests."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from fame_sql import sql
from fame_sql.errors import ConflictError
from fame_sql.events.events import absorb
from fame_sql.ingest.redact import redact
from fame_sql.operations.metrics import Metric, Sample
from fame_sql.serve.delivery import BusyError, Delivery, OtherContentError, Receipt
from fame_sql.serve.loads import Loads
from fame_sql.serve.part import Part
from fame_sql.serve.repeats import Repeats
from fame_sql.warehouse.connection import first_line
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

MOST_RECORDS = 100_000
"""The most records of one commit, if they come in several deliveries."""
_FORGET_EVERY = 200
_COLLISIONS = 3
_PASSING = (
    OSError,
    MemoryError,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
    duckdb.ConnectionException,
)
"""What may pass: a full disk, no memory, too many open files, a collision with another writer."""


class Writer(Part):
    """Stores deliveries in the order in which they come, and says when each is stored.

    Parameters
    ----------
    committed : callable
        Is given what has been committed.
    """

    def __init__(self, committed: Callable[[Sequence[Delivery]], None] = lambda _: None) -> None:
        self._committed = committed
        self._waiting: deque[Delivery] = deque()
        self._changed = threading.Condition()
        self._records = self._bytes = 0
        self._ending = False
        self._failure: str | None = None
        self._thread: threading.Thread | None = None
        self._counts: Counter[tuple[str, str]] = Counter()
        self._commits = 0

    def start(self, server: Server) -> None:
        """Begin to store what is offered."""
        self._server = server
        self._warehouse = server.cursor()
        self._loads = Loads(self._warehouse, server.numbers)
        self._repeats = Repeats(self._warehouse)
        self._thread = threading.Thread(target=self._run, name="fame-writer", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Store what waits, and end."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)
            self._refuse_waiting()

    def offer(self, delivery: Delivery) -> None:
        """Queue a delivery; its ``stored`` is set after the commit.

        Raises
        ------
        BusyError
            If too much waits already, or the server is stopping.
        """
        settings = self._server.settings
        with self._changed:
            if self._ending:
                raise BusyError("the server is stopping", 5)
            full = self._records and self._records + delivery.records > settings.queue_records
            if full or (self._bytes and self._bytes + delivery.size > settings.queue_bytes):
                self._counts["refused", delivery.intake] += delivery.records
                raise BusyError(f"{self._records} records wait to be stored")
            self._waiting.append(delivery)
            self._records += delivery.records
            self._bytes += delivery.size
            self._changed.notify()

    def problem(self) -> str | None:
        """Return why nothing can be stored, or that the queue is full."""
        if self._thread is None or not self._thread.is_alive():
            return "nothing is stored"
        if self._failure is not None:
            return f"the warehouse cannot be written: {self._failure}"
        full = self._records >= self._server.settings.queue_records
        return "the queue is full" if full else None

    def metrics(self) -> Iterable[Metric]:
        """Return what was taken in, set aside and refused, and what waits."""
        helps = {
            "stored": ("fame_records", "Records that were stored."),
            "errors": ("fame_records_set_aside", "Stored records with a parse_error."),
            "refused": ("fame_records_refused", "Records refused because the queue was full."),
            "repeated": ("fame_requests_repeated", "Requests that had been stored before."),
            "failed": ("fame_records_failed", "Records of requests that could not be stored."),
        }
        for what, (name, help) in helps.items():
            found = [
                Sample(count, {"intake": intake})
                for (kind, intake), count in sorted(self._counts.items())
                if kind == what
            ]
            yield Metric(name, "counter", help, tuple(found) or (Sample(0),))
        yield Metric("fame_commits", "counter", "Commits of records.", (Sample(self._commits),))
        waiting = (Sample(self._records),)
        yield Metric("fame_queue_records", "gauge", "Records that wait to be stored.", waiting)
        size = (Sample(self._bytes),)
        yield Metric("fame_queue_bytes", "gauge", "Bytes that wait to be stored.", size, "bytes")

    def _run(self) -> None:
        while batch := self._take():
            try:
                self._settle(batch)
            finally:
                with self._changed:
                    self._records -= sum(delivery.records for delivery in batch)
                    self._bytes -= sum(delivery.size for delivery in batch)

    def _take(self) -> list[Delivery]:
        """Wait for deliveries, and return the next ones; none at the end."""
        with self._changed:
            while not self._waiting and not self._ending:
                self._changed.wait()
            batch: list[Delivery] = []
            count = 0
            while self._waiting and (not batch or count < MOST_RECORDS):
                batch.append(self._waiting.popleft())
                count += batch[-1].records
            return batch

    def _settle(self, batch: Sequence[Delivery]) -> None:
        """Store some deliveries; if that fails, each for itself."""
        fresh, twins = self._without_repeats(batch)
        if not fresh:
            return
        try:
            self._store_patiently(fresh)
        except Exception as error:
            if len(fresh) == 1:
                self._fail(fresh[0], error)
            else:
                for delivery in fresh:
                    self._settle([delivery])
        else:
            self._failure = None
            for delivery in fresh:
                self._answer(delivery, delivery.receipt())
            self._committed(fresh)
        for delivery in twins:
            self._settle([delivery])

    def _without_repeats(self, batch: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
        """Answer what was stored before; return what is new, and what is the same as that."""
        fresh: list[Delivery] = []
        twins: list[Delivery] = []
        seen: set[str] = set()
        for delivery in batch:
            request = delivery.request
            if request is not None and request.name in seen:
                twins.append(delivery)
                continue
            try:
                known = None if request is None else self._repeats.find(request)
            except OtherContentError as error:
                delivery.stored.set_exception(error)
                continue
            if known is not None:
                self._counts["repeated", delivery.intake] += 1
                delivery.stored.set_result(known)
                continue
            fresh.append(delivery)
            if request is not None:
                seen.add(request.name)
        return fresh, twins

    def _store_patiently(self, deliveries: Sequence[Delivery]) -> None:
        """Store deliveries, again if a statement of someone else collided with it."""
        for _ in range(_COLLISIONS):
            with suppress(duckdb.TransactionException, ConflictError):
                self._store(deliveries)
                return
        self._store(deliveries)

    def _store(self, deliveries: Sequence[Delivery]) -> None:
        before = self._loads.sources
        try:
            with (
                self._server.writing(self._warehouse) as warehouse,
                warehouse.transaction(appends=True),
            ):
                self._fill(warehouse, deliveries)
                absorb(warehouse.connection)
                self._repeats.store(deliveries)
                counted = self._loads.add(deliveries)
                if self._commits % _FORGET_EVERY == 0:
                    self._repeats.forget_old()
        except BaseException:
            self._loads.forget_new(before)
            raise
        self._loads.keep(counted)
        self._repeats.remember(deliveries)
        self._commits += 1

    def _fill(self, warehouse: Warehouse, deliveries: Sequence[Delivery]) -> None:
        """Put the records of some deliveries into the table ``incoming``."""
        numbers = [self._loads.number_of(each.source, each.intake) for each in deliveries]
        rows = pa.concat_tables([delivery.rows for delivery in deliveries])
        counts = [delivery.records for delivery in deliveries]
        rows = rows.append_column("ingest_id", pa.array(np.repeat(numbers, counts), pa.int64()))
        rows = rows.append_column("place", pa.array(np.arange(len(rows)), pa.int64()))
        warehouse.connection.execute(sql.load("events/create_incoming"))
        warehouse.with_table("arrived", rows, sql.load("serve/fill_incoming"))
        if self._server.settings.redact:
            redact(warehouse.connection)

    def _answer(self, delivery: Delivery, receipt: Receipt) -> None:
        self._counts["stored", delivery.intake] += receipt.records
        self._counts["errors", delivery.intake] += receipt.errors
        delivery.stored.set_result(receipt)

    def _fail(self, delivery: Delivery, error: Exception) -> None:
        self._counts["failed", delivery.intake] += delivery.records
        if isinstance(error, duckdb.FatalException):
            self._server.give_up(first_line(error))
        if isinstance(error, (*_PASSING, duckdb.FatalException)):
            self._failure = first_line(error)
            error = BusyError(f"the warehouse cannot be written: {self._failure}", 5)
        delivery.stored.set_exception(error)

    def _refuse_waiting(self) -> None:
        """Refuse what could not be stored in time; nobody was told that it is."""
        with self._changed:
            while self._waiting:
                self._waiting.popleft().stored.set_exception(BusyError("the server has stopped", 5))
