"""Limits of what compressed sources and copies may take: a small file can stand for a full disk."""

from __future__ import annotations

import lzma
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from fame_sql.errors import InputError

MOST_TIMES = 400
"""How many times its stored size a source may have, if nothing else is said.

Logs are packed to a tenth or a fiftieth.
"""

MOST_MEMBERS = 100_000
"""Files in one archive."""

UNCHECKED = 1 << 27
"""Bytes up to which the size does not matter."""

_SUSPICIOUS_TIMES = 100
_BEGINNING = 1 << 22
_KEPT_FREE = 1 << 27
_XZ_MEMORY = 1 << 28


class Unpacked:
    """The decompressed bytes of a file, which end in an error where they are too many.

    Parameters
    ----------
    name : str
        The source, for messages.
    stored : file of bytes
        The file as it is stored, which ``raw`` reads.
    raw : file of bytes
        The decompressed file.
    most_times : int
        How many times their stored size they may have.
    archive : int, optional
        The size of the archive that holds the file, of which they may be as many times at most.
    """

    def __init__(
        self,
        name: str,
        stored: IO[bytes],
        raw: IO[bytes],
        most_times: int = MOST_TIMES,
        archive: int | None = None,
    ) -> None:
        self._name = name
        self._stored = stored
        self._raw = raw
        self._most_times = most_times
        self._archive = archive
        self._length = 0

    def read(self, size: int = -1) -> bytes:
        """Return about ``size`` more bytes.

        Raises
        ------
        InputError
            If they are beyond what compressed logs have.
        """
        data = self._raw.read(size)
        self._length += len(data)
        stored = self._stored.tell()
        if self._archive is not None:
            stored = min(stored, self._archive)
        if is_too_large(self._length, stored, self._most_times):
            raise too_large(self._name, self._most_times)
        return data

    def close(self) -> None:
        """Close the decompressed file."""
        self._raw.close()

    def __enter__(self) -> Unpacked:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass
class Allowance:
    """How much an archive, with the archives in it, may unpack to.

    Parameters
    ----------
    name : str
        The archive, for messages.
    size : int
        The number of its bytes as it is stored.
    most_times : int
        How many times these it may have.
    taken : int
        The bytes of its members so far.
    """

    name: str
    size: int
    most_times: int
    taken: int = 0

    def take(self, length: int) -> None:
        """Take note of a member.

        Raises
        ------
        InputError
            If its members are too large together.
        """
        self.taken += length
        if is_too_large(self.taken, self.size, self.most_times):
            raise too_large(self.name, self.most_times)


def is_suspicious(stored: IO[bytes], length: int) -> bool:
    """Return whether the beginning of a source, once unpacked, is larger than logs are."""
    return length < _BEGINNING or length > _SUSPICIOUS_TIMES * stored.tell()


def is_too_large(length: int, stored: int, most_times: int) -> bool:
    """Return whether some stored bytes have unpacked to more than they may."""
    return length > UNCHECKED and length > most_times * stored


def too_large(name: str, most_times: int) -> InputError:
    """Return the error for a source that is small only while it is compressed."""
    return InputError(
        f"{name} unpacks to more than {most_times} times its size, as few logs do: it may be "
        "made to fill the disk; if it is yours, allow more with --max-ratio"
    )


def check_members(name: str, count: int) -> None:
    """Refuse an archive of too many files, each of which costs time and memory.

    Raises
    ------
    InputError
        If it is one.
    """
    if count > MOST_MEMBERS:
        raise InputError(
            f"{name} holds more than {MOST_MEMBERS:,} files: unpack it and ingest the folder"
        )


def check_zip(name: str, size: int, members: Sequence[zipfile.ZipInfo], most_times: int) -> None:
    """Refuse a zip archive whose members unpack to too much, alone or together.

    Raises
    ------
    InputError
        If it is one.
    """
    sizes = [(member.compress_size, member.file_size) for member in members]
    for stored, unpacked in (*sizes, (size, sum(unpacked for _, unpacked in sizes))):
        if is_too_large(unpacked, stored, most_times):
            raise too_large(name, most_times)
    check_members(name, len(members))


def check_xz(name: str, raw: IO[bytes]) -> None:
    """Refuse an xz file that needs more memory than any program gives to one.

    Raises
    ------
    InputError
        If it is one.
    """
    probe = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
    try:
        probe.decompress(raw.read(1 << 12), max_length=1)
    except lzma.LZMAError as error:
        if "limit" in str(error).lower():
            raise InputError(
                f"{name} needs more than {_XZ_MEMORY >> 20} MB of memory to unpack: unpack it "
                "with 'xz -d' and ingest the file"
            ) from None
    raw.seek(0)


def check_free(folder: Path, name: str) -> None:
    """Refuse to copy more into a folder whose disk is nearly full.

    Raises
    ------
    InputError
        If it is.
    """
    if shutil.disk_usage(folder).free < _KEPT_FREE:
        raise InputError(
            f"{name} does not fit into the temporary folder {folder.parent}: free some room, or "
            "name another folder with $TMPDIR"
        )
