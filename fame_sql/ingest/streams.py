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
from typing import IO, cast

import pyarrow as pa

from fame_sql.errors import InputError
from fame_sql.ingest.bounds import MOST_TIMES, Unpacked, check_xz
from fame_sql.ingest.event_log import MAGIC, event_lines

_BLOCK = 1 << 20
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"

_NOT_LOGS = (
    (b"PK\x03\x04", "is a zip archive: unpack it with 'unzip' and ingest the files in it"),
    (b"PAR1", "is a Parquet file: name the file itself, not packed"),
)


class Stream:
    """The bytes of an open source, in UTF-8.

    Parameters
    ----------
    name : str
        The source, for messages.
    raw : file of bytes
        The decompressed source.
    encoding : str
        The encoding of its bytes.
    length : int or None
        The length of the stream in bytes, if known.
    """

    def __init__(self, name: str, raw: IO[bytes], encoding: str, length: int | None = None) -> None:
        self._name = name
        self._raw = raw
        self._ahead = b""
        self._encoding = encoding
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
            If the file cannot be read, its compressed data are damaged, or it does not say in
            which order its bytes come.
        """
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        if self._decoder is None:
            return self._read_raw(size)
        try:
            while data := self._read_raw(size):
                if text := self._decoder.decode(data):
                    return text.encode()
            return self._decoder.decode(b"", final=True).encode()
        except UnicodeError:
            # Bytes that are no character are escaped; a mark of the byte order cannot be.
            raise unmarked(self._name, self._encoding) from None

    def skip(self, count: int) -> None:
        """Skip the next ``count`` bytes."""
        while count > 0 and (block := self.read(min(_BLOCK, count))):
            block, self._ahead = block[:count], block[count:]
            count -= len(block)

    def _read_raw(self, size: int) -> bytes:
        try:
            return self._raw.read(size)
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise damaged(self._name, error) from None
        except OSError as error:
            # Arrow reports damaged data as an OSError without an error number.
            if error.errno is None:
                raise damaged(self._name, error) from None
            raise unreadable(self._name, error) from None


def unpack(
    raw: IO[bytes], name: str, most_times: int = MOST_TIMES, archive: int | None = None
) -> IO[bytes]:
    """Return the decompressed bytes of an open file: plain, gzip, bzip2, xz or zstd.

    Event logs of Windows become JSON lines.

    They may be at most ``most_times`` as many as the file has, or the archive that holds it.

    Raises
    ------
    InputError
        If its kind is not supported.
    """
    magic = raw.read(10)
    raw.seek(0)
    for start, advice in _NOT_LOGS:
        if magic.startswith(start):
            raise InputError(f"{name} {advice}")
    unpacked = event_lines(raw, name) if magic.startswith(MAGIC) else _unpacked(raw, name, magic)
    if unpacked is None:
        return raw
    return cast("IO[bytes]", Unpacked(name, raw, unpacked, most_times, archive))


def _unpacked(raw: IO[bytes], name: str, magic: bytes) -> IO[bytes] | None:
    """Return the decompressed file; None for one that is not compressed."""
    if magic.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if magic.startswith(_BZIP2) and magic[4:] == b"1AY&SY":
        return bz2.open(raw)
    if magic.startswith(_XZ):
        check_xz(name, raw)
        return lzma.open(raw)
    if magic.startswith(_ZSTD):
        return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(raw), "zstd"))
    return None


def is_packed(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is compressed."""
    return head.startswith((_GZIP, _BZIP2, _XZ, _ZSTD))


def is_plain(raw: IO[bytes]) -> bool:
    """Return whether an unpacked file was not compressed."""
    return isinstance(raw, io.BufferedReader | io.BytesIO)


def damaged(name: str, error: Exception) -> InputError:
    """Return the error for damaged data."""
    return InputError(
        f"{name} is damaged ({error}): decompress the readable part and ingest that file"
    )


def unmarked(name: str, encoding: str) -> InputError:
    """Return the error for wide characters without a mark of the order of their bytes."""
    return InputError(
        f"{name} has no byte order mark, so it is not known how to read it as {encoding}: say "
        f"--encoding {encoding}-le (as on Windows and Linux), --encoding {encoding}-be, or auto"
    )


def unreadable(name: str, error: OSError) -> InputError:
    """Return the error for a file that the system cannot read."""
    reason = error.strerror or str(error)
    return InputError(f"{name} cannot be read ({reason}): check the file and its permissions")
