"""Limits of what compressed sources and copies may take: a small file can stand for a full disk."""

from __future__ import annotations

import lzma
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from fame_sql.errors import InputError

MOST_TIMES = 400
"""How many times its stored size a source may have; logs are packed to a tenth or a fiftieth."""

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
    """

    def __init__(self, name: str, stored: IO[bytes], raw: IO[bytes]) -> None:
        self._name = name
        self._stored = stored
        self._raw = raw
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
        if self._length > UNCHECKED and self._length > MOST_TIMES * self._stored.tell():
            raise too_large(self._name)
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


def is_suspicious(stored: IO[bytes], length: int) -> bool:
    """Return whether the beginning of a source, once unpacked, is larger than logs are."""
    return length < _BEGINNING or length > _SUSPICIOUS_TIMES * stored.tell()


def too_large(name: str) -> InputError:
    """Return the error for a source that is small only while it is compressed."""
    return InputError(
        f"{name} unpacks to more than {MOST_TIMES} times its size, which logs do not: it may be "
        "made to fill the disk; if it is yours, unpack it and ingest the file"
    )


def check_zip(name: str, size: int, members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse a zip archive whose members unpack to too much, alone or together.

    Raises
    ------
    InputError
        If it is one.
    """
    sizes = [(member.compress_size, member.file_size) for member in members]
    for stored, unpacked in (*sizes, (size, sum(unpacked for _, unpacked in sizes))):
        if unpacked > UNCHECKED and unpacked > MOST_TIMES * stored:
            raise too_large(name)


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
