"""A source as one stream of UTF-8 bytes, whatever it is packed or encoded in.

Byte offsets and fingerprints are those of this stream: of the file itself where it is plain
UTF-8, of the unpacked bytes of a compressed file, and of the text encoded anew as UTF-8 where
the file is in another encoding. So the same text is the same source however it is stored.
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
"""How much of a source is looked at before it is read."""

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
        The source, unpacked.
    encoding : str
        What its bytes are encoded in.
    length : int or None
        How many bytes the stream has, where that is known.
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
            If the file cannot be read on, or its compressed data are damaged.
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
        """Go past the next ``count`` bytes."""
        while count > 0 and (block := self.read(min(_BLOCK, count))):
            block, self._ahead = block[:count], block[count:]
            count -= len(block)

    def _read_raw(self, size: int) -> bytes:
        try:
            return self._raw.read(size)
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise _damaged(self._path, error) from None
        except OSError as error:
            # Arrow has no error of its own for damaged data, and no number of the system's.
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
        What the file is encoded in. Bytes that are invalid in an encoding other than UTF-8
        become escapes in hexadecimal; those of UTF-8 come through as they are.

    Raises
    ------
    InputError
        If it cannot be opened, or is packed in a way that is not read.
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
    """Return the first :data:`HEAD_BYTES` bytes of a source, or all where it is shorter."""
    head = bytearray()
    with open_source(path, encoding) as stream:
        while len(head) < HEAD_BYTES and (block := stream.read(HEAD_BYTES - len(head))):
            head += block
    return bytes(head[:HEAD_BYTES])


def latest_moment(path: Path, year: int | None) -> datetime:
    """Return the moment that clocks without a year lie before, or at most a day after.

    Parameters
    ----------
    path : Path
        The source: without a year, the moment is its last change, in UTC.
    year : int or None
        A year that all such clocks are in.

    Raises
    ------
    InputError
        If it is no year from 1970 to 9998.
    """
    if year is None:
        return datetime.fromtimestamp(int(path.stat().st_mtime), UTC).replace(tzinfo=None)
    if not 1970 <= year <= 9998:
        raise InputError(f"the year is {year}: use one from 1970 to 9998, such as 2024")
    # A day less than the end, for the day's grace.
    return datetime(year, 12, 30, 23, 59, 59, 999_999)


def _check_path(path: Path) -> None:
    if not path.exists():
        raise InputError(f"there is no file {path}: check the name, or list the folder with 'ls'")
    if path.is_dir():
        raise InputError(f"{path} is a folder: name the log files in it, such as {path / '*.log'}")
    if not path.is_file():
        raise InputError(f"{path} is no regular file: save what it gives to a file and ingest that")


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
    return InputError(f"{path} is damaged ({error}): unpack what can be read and ingest that")


def _unreadable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(f"{path} cannot be read ({reason}): check the file and its permissions")
