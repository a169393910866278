"""A lock that allows one scoring job at a time per folder, so that no event is judged twice.

It is the operating system's lock on a file in the folder. It is released when its process ends, in
whatever way, so there are no stale locks to remove.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from fame_sql.errors import InputError

FILE = "_job"
"""The file that is locked; Spark and Hive ignore names that begin with an underscore."""


@contextmanager
def claimed(folder: Path | None) -> Iterator[None]:
    """Lock a folder against other jobs while the block runs.

    Parameters
    ----------
    folder : Path or None
        Created if it does not exist. None if there is nothing to lock.

    Raises
    ------
    InputError
        If another job holds the lock; the message names its process.
    """
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a+", encoding="utf-8") as file:
        if not _lock(file):
            _refuse(folder, file)
        _sign(file, f"process {os.getpid()} on {socket.gethostname()} since {_now()}")
        try:
            yield
        finally:
            _sign(file, "")


def _lock(file: TextIOWrapper) -> bool:
    """Lock the file; return False if another job holds the lock."""
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a mount without locks
        return True
    return True


def _sign(file: TextIOWrapper, text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


def _refuse(folder: Path, file: TextIOWrapper) -> NoReturn:
    file.seek(0)
    holder = file.read().strip() or "another process"
    raise InputError(
        f"{folder} is being written by {holder}: wait until it ends, end it, or write to another "
        "folder"
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(" ", "seconds")
