"""The audit: every statement that was asked for, by whom, when, and why it was refused.

Answers do not wait for it. Statements are kept in memory for half a second and stored together; of
a flood beyond what is kept, the number is stored. A server that is killed loses the last half
second.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.operations.metrics import Metric, Sample
from fame_sql.serve.part import Part
from fame_sql.serve.tokens import Holder
from fame_sql.warehouse.connection import transaction, utc_now

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

KEPT = 1_000_000
"""The most statements that are kept; the oldest go first."""

_WAITING = 20_000
_LONGEST = 4_000
_EVERY = 0.5
_SECRET = re.compile(r"fame_[A-Za-z0-9_-]{43}")
_WITH_SECRET = re.compile(r"\b(SECRET|TOKEN|PASSWORD)\b", re.IGNORECASE)
_COLUMNS = ("asked_at", "who", "role", "way", "statement", "refusal")
_TYPES = pa.schema(
    [("asked_at", pa.timestamp("us")), *((name, pa.string()) for name in _COLUMNS[1:])]
)

Row = tuple[datetime, str, str, str, str, str | None]


class Audit(Part):
    """Keeps what was asked in ``fame.statements``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: list[Row] = []
        self._beyond = 0
        self._noted = 0
        self._refused = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, holder: Holder | None, way: str, statement: str, refused: str | None) -> None:
        """Keep a statement, to be stored soon.

        Parameters
        ----------
        holder : Holder or None
            Who asked; None if that is not known.
        way : str
            How: ``quack``, ``http`` or ``command``.
        statement : str
            What was asked for.
        refused : str or None
            Why it is not run; None if it is.
        """
        who, role = (holder.name, str(holder.role)) if holder else ("", "")
        row = (utc_now(), who, role, way, shortened(statement), refused)
        with self._lock:
            self._noted += 1
            self._refused += refused is not None
            if len(self._rows) < _WAITING:
                self._rows.append(row)
            else:
                self._beyond += 1

    def start(self, server: Server) -> None:
        """Begin to store."""
        self._thread = threading.Thread(target=self._go, args=(server,), name="fame-audit")
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Store what is left."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def metrics(self) -> Iterable[Metric]:
        """Return how many statements were asked and refused."""
        samples = (
            Sample(self._noted - self._refused, {"answer": "run"}),
            Sample(self._refused, {"answer": "refused"}),
        )
        yield Metric("fame_statements", "counter", "Statements and commands asked for.", samples)

    def _go(self, server: Server) -> None:
        with suppress(duckdb.ConnectionException):  # The time to stop was over.
            self._run(server)

    def _run(self, server: Server) -> None:
        warehouse = server.cursor()
        kept = int(warehouse.value("SELECT count(*) FROM fame.statements"))
        while True:
            is_last = self._ended.wait(_EVERY)
            rows = self._take()
            if rows:
                with server.writing(warehouse), transaction(warehouse.connection, appends=True):
                    warehouse.with_table("asked", _table(rows), sql.load("serve/add_statements"))
                    kept += len(rows)
                    if kept > KEPT * 1.1:
                        warehouse.rows(sql.load("serve/forget_statements"), {"kept": KEPT})
                        kept = KEPT
            if is_last:
                warehouse.close()
                return

    def _take(self) -> list[Row]:
        """Return what waits, and a row for what was beyond."""
        with self._lock:
            rows, self._rows = self._rows, []
            beyond, self._beyond = self._beyond, 0
        if beyond:
            rows.append((utc_now(), "", "", "", f"{beyond} more statements came at once", None))
        return rows


def shortened(statement: str) -> str:
    """Return a statement as it is kept: without secrets, and not too long."""
    if _WITH_SECRET.search(statement):
        statement = re.sub(r"'(?:[^']|'')*'", "'***'", statement)
    statement = _SECRET.sub("***", statement)
    if len(statement) > _LONGEST:
        statement = f"{statement[:_LONGEST]}… ({len(statement)} characters)"
    return statement.encode("utf-8", "replace").decode()


def _table(rows: list[Row]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(c, t.type) for c, t in zip(columns, _TYPES, strict=True)], _TYPES)
