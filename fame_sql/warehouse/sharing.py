"""A database that is open in this process for many: a server runs commands on it.

DuckDB opens a file for one process, and in one process with one way of access. A command that a
server runs opens the warehouse by its path as always, and gets a cursor of the server's database.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import duckdb


class Numbers:
    """Numbers that several threads give away, each once, before they store them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def reserve(self, least: int) -> int:
        """Return the next number that is free, from ``least`` on."""
        with self._lock:
            self._last = max(self._last + 1, least)
            return self._last


@dataclass
class Shared:
    """A database for what runs in this context.

    Parameters
    ----------
    path : Path
        The warehouse.
    connection : duckdb.DuckDBPyConnection
        The connection that holds it.
    turn : context manager
        Held while something is written: DuckDB refuses transactions that change the same rows.
    author : str or None
        Who asked for what runs; None if that is the system's user.
    numbers : Numbers
        The numbers of loads: several can begin before the first is stored.
    """

    path: Path
    connection: duckdb.DuckDBPyConnection
    turn: AbstractContextManager[object] = field(default_factory=threading.RLock)
    author: str | None = None
    numbers: Numbers = field(default_factory=Numbers)
    _cursors: list[duckdb.DuckDBPyConnection] = field(default_factory=list)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor, as if the file had been opened."""
        cursor = self.connection.cursor()
        self._cursors.append(cursor)
        return cursor

    def interrupt(self) -> None:
        """Interrupt the statements that run on the cursors."""
        for cursor in list(self._cursors):
            with suppress(duckdb.Error):
                cursor.interrupt()

    def close(self) -> None:
        """Close the cursors that are still open."""
        for cursor in self._cursors:
            with suppress(duckdb.Error):
                cursor.close()
        self._cursors.clear()


_shared: ContextVar[Shared | None] = ContextVar("shared", default=None)


@contextmanager
def sharing(shared: Shared) -> Iterator[None]:
    """Let what runs in the block open the warehouse on a cursor of its database."""
    before = _shared.set(shared)
    try:
        yield
    finally:
        _shared.reset(before)
        shared.close()


def is_shared() -> bool:
    """Return whether this runs inside a server."""
    return _shared.get() is not None


def shared_author() -> str | None:
    """Return who asked a server for what runs here; None if nobody did, or its own user."""
    shared = _shared.get()
    return None if shared is None else shared.author


def shared_connection(path: Path) -> duckdb.DuckDBPyConnection | None:
    """Return a cursor of the database that is shared, None if ``path`` is not shared here."""
    shared = _shared.get()
    if shared is None or path.resolve() != shared.path.resolve():
        return None
    return shared.cursor()


def free_number(least: int) -> int:
    """Return the number of the next load, from ``least`` on."""
    shared = _shared.get()
    return least if shared is None else shared.numbers.reserve(least)


def writing_turn() -> AbstractContextManager[object]:
    """Return what is held while something is written."""
    shared = _shared.get()
    return nullcontext() if shared is None else shared.turn
