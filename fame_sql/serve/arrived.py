"""The lines that are stored after others, with verdicts: of a server, or a file that others fill.

Nothing is read from logs here. A server or 'fame ingest' stores lines, and they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Any, Protocol

from fame_sql import sql
from fame_sql.errors import FameError, HeldError
from fame_sql.serve.address import Address, find

AT_MOST = 1000
"""The most lines that are asked for at once."""

Line = Mapping[str, Any]


class Place(Protocol):
    """Where lines are asked for."""

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Return the rows of a statement with live functions.

        Raises
        ------
        FameError
            If it fails.
        """

    def changed(self) -> bool:
        """Return whether something can be new since the last time."""


class AtServer:
    """A server that holds the warehouse."""

    def __init__(self, address: Address, token: str) -> None:
        self._address, self._token = address, token or address.secret

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Return the rows that 'fame query' prints there."""
        from fame_sql.serve.client import ask

        out: list[str] = []
        err: list[str] = []
        for name, value in ask(self._address, self._token, ["query", statement, "--json"], None):
            if name == "exit" and value:
                raise FameError("".join(err).strip().removeprefix("Error: "))
            if name != "exit":
                (err if name == "err" else out).append(str(value))
        rows: list[dict[str, Any]] = json.loads("".join(out))
        for row in rows:
            if row.get("timestamp"):
                row["timestamp"] = datetime.fromisoformat(row["timestamp"])
        return rows

    def changed(self) -> bool:
        """Return True: only the server knows."""
        return True


class InFile:
    """A warehouse that no server holds; others can write to it between two questions."""

    def __init__(self, warehouse: Path) -> None:
        self._warehouse = warehouse
        self._state: tuple[tuple[int, int], ...] = ()

    def ask(self, statement: str) -> list[dict[str, Any]]:
        """Return the rows, and close the file again."""
        from fame_sql.session.query import plain_errors
        from fame_sql.session.session import connect
        from fame_sql.udfs.duckdb import release

        state = self._look()
        connection = connect(self._warehouse, read_only=True, plan=False)
        try:
            with plain_errors():
                result = connection.execute(statement)
                names = [column[0] for column in result.description or []]
                rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        finally:
            release(connection)
            connection.close()
        self._state = state
        return rows

    def changed(self) -> bool:
        """Return whether the file or its log are others than when they were asked."""
        return self._look() != self._state

    def _look(self) -> tuple[tuple[int, int], ...]:
        files = (self._warehouse, self._warehouse.with_name(f"{self._warehouse.name}.wal"))
        found = (file.stat() for file in files if file.exists())
        return tuple((state.st_size, state.st_mtime_ns) for state in found)


def place_of(warehouse: Path, address: Address | None, token: str) -> Place:
    """Return where the lines of a warehouse are asked for.

    Parameters
    ----------
    warehouse : Path
        The warehouse.
    address : Address or None
        A server that was named; without it, the one that holds the warehouse, if there is one.
    token : str
        The token for it; empty for the user's own server.
    """
    server = address or find(warehouse)
    return AtServer(server, token) if server else InFile(warehouse)


def newest(place: Place) -> int:
    """Return the number of the last line, -1 if there is none.

    Raises
    ------
    HeldError
        If another process holds the warehouse just now.
    """
    [[found]] = [row.values() for row in place.ask(_statement("newest"))]
    return int(found)


def arrived(place: Place, after: int) -> Iterator[Sequence[Line] | None]:
    """Yield the lines after a line, and then those that are stored later; None if there are none.

    Parameters
    ----------
    place : Place
        Where to ask.
    after : int
        Number of the line before the first one to show.

    Raises
    ------
    FameError
        If no line can be read.
    """
    statement, is_first = "arrived", True
    while True:
        try:
            asked = is_first or place.changed()
            rows = place.ask(_statement(statement, after=after)) if asked else []
        except HeldError:
            rows = []  # Another process is writing.
        except FameError:
            if statement == "arrived_stored":
                raise
            # There is no model, or it cannot be read.
            statement, is_first = "arrived_stored", True
            continue
        is_first = is_first and not rows
        if rows:
            after = rows[-1]["log_id"]
        yield rows or None


def _statement(name: str, **values: int) -> str:
    """Return a statement with its numbers, and without comments, as a word of a command line."""
    lines = sql.load(f"forensics/{name}").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("--"))
    return Template(text).substitute(values, at_most=AT_MOST)
