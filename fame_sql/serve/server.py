"""The server: it holds a warehouse open, starts its parts, and stops them in order."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fame_sql.errors import WarehouseError
from fame_sql.serve.access import check_address
from fame_sql.serve.part import Part
from fame_sql.serve.settings import ServeSettings
from fame_sql.serve.token_file import tokens_of
from fame_sql.serve.tokens import Tokens
from fame_sql.serve.turn import Turn, Turns
from fame_sql.warehouse.sharing import Numbers, Shared
from fame_sql.warehouse.warehouse import Warehouse


class Server:
    """A process that owns a warehouse.

    Parameters
    ----------
    path : Path
        The warehouse; it is created if it does not exist.
    settings : ServeSettings, optional
        The settings.
    parts : sequence of Part, optional
        What it does; by default :func:`~fame_sql.serve.parts.usual_parts`.
    tokens : Tokens, optional
        Who may ask it; by default those beside the warehouse and in the environment.

    Examples
    --------
    >>> with Server(Path("warehouse.duckdb")) as server:  # doctest: +SKIP
    ...     print(server.url)
    """

    def __init__(
        self,
        path: Path | str,
        settings: ServeSettings | None = None,
        parts: Sequence[Part] | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        from fame_sql.serve.parts import usual_parts

        self.path = Path(path)
        self.settings = settings or ServeSettings()
        self.parts: list[Part] = list(usual_parts(self.settings) if parts is None else parts)
        known = Tokens(tokens_of(self.path), os.environ) if tokens is None else tokens
        self.tokens = known
        self.stopping = threading.Event()
        self.broken = threading.Event()
        self._why_broken = ""
        self.url = ""
        self.turn = Turn()
        self.turn_of_rounds = Turn()
        self.numbers = Numbers()
        self._started: list[Part] = []
        self._warehouse: Warehouse | None = None

    @property
    def warehouse(self) -> Warehouse:
        """The open warehouse; threads take a cursor of their own, see :meth:`cursor`."""
        if self._warehouse is None:
            raise RuntimeError("the server has not been started")
        return self._warehouse

    def cursor(self) -> Warehouse:
        """Return the warehouse on a connection of its own, for one thread."""
        return Warehouse(self.path, self.warehouse.connection.cursor())

    @contextmanager
    def writing(self, warehouse: Warehouse) -> Iterator[Warehouse]:
        """Let one thread at a time change the warehouse: DuckDB refuses changes that collide."""
        with self.turn:
            yield warehouse

    def shared(self, author: str | None = None) -> Shared:
        """Return the warehouse for a command: its transactions wait for writers and for rounds."""
        turns = Turns(self.turn_of_rounds, self.turn)
        return Shared(self.path, self.warehouse.connection, turns, author, self.numbers)

    def start(self) -> None:
        """Open the warehouse and start all parts; what has been started is stopped on an error.

        Raises
        ------
        WarehouseError
            If the warehouse cannot be opened.
        InputError
            If others could send logs without a token.
        FameError
            If a part cannot be started.
        """
        check_address(self.settings.host, self.tokens)
        self._warehouse = Warehouse.open(self.path, create=True, external_access=True)
        try:
            for part in self.parts:
                part.start(self)
                self._started.append(part)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Take nothing more in, store what was taken in, and close the warehouse."""
        self.stopping.set()
        deadline = time.monotonic() + self.settings.drain_seconds
        while self._started:
            part = self._started.pop()
            part.stop(max(deadline - time.monotonic(), 0.1))
        if self._warehouse is not None:
            with suppress(Exception):
                self._warehouse.close()
            self._warehouse = None

    def reload(self) -> None:
        """Let all parts read again what can have changed."""
        self.tokens.reload()
        for part in self._started:
            part.reload()

    def give_up(self, reason: str) -> None:
        """Take note that the warehouse cannot be used any more, so that the process ends."""
        self._why_broken = reason
        self.broken.set()

    def raise_if_broken(self) -> None:
        """Raise why the warehouse cannot be used any more, if so.

        Raises
        ------
        WarehouseError
            If it cannot.
        """
        if self.broken.is_set():
            raise WarehouseError(
                f"{self.path} cannot be used any more ({self._why_broken}): start the server "
                "again; what it has acknowledged is stored"
            )

    def problems(self) -> list[str]:
        """Return why the server cannot do its work now; empty if it can."""
        if self.stopping.is_set():
            return ["the server is stopping"]
        return [problem for part in self.parts if (problem := part.problem()) is not None]

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
