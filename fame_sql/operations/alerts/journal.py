"""The journal beside the warehouse: what is being sent, and how it ended.

Messages are sent while the warehouse is closed, so that a receiver that is slow keeps nobody from
ingesting or scoring. What happens meanwhile is written here, and taken into the warehouse when it
is open again. A line is on the disk before a message is sent, and another when the answer is there:
so a process that is killed leaves at most one message of which nobody knows whether it arrived.

The file is also the lock: the process that sends holds it, and it is free when that process ends,
however it ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from fame_sql.errors import FameError
from fame_sql.operations.alerts.outcome import Outcome


class PassRunningError(FameError):
    """Another pass is sending alerts of this warehouse."""


@dataclass(frozen=True)
class Entry:
    """A delivery of which the journal knows.

    Parameters
    ----------
    delivery_id : str
        Which one.
    at : datetime
        When it ended, or was begun.
    outcome : Outcome or None
        How it ended; None if nobody knows.
    mark : str
        What the key of the channel is known by.
    """

    delivery_id: str
    at: datetime
    outcome: Outcome | None
    mark: str = ""


def journal_of(warehouse: Path) -> Path:
    """Return the journal of a warehouse."""
    return warehouse.with_name(f".{warehouse.name}.alerts")


class Journal:
    """An open journal, which only this process writes.

    Parameters
    ----------
    file : file object
        The file, locked.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def begin(self, delivery_id: str, at: datetime) -> None:
        """Note that a message is about to be sent."""
        self._append({"begin": delivery_id, "at": at.isoformat()})

    def end(self, delivery_id: str, at: datetime, outcome: Outcome, mark: str) -> None:
        """Note how sending a message ended."""
        plain = asdict(outcome)
        plain["wait"] = outcome.wait.total_seconds() if outcome.wait else None
        self._append({"end": delivery_id, "at": at.isoformat(), "outcome": plain, "mark": mark})

    def entries(self) -> list[Entry]:
        """Return what was sent since the journal was emptied, in order."""
        begun: dict[str, Entry] = {}
        found: list[Entry] = []
        for line in self._lines():
            entry = _read(line)
            if entry is None:
                continue
            begun.pop(entry.delivery_id, None)
            if entry.outcome is None:
                begun[entry.delivery_id] = entry
            else:
                found.append(entry)
        return [*found, *begun.values()]

    def clear(self) -> None:
        """Empty the journal, after the warehouse has what it says; the last pass stays known."""
        last = self.last_pass()
        self._file.truncate(0)
        if last is None:
            os.fsync(self._file.fileno())
        else:
            self.note_pass(last)

    def note_pass(self, at: datetime) -> None:
        """Note a pass that the warehouse has committed."""
        self._append({"pass": at.isoformat()})

    def last_pass(self) -> datetime | None:
        """Return the last pass that was noted.

        A warehouse that knows an earlier one is older than the alerts that were sent from it.
        """
        found = [moment for line in self._lines() if (moment := _pass(line)) is not None]
        return found[-1] if found else None

    def _lines(self) -> list[bytes]:
        self._file.seek(0)
        return self._file.read().splitlines()

    def _append(self, values: dict[str, Any]) -> None:
        self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(values).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def locked_journal(warehouse: Path) -> Iterator[Journal]:
    """Open the journal of a warehouse for the only process that may send its alerts.

    Raises
    ------
    PassRunningError
        If another process has it.
    """
    path = journal_of(warehouse)
    with path.open("a+b") as file:
        _lock(file, warehouse)
        yield Journal(file)


def _lock(file: IO[bytes], warehouse: Path) -> None:
    try:
        import fcntl
    except ImportError:
        # Without locks of the system, DuckDB's own lock keeps two passes from deciding at once.
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise PassRunningError(
            f"another pass is sending the alerts of {warehouse}; it sends what this one would have"
        ) from None


def _pass(line: bytes) -> datetime | None:
    """Return the time of a line about a pass, None for any other line."""
    try:
        return datetime.fromisoformat(json.loads(line)["pass"])
    except (ValueError, KeyError, TypeError):
        return None


def _read(line: bytes) -> Entry | None:
    """Return the entry of a line, None for one that was cut."""
    try:
        values = json.loads(line)
        at = datetime.fromisoformat(values["at"])
        if "begin" in values:
            return Entry(values["begin"], at, None)
        plain = dict(values["outcome"])
        plain["wait"] = None if plain["wait"] is None else timedelta(seconds=plain["wait"])
        return Entry(values["end"], at, Outcome(**plain), values["mark"])
    except (ValueError, KeyError, TypeError):
        return None
