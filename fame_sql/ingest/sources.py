"""Sources: what lines are read from."""

from __future__ import annotations

import io
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from fame_sql.errors import InputError
from fame_sql.ingest.bounds import MOST_TIMES, check_free
from fame_sql.ingest.identity import given_identity, identity
from fame_sql.ingest.streams import Stream, is_plain, unpack, unreadable

HEAD_BYTES = 1 << 20
"""Number of bytes of a source that are checked before it is loaded."""

_BLOCK = 1 << 20
_COPIED = 1 << 24
_IN_MEMORY = 8 << 20


@dataclass(frozen=True)
class Source:
    """A source of lines.

    Parameters
    ----------
    name : str
        Its name in the rows and in messages.
    identity : str
        What it is recognised by.
    modified : float
        Its last modification, in seconds since 1970.
    path : Path or None
        The file with its bytes.
    data : bytes or None
        Its bytes, if they are in memory.
    size : int
        The number of its bytes as they are stored.
    file : tuple of int or None
        The device and the number of the file, which stay when it is renamed.
    most_times : int
        How many times its size it may have once it is unpacked.
    archive : int or None
        The size of the archive that holds it, if one does.
    """

    name: str
    identity: str
    modified: float
    path: Path | None = None
    data: bytes | None = None
    size: int = 0
    file: tuple[int, int] | None = None
    most_times: int = MOST_TIMES
    archive: int | None = None

    def open(self) -> IO[bytes]:
        """Open its bytes as they are stored."""
        if self.path is None:
            return io.BytesIO(self.data or b"")
        try:
            return self.path.open("rb")
        except OSError as error:
            raise unreadable(self.name, error) from None


def file_source(path: Path, *, name: str | None = None) -> Source:
    """Return a file as a source.

    Parameters
    ----------
    path : Path
        The file.
    name : str, optional
        The name of the source, which then also identifies it.

    Raises
    ------
    InputError
        If there is no such file, or it is not a regular file.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        raise InputError(
            f"there is no file {path}: check the name, or list the folder with 'ls'"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}): check the name") from None
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"{path} is a folder: name the log files in it, such as {path / '*.log'}")
    if not stat.S_ISREG(found.st_mode):
        raise InputError(
            f"{path} is not a regular file: save its output to a file and ingest that file"
        )
    known_as = identity(path) if name is None else given_identity(name)
    number = (found.st_dev, found.st_ino)
    return Source(
        name or str(path), known_as, found.st_mtime, path, size=found.st_size, file=number
    )


def copied_source(
    stream: IO[bytes], name: str, known_as: str, modified: float, folder: Path
) -> Source:
    """Return a source with the bytes of a stream that can be read only once.

    They are copied to memory, or to a file in ``folder`` if they are many.
    """
    data = bytearray()
    while len(data) <= _IN_MEMORY:
        block = stream.read(_BLOCK)
        if not block:
            return Source(name, known_as, modified, data=bytes(data), size=len(data))
        data += block
    try:
        path = _copied(stream, bytes(data), folder, name)
    except OSError as error:
        if error.errno is None:
            raise
        raise InputError(
            f"{name} cannot be copied to the temporary folder {folder.parent} "
            f"({error.strerror}): name another folder with $TMPDIR"
        ) from None
    return Source(name, known_as, modified, path, size=path.stat().st_size)


def _copied(stream: IO[bytes], data: bytes, folder: Path, name: str) -> Path:
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            while data:
                check_free(folder, name)
                file.write(data)
                data = stream.read(_COPIED)
        except BaseException:
            Path(file.name).unlink()
            raise
    return Path(file.name)


@contextmanager
def open_source(source: Source | Path, encoding: str = "utf-8") -> Iterator[Stream]:
    """Open a source, plain or compressed, as a stream of UTF-8 bytes.

    Parameters
    ----------
    source : Source or Path
        The source.
    encoding : str
        Its encoding. Invalid bytes become hexadecimal escapes, except that those of UTF-8 files
        are passed on unchanged.

    Raises
    ------
    InputError
        If it cannot be opened, or its kind is not supported.
    """
    source = file_source(source) if isinstance(source, Path) else source
    with source.open() as file:
        raw = unpack(file, source.name, source.most_times, source.archive)
        plain = encoding == "utf-8" and is_plain(raw)
        with raw:
            yield Stream(source.name, raw, encoding, source.size if plain else None)


def read_head(source: Source | Path, encoding: str = "utf-8", most: int = HEAD_BYTES) -> bytes:
    """Return the first ``most`` bytes of a source, or all if it is shorter."""
    head = bytearray()
    with open_source(source, encoding) as stream:
        while len(head) < most and (block := stream.read(most - len(head))):
            head += block
    return bytes(head[:most])


def latest_moment(source: Source, year: int | None) -> datetime:
    """Return the latest time for timestamps without a year; up to one day after it is accepted.

    Parameters
    ----------
    source : Source
        The source; without a year, the result is its last modification in UTC.
    year : int or None
        The year of all such timestamps.

    Raises
    ------
    InputError
        If the year is not from 1970 to 9998.
    """
    if year is None:
        return datetime.fromtimestamp(int(source.modified), UTC).replace(tzinfo=None)
    if not 1970 <= year <= 9998:
        raise InputError(f"the year is {year}: use one from 1970 to 9998, such as 2024")
    # One day before the end of the year, because one more day is accepted.
    return datetime(year, 12, 30, 23, 59, 59, 999_999)
