"""The byte reader: whatever the bytes, every line comes through, once, where it was."""

from __future__ import annotations

import hashlib
import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame_sql.ingest import lines
from fame_sql.ingest.lines import LONGEST_LINE, Chunk, LineReader

pytestmark = pytest.mark.any_duckdb

HOSTILE = st.lists(
    st.sampled_from([b"a", b"\n", b"\r", b" ", b"\0", b"\xc3", b"\xa9", b"\xff", b"\xed\xa0\x80"]),
    max_size=60,
).map(b"".join)


class Trickle:
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._stream = io.BytesIO(data)
        self._step = step

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, self._step))


def read_all(reader: LineReader, most: int) -> list[Chunk]:
    chunks = []
    while chunk := reader.read_chunk(most):
        chunks.append(chunk)
    return chunks


def naive(data: bytes) -> list[tuple[str, int, int]]:
    """Return text, number and offset of the lines that are not blank."""
    offset, found = 0, []
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            text = line.rstrip(b"\r").decode("utf-8", "backslashreplace")
            found.append((text, number, offset))
        offset += len(line) + 1
    return found


@pytest.mark.slow
@given(data=HOSTILE, most=st.integers(1, 7), step=st.integers(1, 9))
@settings(max_examples=300, deadline=None)
def test_every_line_comes_through(data: bytes, most: int, step: int) -> None:
    chunks = read_all(LineReader(Trickle(data, step)), most)
    rows = [row for chunk in chunks for row in chunk.lines.to_pylist()]
    found = [(row["line"], row["line_number"], row["byte_offset"]) for row in rows]
    assert found == naive(data)
    for chunk in chunks:
        assert chunk.fingerprint == hashlib.sha256(data[: chunk.byte_end]).hexdigest()
        assert chunk.line_end == data[: chunk.byte_end].count(b"\n") + (
            chunk.tail_offset is not None
        )
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True] * bool(chunks)
    if data:
        assert chunks[-1].byte_end == len(data)
        unterminated = None if data.endswith(b"\n") else data.rfind(b"\n") + 1
        assert chunks[-1].tail_offset == unterminated


@given(data=HOSTILE, step=st.integers(1, 9), longest=st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_long_lines_are_cut_and_the_rest_is_not_touched(
    data: bytes, step: int, longest: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LONGEST_LINE", longest)
        chunks = read_all(LineReader(Trickle(data, step)), 5)
    rows = [row for chunk in chunks for row in chunk.lines.to_pylist()]
    whole = {number: text for text, number, _ in naive(data)}
    short = {n: t for n, t in whole.items() if len(data.split(b"\n")[n - 1]) <= longest}
    found = {row["line_number"]: row["line"] for row in rows}
    assert {number: found.get(number) for number in short} == short
    assert whole.keys() <= found.keys()
    assert all(len(text.encode()) <= 4 * longest for text in found.values())


@pytest.mark.parametrize(
    ("data", "text", "fault"),
    [
        (b"ok\n", "ok", None),
        (b"caf\xe9 ole\n", "caf\\xe9 ole", "invalid UTF-8 at byte 4 of the line"),
        (b"x" * LONGEST_LINE + b"\n", "x" * LONGEST_LINE, None),
        (b"x" * LONGEST_LINE + b"\r\n", "x" * LONGEST_LINE, None),
        (
            b"x" * (LONGEST_LINE - 1) + "é\n".encode(),
            "x" * (LONGEST_LINE - 1),
            f"line of {LONGEST_LINE + 1} bytes, cut at {LONGEST_LINE}",
        ),
        (
            b"x" * 10_000_000 + b"\nnext\n",
            "x" * LONGEST_LINE,
            f"line of 10000000 bytes, cut at {LONGEST_LINE}",
        ),
        (
            b"x" * 9_000_000,
            "x" * LONGEST_LINE,
            f"line of 9000000 bytes, cut at {LONGEST_LINE}",
        ),
    ],
)
def test_faults_are_reported(data: bytes, text: str, fault: str | None) -> None:
    chunk = LineReader(io.BytesIO(data)).read_chunk(10)
    assert chunk is not None
    first, *others = chunk.lines.to_pylist()
    assert (first["line"] == text, first["fault"]) == (True, fault)
    assert [row["line"] for row in others] == data.decode("latin-1").splitlines()[1:]


class Endless:
    """A source of ``size`` bytes without a line end."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return b"x" * size


def test_memory_stays_bounded_without_line_ends() -> None:
    tracemalloc.start()
    try:
        chunk = LineReader(Endless(128 << 20)).read_chunk(10)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert chunk is not None
    assert chunk.byte_end == 128 << 20
    assert chunk.lines["fault"].to_pylist() == [f"line of {128 << 20} bytes, cut at {LONGEST_LINE}"]
    assert peak < 24 << 20


def test_chunks_end_where_lines_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_CHUNK_BYTES", 10)
    monkeypatch.setattr(lines, "_BLOCK", 8)
    chunks = read_all(LineReader(io.BytesIO(b"123456\n" * 5)), 1000)
    assert [chunk.byte_end for chunk in chunks] == [14, 28, 35]
