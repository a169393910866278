"""The byte reader: Arrow batches of lines with numbers and offsets, in bounded memory."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fame_sql.canonical.arrays import array_of, indices

LONGEST_LINE = 1 << 20
"""Maximum number of bytes that are kept of a line; the rest is read and discarded."""

_BLOCK = 1 << 22
_CHUNK_BYTES = 1 << 28

SCHEMA = pa.schema(
    [
        pa.field("line", pa.string()),
        pa.field("line_number", pa.int64()),
        pa.field("byte_offset", pa.int64()),
        pa.field("fault", pa.string()),
    ]
)
"""One row per line that is not blank; ``fault`` describes errors in its bytes."""


class Readable(Protocol):
    """A source of bytes."""

    def read(self, size: int) -> bytes:
        """Return about ``size`` more bytes, or none at the end."""


@dataclass(frozen=True)
class Chunk:
    """Lines that are committed together, and the position in the source after them.

    Parameters
    ----------
    lines : pyarrow.Table or None
        In :data:`SCHEMA`; None if they are read later.
    byte_end : int
        Bytes of the source read so far.
    line_end : int
        Lines of the source read so far, blank ones included.
    tail_offset : int or None
        The offset of a last line without a line end.
    fingerprint : str
        SHA-256 of the source's bytes [0, byte_end), in hex.
    last : bool
        Whether this is the end of the source.
    """

    lines: pa.Table | None
    byte_end: int
    line_end: int
    tail_offset: int | None
    fingerprint: str
    last: bool


class LineReader:
    """Reads lines from ``stream``, whose position is ``offset`` bytes and ``line`` lines.

    Parameters
    ----------
    stream : Readable
        The source in UTF-8, valid or not.
    offset, line : int
        Bytes and lines of the source before this position.
    digest : hashlib._Hash
        The hash of those bytes; it is updated.
    digested : int
        The number of bytes that the hash covers, if it is more than ``offset``.
    line_end : bytes
        The byte that ends lines.
    """

    def __init__(
        self,
        stream: Readable,
        *,
        offset: int = 0,
        line: int = 0,
        digest: hashlib._Hash | None = None,
        digested: int = 0,
        line_end: bytes = b"\n",
    ) -> None:
        self._stream = stream
        self._offset = offset
        self._line = line
        self._digest = hashlib.sha256() if digest is None else digest
        self._digested = digested
        self._line_end = line_end
        self._pending = b""
        self._tail_offset: int | None = None
        if offset == 0:
            self._skip_byte_order_mark()

    def read_chunk(self, most: int) -> Chunk | None:
        """Return up to ``most`` lines, fewer if they are long; None at the end."""
        batches: list[pa.RecordBatch] = []
        first_line, first_byte = self._line, self._offset
        while self._line - first_line < most and self._offset - first_byte < _CHUNK_BYTES:
            batch = self._take(most - (self._line - first_line))
            if batch is None:
                break
            batches.append(batch)
        if self._line == first_line:
            return None
        return Chunk(
            lines=pa.Table.from_batches(batches, SCHEMA),
            byte_end=self._offset,
            line_end=self._line,
            tail_offset=self._tail_offset,
            fingerprint=self._digest.hexdigest(),
            last=not self._pending and not self._fill(),
        )

    def _skip_byte_order_mark(self) -> None:
        self._fill()
        if self._pending.startswith(codecs.BOM_UTF8):
            self._advance(self._pending[:3], lines=0)
            self._pending = self._pending[3:]

    def _fill(self) -> bool:
        block = self._stream.read(_BLOCK)
        self._pending += block
        return bool(block)

    @property
    def digest(self) -> hashlib._Hash:
        """A copy of the hash of all bytes up to here."""
        return self._digest.copy()

    def _advance(self, data: bytes, lines: int) -> None:
        known = max(self._digested - self._offset, 0)
        self._digest.update(data[known:] if known else data)
        self._offset += len(data)
        self._line += lines

    def _take(self, most: int) -> pa.RecordBatch | None:
        """Return up to ``most`` lines of the buffer, and read more if it has no complete line."""
        while (end := self._pending.rfind(self._line_end) + 1) == 0:
            if len(self._pending) > LONGEST_LINE:
                return self._take_long_line()
            if not self._fill():
                return self._take_tail()
        whole = np.frombuffer(self._pending, np.uint8, count=end)
        ends = np.flatnonzero(whole == ord(self._line_end))[:most] + 1
        data, self._pending = self._pending[: ends[-1]], self._pending[ends[-1] :]
        batch = _batch(data, ends, self._line, self._offset)
        self._advance(data, len(ends))
        return batch

    def _take_tail(self) -> pa.RecordBatch | None:
        data, self._pending = self._pending, b""
        if not data:
            return None
        self._tail_offset = self._offset
        batch = _batch(data, np.array([len(data)]), self._line, self._offset)
        self._advance(data, 1)
        return batch

    def _take_long_line(self) -> pa.RecordBatch:
        """Return the beginning of a very long line, and skip the rest of it."""
        kept, start, number = self._pending[:LONGEST_LINE], self._offset, self._line + 1
        while (end := self._pending.find(self._line_end) + 1) == 0:
            self._advance(self._pending, lines=0)
            self._pending = b""
            if not self._fill():
                self._tail_offset = start
                break
        self._advance(self._pending[:end], lines=1)
        self._pending = self._pending[end:]
        length = self._offset - start - (1 if end else 0)
        text, fault = _decode(kept, length)
        return _record_batch(
            array_of([text], pa.string()), np.array([number]), np.array([start]), [fault]
        )


def read_ahead(reader: LineReader, most: int) -> Iterator[Chunk]:
    """Yield the chunks of a reader, each read while the one before it is used."""
    chunk = reader.read_chunk(most)
    if chunk is None or chunk.last:
        yield from () if chunk is None else (chunk,)
        return
    with ThreadPoolExecutor(1) as thread:
        while chunk is not None:
            following = None if chunk.last else thread.submit(reader.read_chunk, most)
            yield chunk
            chunk = None if following is None else following.result()


def whole_chunk(content: bytes) -> Chunk:
    """Return the chunk of a source that is in memory as a whole; its lines are read later.

    See :func:`lines_of_whole`.
    """
    ended = content.endswith(b"\n")
    begin = content.rfind(b"\n") + 1
    if not begin and content.startswith(codecs.BOM_UTF8):
        begin = len(codecs.BOM_UTF8)
    return Chunk(
        lines=None,
        byte_end=len(content),
        line_end=content.count(b"\n") + (not ended),
        tail_offset=None if ended else begin,
        fingerprint=hashlib.sha256(content).hexdigest(),
        last=True,
    )


def lines_of_whole(contents: Sequence[bytes], first_numbers: Sequence[int]) -> pa.RecordBatch:
    """Return the lines of several sources, in :data:`SCHEMA`.

    Parameters
    ----------
    contents : sequence of bytes
        The sources; no line is longer than :data:`LONGEST_LINE`.
    first_numbers : sequence of int
        The number of the first line of each.
    """
    marks = [3 * content.startswith(codecs.BOM_UTF8) for content in contents]
    bodies = [content[mark:] for content, mark in zip(contents, marks, strict=True)]
    ended = [body if body.endswith(b"\n") else body + b"\n" for body in bodies]
    data = b"".join(ended)
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    starts = np.concatenate([[0], ends[:-1]])
    firsts = np.cumsum([0, *map(len, ended)])[:-1]
    owner = np.searchsorted(firsts, starts, side="right") - 1
    first_lines = np.searchsorted(starts, firsts)
    numbers = np.arange(len(ends)) - first_lines[owner] + np.array(first_numbers)[owner]
    offsets = starts - firsts[owner] + np.array(marks)[owner]
    return _numbered_batch(data, starts, ends, numbers, offsets)


def _batch(data: bytes, ends: npt.NDArray[np.int64], line: int, offset: int) -> pa.RecordBatch:
    """Return the lines of ``data`` with the given ends, without blank lines."""
    starts = np.concatenate([[0], ends[:-1]])
    numbers = np.arange(line + 1, line + 1 + len(ends))
    return _numbered_batch(data, starts, ends, numbers, offset + starts)


def _numbered_batch(
    data: bytes,
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
    offsets: npt.NDArray[np.int64],
) -> pa.RecordBatch:
    lines = _valid_lines(data, starts, ends)
    faults: list[str | None] | None = None
    if lines is None:
        pieces = zip(starts, ends, strict=True)
        decoded = [_decode(data[start:end].rstrip(b"\r\n")) for start, end in pieces]
        lines = array_of([text for text, _ in decoded], pa.string())
        faults = [fault for _, fault in decoded]
    batch = _record_batch(lines, numbers, offsets, faults)
    if faults is None and (np.frombuffer(data, np.uint8)[starts] > ord(" ")).all():
        return batch
    # The kept part of a long line may be blank although the line is not.
    holds_text = pc.not_equal(pc.ascii_trim_whitespace(lines), "")
    kept = pc.or_(holds_text, pc.is_valid(batch["fault"]))
    return batch if pc.all(kept).as_py() else batch.filter(kept)


def _valid_lines(
    data: bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> pa.Array | None:
    """Return the lines after one fast check of all bytes; None if the check fails."""
    if (ends - starts).max() > LONGEST_LINE:
        return None
    offsets = np.concatenate([starts, ends[-1:]]).astype(np.int32)
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data))
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:
        return None
    return pc.ascii_rtrim(lines, "\r\n")


def _record_batch(
    lines: pa.Array,
    numbers: npt.NDArray[np.int64],
    offsets: npt.NDArray[np.int64],
    faults: list[str | None] | None,
) -> pa.RecordBatch:
    fault = pa.nulls(len(lines), pa.string()) if faults is None else array_of(faults, pa.string())
    columns = [lines, indices(numbers), indices(offsets), fault]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _decode(data: bytes, length: int | None = None) -> tuple[str, str | None]:
    """Return a line's text and any error in its bytes; ``length`` is that of the whole line."""
    length = len(data) if length is None else length
    if length > LONGEST_LINE:
        # An incremental decoder omits a character that is cut in two.
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        text = decoder.decode(data[:LONGEST_LINE])
        return text, f"line of {length} bytes, cut at {LONGEST_LINE}"
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "backslashreplace")
        return text, f"invalid UTF-8 at byte {error.start + 1} of the line"
