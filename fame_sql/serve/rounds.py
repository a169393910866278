"""The rounds of a server: counts, incidents and alerts are brought up to date again and again.

A round writes tables that no sender's lines go to, so senders do not wait for it: it has a turn of
its own, which commands take as well.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import duckdb

from fame_sql.errors import FameError
from fame_sql.operations.alerts import run_pass
from fame_sql.operations.alerts.journal import PassRunningError
from fame_sql.operations.alerts.source import WarehouseIncidents
from fame_sql.operations.alerts.stored_settings import has_settings
from fame_sql.operations.metrics import Metric, Sample
from fame_sql.serve.part import Part
from fame_sql.templates.matching import recount_events
from fame_sql.warehouse.sharing import Shared, sharing
from fame_sql.warehouse.warehouse import utc_now

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

_LOG = logging.getLogger(__name__)
_GRACE = 1.5
"""Seconds that a round may go on when the server stops."""


class Rounds(Part):
    """Does what ``fame alert --follow`` does, on the server's warehouse."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._counts: Counter[str] = Counter()

    def start(self, server: Server) -> None:
        """Begin."""
        self._server = server
        self._warehouse = server.cursor()
        self._thread = threading.Thread(target=self._run, name="fame-rounds", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End the round that goes on, by an interrupt if it takes long.

        What it does not store or send is done after the next start.
        """
        self._ending.set()
        if self._thread is None:
            return
        deadline = time.monotonic() + seconds
        self._thread.join(min(seconds, _GRACE))
        while self._thread.is_alive() and time.monotonic() < deadline:
            self._warehouse.connection.interrupt()
            self._thread.join(0.1)

    def metrics(self) -> Iterable[Metric]:
        """Return the rounds, and what they sent."""
        helps = {
            "rounds": "Rounds over counts, incidents and alerts.",
            "rounds_failed": "Rounds that failed.",
            "alerts_sent": "Messages that were sent.",
            "alerts_failed": "Attempts to send a message that failed.",
        }
        for what, help in helps.items():
            yield Metric(f"fame_{what}", "counter", help, (Sample(self._counts[what]),))

    def _run(self) -> None:
        while not self._ending.wait(self._server.settings.alert_every):
            try:
                with sharing(self._shared()):
                    self._round()
                self._counts["rounds"] += 1
            except PassRunningError as error:
                _LOG.info("%s", error)
            except (FameError, duckdb.Error, OSError) as error:
                self._counts["rounds_failed"] += 1
                _LOG.warning("alerts: %s", str(error).splitlines()[0])

    def _shared(self) -> Shared:
        server = self._server
        return Shared(server.path, server.warehouse.connection, server.turn_of_rounds)

    def _round(self) -> None:
        with self._server.writing(self._warehouse):
            recount_events(self._warehouse)
        if not has_settings(self._warehouse):
            WarehouseIncidents().update(self._warehouse, utc_now())
            return
        report = run_pass(
            self._server.path, lambda: nullcontext(self._warehouse), WarehouseIncidents()
        )
        self._counts["alerts_sent"] += len(report.sent)
        self._counts["alerts_failed"] += len(report.failed)
        for note in report.notes:
            _LOG.warning("alerts: %s", note)
