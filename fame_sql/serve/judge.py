"""The judge: new events get a verdict as soon as they are stored."""

from __future__ import annotations

import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import duckdb

from fame_sql.errors import FameError, MissingStageError
from fame_sql.models import load_champion
from fame_sql.models.registry import champion
from fame_sql.operations.metrics import Metric, Sample
from fame_sql.scoring.arrivals import Arrivals
from fame_sql.serve.delivery import Delivery
from fame_sql.serve.part import Part

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

_LOG = logging.getLogger(__name__)
_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_LOOK_FOR_CHAMPION = 5.0


class Judge(Part):
    """Judges the events of what has been committed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._arrived: list[tuple[float, int]] = []
        self._unjudged: list[tuple[float, int]] = []
        self._is_new = True
        self._ending = False
        self._failure: str | None = None
        self._arrivals: Arrivals | None = None
        self._thread: threading.Thread | None = None
        self._judged = 0
        self._lags = [0] * (len(_BOUNDS) + 1)
        self._lag_sum = 0.0

    def start(self, server: Server) -> None:
        """Begin with what has no verdict yet."""
        self._server = server
        self._warehouse = server.cursor()
        self._thread = threading.Thread(target=self._run, name="fame-judge", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Judge what has been stored, if there is time, and end."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)

    def reload(self) -> None:
        """Look for another champion now."""
        self.wake()

    def committed(self, deliveries: Sequence[Delivery]) -> None:
        """Take note of what has been committed."""
        with self._changed:
            self._arrived += [(delivery.arrived, delivery.records) for delivery in deliveries]
            self._is_new = True
            self._changed.notify()

    def wake(self) -> None:
        """Look for events that have no verdict."""
        self.committed([])

    def problem(self) -> str | None:
        """Return why nothing is judged, if so."""
        if self._thread is None or not self._thread.is_alive():
            return "nothing is judged"
        return self._failure

    def metrics(self) -> Iterable[Metric]:
        """Return how many events were judged, and how long lines waited for that."""
        help = "Events that were judged."
        yield Metric("fame_events_judged", "counter", help, (Sample(self._judged),))
        samples, total = [], 0
        for bound, count in zip((*_BOUNDS, "+Inf"), self._lags, strict=True):
            total += count
            samples.append(Sample(total, {"le": str(bound)}, "_bucket"))
        samples += [Sample(total, suffix="_count"), Sample(self._lag_sum, suffix="_sum")]
        help = "Time from the arrival of a record to the verdict on its event."
        yield Metric("fame_verdict_lag_seconds", "histogram", help, tuple(samples), "seconds")
        waiting = (Sample(sum(records for _, records in [*self._arrived, *self._unjudged])),)
        yield Metric("fame_records_unjudged", "gauge", "Records without a verdict yet.", waiting)

    def _run(self) -> None:
        while self._wait():
            try:
                self._judge()
                self._failure = None
            except (FameError, duckdb.Error) as error:
                # Tried again with the next lines; what is stored is not lost by it.
                self._failure = f"new events cannot be judged: {str(error).splitlines()[0]}"
                _LOG.warning(self._failure)

    def _wait(self) -> bool:
        """Wait for something new; return whether to go on."""
        with self._changed:
            if not self._is_new and not self._ending:
                self._changed.wait(_LOOK_FOR_CHAMPION)
            return self._is_new or not self._ending

    def _judge(self) -> None:
        """Judge until nothing is left, and count lines as soon as all before them are judged."""
        while True:
            # Before the champion is read, so that a wake-up after that is not lost.
            self._unjudged += self._take()
            self._find_champion()
            if self._arrivals is None:
                self._unjudged = []
                return
            judged = self._arrivals.judge()
            if judged is not None:
                with self._server.writing(self._warehouse):
                    self._arrivals.store(judged)
                self._judged += len(judged.verdicts)
            if judged is None or judged.is_all:
                self._count(self._unjudged)
                self._unjudged = []
            if judged is None:
                return

    def _take(self) -> list[tuple[float, int]]:
        """Return what has been committed since the last time."""
        with self._changed:
            arrived, self._arrived, self._is_new = self._arrived, [], False
        return arrived

    def _find_champion(self) -> None:
        """Load the champion, if it is another one; requests go on meanwhile."""
        try:
            version = champion(self._warehouse).model_version
        except MissingStageError:
            self._arrivals = None
            return
        if self._arrivals is None or self._arrivals.version != version:
            self._arrivals = Arrivals(self._warehouse, load_champion(self._warehouse))

    def _count(self, arrived: Sequence[tuple[float, int]]) -> None:
        now = time.monotonic()
        for moment, records in arrived:
            self._lags[bisect_left(_BOUNDS, now - moment)] += records
            self._lag_sum += (now - moment) * records
