"""One scoring job at a time into a folder, so that no event is judged twice.

The claim is the system's lock on a file in the folder: it ends with its process, however that
ends, so no stale one is ever to be removed.
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
"""The file that is locked; Spark and Hive read no file of such a name as data."""


@contextmanager
def claimed(folder: Path | None) -> Iterator[None]:
    """Keep other jobs out of a folder while the block runs.

    Parameters
    ----------
    folder : Path or None
        Made if it is not there. None where there is no lock to take.

    Raises
    ------
    InputError
        If another job has it; the message names its process.
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
    """Return whether the file is now this job's."""
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
        f"{folder} is being written by {holder}: wait for it to end, end it, or write to another "
        "folder"
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(" ", "seconds")
