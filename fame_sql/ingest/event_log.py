"""Event logs of Windows (EVTX) as JSON lines."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from typing import IO, Any, cast

from fame_sql.errors import InputError

MAGIC = b"ElfFile\x00"
"""The first bytes of an event log."""


def event_lines(raw: IO[bytes], name: str) -> IO[bytes]:
    """Return the events of an open event log as a file with one JSON object per line.

    Raises
    ------
    InputError
        If the package that reads them is not installed, or the file is damaged.
    """
    try:
        package: Any = importlib.import_module("evtx")
    except ImportError:
        raise InputError(
            f"{name} is a Windows event log: install what reads it with "
            "'pip install \"fame-sql[evtx]\"', or convert it to JSON lines and ingest those"
        ) from None
    try:
        records = iter(package.PyEvtxParser(raw).records_json())
    except (RuntimeError, ValueError, OSError) as error:
        raise _damaged(name, error) from None
    return cast("IO[bytes]", io.BufferedReader(_Lines(_lines(records))))


def _damaged(name: str, error: Exception) -> InputError:
    return InputError(
        f"{name} is no event log that can be read ({error}): export it again with 'wevtutil epl'"
    )


def _lines(records: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Yield a line per event; one that is damaged says so."""
    while True:
        try:
            record = next(records)
        except StopIteration:
            return
        except (RuntimeError, ValueError, OSError) as error:
            said = " ".join(str(error).split())
            yield f"an event that cannot be read: {said}\n".encode("utf-8", "replace")
            continue
        # A line end in an object is white space.
        yield " ".join(str(record["data"]).splitlines()).encode("utf-8", "replace") + b"\n"


class _Lines(io.RawIOBase):
    """Lines as a file that is read once."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._lines, b"")
        found = self._rest[: len(buffer)]
        buffer[: len(found)] = found
        self._rest = self._rest[len(found) :]
        return len(found)
