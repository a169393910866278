"""A source as a stream of UTF-8 bytes, whatever its compression and encoding.

Byte offsets and fingerprints refer to this stream: the bytes of a plain UTF-8 file, the
decompressed bytes of a compressed file, or the text converted to UTF-8 if the file has another
encoding. So the same text is the same source however it is stored.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from fame_sql.errors import InputError

HEAD_BYTES = 1 << 20
"""Number of bytes of a source that are checked before it is loaded."""

_BLOCK = 1 << 20
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"

_NOT_LOGS = (
    (b"PK\x03\x04", "is a zip archive: unpack it with 'unzip' and ingest the files in it"),
    (b"PAR1", "is a Parquet file, not a log: convert it to JSON lines and ingest those"),
    (b"ElfFile\x00", "is a Windows event log: convert it to JSON lines and ingest those"),
)


class Stream:
    """The bytes of an open source, in UTF-8.

    Parameters
    ----------
    path : Path
        The source, for messages.
    raw : file of bytes
        The decompressed source.
    encoding : str
        The encoding of its bytes.
    length : int or None
        The length of the stream in bytes, if known.
    """

    def __init__(self, path: Path, raw: IO[bytes], encoding: str, length: int | None) -> None:
        self._path = path
        self._raw = raw
        self._ahead = b""
        self._decoder = (
            None
            if encoding == "utf-8"
            else codecs.getincrementaldecoder(encoding)(errors="backslashreplace")
        )
        self.length = length

    def read(self, size: int) -> bytes:
        """Return about ``size`` more bytes, or none at the end.

        Raises
        ------
        InputError
            If the file cannot be read, or its compressed data are damaged.
        """
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        if self._decoder is None:
            return self._read_raw(size)
        while data := self._read_raw(size):
            if text := self._decoder.decode(data):
                return text.encode()
        return self._decoder.decode(b"", final=True).encode()

    def skip(self, count: int) -> None:
        """Skip the next ``count`` bytes."""
        while count > 0 and (block := self.read(min(_BLOCK, count))):
            block, self._ahead = block[:count], block[count:]
            count -= len(block)

    def _read_raw(self, size: int) -> bytes:
        try:
            return self._raw.read(size)
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise _damaged(self._path, error) from None
        except OSError as error:
            # Arrow reports damaged data as an OSError without an error number.
            if error.errno is None and isinstance(self._raw, pa.NativeFile):
                raise _damaged(self._path, error) from None
            raise _unreadable(self._path, error) from None


@contextmanager
def open_source(path: Path, encoding: str = "utf-8") -> Iterator[Stream]:
    """Open a plain, gzip, bzip2, xz or zstd file as a stream of UTF-8 bytes.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        The encoding of the file. Invalid bytes become hexadecimal escapes, except that those of
        UTF-8 files are passed on unchanged.

    Raises
    ------
    InputError
        If it cannot be opened, or its kind is not supported.
    """
    _check_path(path)
    try:
        raw = _unpacked(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    plain = encoding == "utf-8" and isinstance(raw, io.BufferedReader)
    with raw:
        yield Stream(path, raw, encoding, path.stat().st_size if plain else None)


def read_head(path: Path, encoding: str = "utf-8") -> bytes:
    """Return the first :data:`HEAD_BYTES` bytes of a source, or all if it is shorter."""
    head = bytearray()
    with open_source(path, encoding) as stream:
        while len(head) < HEAD_BYTES and (block := stream.read(HEAD_BYTES - len(head))):
            head += block
    return bytes(head[:HEAD_BYTES])


def latest_moment(path: Path, year: int | None) -> datetime:
    """Return the latest time for timestamps without a year; up to one day after it is accepted.

    Parameters
    ----------
    path : Path
        The source; without a year, the result is its last modification in UTC.
    year : int or None
        The year of all such timestamps.

    Raises
    ------
    InputError
        If the year is not from 1970 to 9998.
    """
    if year is None:
        return datetime.fromtimestamp(int(path.stat().st_mtime), UTC).replace(tzinfo=None)
    if not 1970 <= year <= 9998:
        raise InputError(f"the year is {year}: use one from 1970 to 9998, such as 2024")
    # One day before the end of the year, because one more day is accepted.
    return datetime(year, 12, 30, 23, 59, 59, 999_999)


def _check_path(path: Path) -> None:
    if not path.exists():
        raise InputError(f"there is no file {path}: check the name, or list the folder with 'ls'")
    if path.is_dir():
        raise InputError(f"{path} is a folder: name the log files in it, such as {path / '*.log'}")
    if not path.is_file():
        raise InputError(
            f"{path} is not a regular file: save its output to a file and ingest that file"
        )


def _unpacked(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        magic = file.read(10)
    for start, advice in _NOT_LOGS:
        if magic.startswith(start):
            raise InputError(f"{path} {advice}")
    if magic.startswith(_GZIP):
        return cast("IO[bytes]", gzip.open(path))
    if magic.startswith(_BZIP2) and magic[4:] == b"1AY&SY":
        return bz2.open(path)
    if magic.startswith(_XZ):
        return lzma.open(path)
    if magic.startswith(_ZSTD):
        return cast("IO[bytes]", pa.CompressedInputStream(str(path), "zstd"))
    return path.open("rb")


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} is damaged ({error}): decompress the readable part and ingest that file"
    )


def _unreadable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(f"{path} cannot be read ({reason}): check the file and its permissions")
