"""The server vouches for its lines: all changes of them are its own, or asked of it.

A statement is planned with stored verdicts only if lines are as fame-sql left them, which takes a
read of all lines after each change of the file. Here the file changes with every request, and the
server knows who changes what.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from typing import TYPE_CHECKING

import duckdb

from fame_sql.serve.part import Part
from fame_sql.warehouse import lines

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

_CHANGING = re.compile(r"\b(delete|update|insert|merge|truncate)\b", re.IGNORECASE)


class Vouching(Part):
    """Vouches for the lines until a client's statement may have changed them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def start(self, server: Server) -> None:
        """Read the lines once, before others are stored."""
        self._connection = server.cursor().connection
        lines.vouch(self._connection)

    def stop(self, seconds: float) -> None:
        """Vouch no longer."""
        with self._lock:
            if self._connection is not None:
                lines.doubt(self._connection)
                self._connection.close()
            self._connection = None

    def note(self, statement: str, kinds: Collection[str]) -> None:
        """Take note of a statement that a writer runs.

        One that may change ``fame.logs`` ends it for good: when a transaction of a client is
        committed is not known here.
        """
        changes = set(kinds) != {"SELECT"} or _CHANGING.search(statement)
        if not changes or "logs" not in statement.lower():
            return
        with self._lock:
            if self._connection is not None:
                lines.doubt(self._connection)
