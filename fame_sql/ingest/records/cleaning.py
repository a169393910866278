"""What does not belong to the text of lines: colours, null bytes, and the next record."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_ANSI = r"\x1b(?:\[[0-9;:?<=>!]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[@-Z\\^_=>])"
# A crash or a truncated file that is still written leaves a block of null bytes.
_NULLS = r"^\x00+|\x00{8,}"
# A program that ends lines with carriage returns, in a file where others write line feeds.
_SECOND_TIME = r"\r\W?(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)"
_ESCAPE = re.compile(_ANSI)
_ESCAPE_BYTE = 0x1B


def without_colours(line: str) -> str:
    """Return a line without the sequences that colour it or move the cursor."""
    return _ESCAPE.sub("", line) if "\x1b" in line else line


def clean(lines: pa.Table, *, keep_ansi: bool) -> tuple[pa.Table, pa.Array | None]:
    """Return lines without colours and blocks of null bytes.

    Parameters
    ----------
    lines : pyarrow.Table
        Lines in the schema of the reader.
    keep_ansi : bool
        Return the lines with colours as attributes.

    Returns
    -------
    lines : pyarrow.Table
        The lines.
    coloured : pyarrow.Array or None
        For each line a JSON object with the line as it was, or NULL.
    """
    if _lowest_byte(lines["line"]) > _ESCAPE_BYTE:
        return lines, None
    if _may_hold(lines["line"], b"\x00"):
        lines = _without_nulls(lines)
    if _may_hold(lines["line"], b"\r"):
        lines = _with_second_times(lines)
    text = lines["line"]
    if not _may_hold(text, b"\x1b"):
        return lines, None
    has_escape = pc.match_substring(text, "\x1b")
    plain = pc.replace_substring_regex(text, _ANSI, "")
    coloured = None
    if keep_ansi:
        coloured = pc.if_else(has_escape, _objects(text), None)
    return lines.set_column(0, "line", plain), coloured


def _buffers(text: pa.ChunkedArray) -> list[pa.Buffer]:
    """Return the memory of texts, in which bytes are found faster than in each text."""
    buffers = [chunk.buffers()[2] for chunk in text.chunks]
    return list({buffer.address: buffer for buffer in buffers if buffer}.values())


def _lowest_byte(text: pa.ChunkedArray) -> int:
    found = (np.frombuffer(buffer, np.uint8).min() for buffer in _buffers(text))
    return int(min(found, default=255))


def _may_hold(text: pa.ChunkedArray, byte: bytes) -> bool:
    return any(byte in buffer.to_pybytes() for buffer in _buffers(text))


def _objects(text: pa.ChunkedArray) -> pa.Array:
    import json

    return pa.array([json.dumps({"ansi": one}) for one in text.to_pylist()], pa.string())


def _with_second_times(lines: pa.Table) -> pa.Table:
    """Return lines with a fault for those that hold another record after a carriage return."""
    found = pc.match_substring_regex(lines["line"], _SECOND_TIME)
    said = "another time after a carriage return in the line"
    fault = pc.if_else(found, pc.coalesce(lines["fault"], pa.scalar(said)), lines["fault"])
    return lines.set_column(3, "fault", fault)


def _without_nulls(lines: pa.Table) -> pa.Table:
    text = lines["line"]
    plain = pc.replace_substring_regex(text, _NULLS, "")
    missing = pc.subtract(pc.binary_length(text), pc.binary_length(plain))
    said = pc.binary_join_element_wise(pc.cast(missing, pa.string()), "null bytes left out", " ")
    fault = pc.if_else(pc.greater(missing, 0), pc.coalesce(lines["fault"], said), lines["fault"])
    return lines.set_column(0, "line", plain).set_column(3, "fault", fault)
