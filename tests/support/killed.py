"""What is killed at a chosen point, as functions that a child of the harness of kills calls."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def die(*_: object, **__: object) -> None:
    """End the process as a lack of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)


def setting(arguments: list[str]) -> None:
    """Make a warehouse, store a setting, and die before the file is closed."""
    from fame_sql.warehouse.warehouse import Warehouse

    warehouse = Warehouse.open(arguments[0], create=True)
    warehouse.connection.execute("INSERT INTO fame.settings VALUES ('a', 'b')")
    die()


def ingest(arguments: list[str]) -> None:
    """Ingest a log in chunks of three lines, and die in the third."""
    from fame_sql.events.events import absorb
    from fame_sql.ingest import ingest_file
    from fame_sql.warehouse.warehouse import Warehouse

    calls = iter(range(2))

    def dying(connection: Any) -> None:
        absorb(connection)
        if next(calls, None) is None:
            die()

    with Warehouse.open(arguments[0], create=True) as warehouse:
        ingest_file(warehouse, Path(arguments[1]), absorb=dying, chunk_lines=3)


def slow_score(arguments: list[str]) -> None:
    """Score slowly, in small batches, and print how many texts the model gets."""
    from fame_sql.cli import main
    from fame_sql.models.model import Model
    from fame_sql.scoring import scoring

    plain = Model.verdicts

    def slow(model: Model, texts: Sequence[str]) -> Any:
        time.sleep(0.15)
        sys.stdout.write(f"{len(texts)}\n")
        sys.stdout.flush()
        return plain(model, texts)

    Model.verdicts = slow  # type: ignore[method-assign]
    scoring.BATCH = int(arguments[1])
    main(["score", "--warehouse", arguments[0]])


class _Spy:
    """A connection that dies at a commit."""

    def __init__(self, connection: Any, where: str) -> None:
        self._connection, self._where = connection, where

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *rest: object) -> Any:
        if self._where == "before commit" and statement == "COMMIT":
            die()
        done = self._connection.execute(statement, *rest)
        if self._where == "after commit" and statement == "COMMIT":
            die()
        return done


def upgrade(arguments: list[str]) -> None:
    """Upgrade a warehouse, and die at a point."""
    from fame_sql.warehouse import backup
    from fame_sql.warehouse import upgrade as room

    where, path = arguments
    opened = room.open_file
    room.open_file = lambda path: _Spy(opened(path), where)  # type: ignore[assignment, return-value]
    if where == "before the copy":
        room.copy_file = die  # type: ignore[assignment]
    elif where == "in the copy":
        half = "open(sys.argv[2], 'w').write('half'); os.kill(os.getppid(), 9)"
        backup._COPY = f"import os, sys; {half}"
    else:
        names = {"copy": "copy_file", "steps": "apply_steps", "views": "define"}
        if name := names.get(where.rpartition(" ")[2]):
            setattr(room, name, _and_die(getattr(room, name)))
    room.upgrade(Path(path))


def _and_die(function: Callable[..., object]) -> Callable[..., object]:
    def run(*arguments: object, **named: object) -> None:
        function(*arguments, **named)
        die()

    return run
