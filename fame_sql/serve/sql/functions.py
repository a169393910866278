"""The live functions of the server's database, by the champion of the moment.

On all connections, those of DuckDB's own protocol as well, they answer from stored verdicts first:
the verdict of each message that is stored is looked up in memory. A macro over both cannot do that
for a client of Quack, whose connection nobody but DuckDB reaches.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import duckdb

from fame_sql.errors import FameError
from fame_sql.scoring.live import LiveScorer
from fame_sql.serve.part import Part
from fame_sql.serve.sql.remembering import Remembering
from fame_sql.session.session import warehouse_scorer
from fame_sql.udfs import duckdb as functions
from fame_sql.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

_EVERY = 1.0
_STATE = "SELECT model_version FROM fame.champion"


class Functions(Part):
    """Registers ``fame_score`` and its kin for every connection of the server.

    A new champion is loaded before it takes over, so no statement waits for it or fails.
    """

    def __init__(self) -> None:
        self._warehouse: Warehouse | None = None
        self._registered: duckdb.DuckDBPyConnection | None = None
        self._champion: object = None
        self._remembering: Remembering | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, server: Server) -> None:
        """Register the functions, and watch for a new champion."""
        self._warehouse = server.cursor()
        self._champion = self._found()
        self._registered = server.warehouse.connection
        self._register(self._registered, warehouse_scorer(server.warehouse))
        self._thread = threading.Thread(target=self._run, name="fame-functions")
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Remove the functions."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(seconds)
        if self._warehouse is not None:
            self._warehouse.close()
        if self._registered is not None:
            functions.release(self._registered)
        self._warehouse = self._registered = self._remembering = None

    def reload(self) -> None:
        """Take the champion of the moment."""
        with self._lock:
            found = self._found()
            if self._warehouse is None or found == self._champion:
                return
            scorer = warehouse_scorer(self._warehouse)
            scorer.model()
            self._register(self._warehouse.connection, scorer)
            self._champion = found

    def _register(self, connection: duckdb.DuckDBPyConnection, scorer: LiveScorer) -> None:
        functions.register(connection, scorer)
        if self._warehouse is not None:
            self._remembering = Remembering(self._warehouse, scorer, self._ended)

    def _run(self) -> None:
        while not self._ended.wait(_EVERY):
            try:
                self.reload()
                if self._remembering is not None and self._champion is not None:
                    self._remembering.go_on()
            except (FameError, duckdb.Error):
                continue  # Its folder is not there yet, or is damaged: the last one goes on.

    def _found(self) -> object:
        return self._warehouse and self._warehouse.value(_STATE)
