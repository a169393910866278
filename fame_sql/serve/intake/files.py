"""Files and folders that a server follows, as ``fame ingest --follow`` does."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import duckdb

from fame_sql.errors import FameError
from fame_sql.ingest import Hints, Reading, follow
from fame_sql.operations.metrics import Metric, Sample
from fame_sql.serve.part import Part
from fame_sql.warehouse.sharing import sharing

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

_LOG = logging.getLogger(__name__)
_AGAIN = 5.0


class FollowedFiles(Part):
    """Stores what is written to files.

    Parameters
    ----------
    committed : callable
        Is called when lines have been stored.
    """

    def __init__(self, committed: Callable[[], None]) -> None:
        self._committed = committed
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: str | None = None
        self._counts: Counter[str] = Counter()

    def start(self, server: Server) -> None:
        """Begin, if files are to be followed."""
        self._server = server
        if server.settings.follow:
            self._warehouse = server.cursor()
            self._thread = threading.Thread(target=self._run, name="fame-files", daemon=True)
            self._thread.start()

    def stop(self, seconds: float) -> None:
        """End; what has not been read is read after the next start."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def problem(self) -> str | None:
        """Return why files are not followed, if so."""
        return self._failure

    def metrics(self) -> Iterable[Metric]:
        """Return the lines that were read."""
        for what, help in (("lines", "Lines read from files."), ("errors", "Of these, set aside.")):
            yield Metric(f"fame_file_{what}", "counter", help, (Sample(self._counts[what]),))

    def _run(self) -> None:
        settings = self._server.settings
        reading = Reading(hints=Hints(timezone=settings.timezone), redact=settings.redact)
        while not self._ending.is_set():
            try:
                with sharing(self._server.shared()):
                    self._follow(reading)
            except (FameError, duckdb.Error, OSError) as error:
                self._failure = f"files cannot be followed: {str(error).splitlines()[0]}"
                _LOG.warning(self._failure)
                self._ending.wait(_AGAIN)

    def _follow(self, reading: Reading) -> None:
        """Read until the end; each commit waits for its turn, as commands do."""
        files = self._server.settings.follow
        for report in follow(
            lambda: nullcontext(self._warehouse), files, reading, stop=self._ending
        ):
            self._failure = None
            self._counts["lines"] += report.rows
            self._counts["errors"] += report.errors
            self._committed()
