"""From lines to records, before a statement reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fame_sql.ingest.records.audit import audit_records
from fame_sql.ingest.records.cleaning import clean
from fame_sql.ingest.records.cmtrace import cmtrace_records
from fame_sql.ingest.records.counted import counted_messages
from fame_sql.ingest.records.delimited import csv_records, fielded_records
from fame_sql.ingest.records.envelopes import (
    compose_lines,
    container_lines,
    docker_lines,
    labelled_lines,
    lines_with_priority,
    ruby_lines,
    stamped_lines,
)
from fame_sql.ingest.records.headed import grouped_lines, headed_lines
from fame_sql.ingest.records.journal import journal_records, verbose_records
from fame_sql.ingest.records.json_objects import json_records, records_by_line
from fame_sql.ingest.records.record import Line, Record
from fame_sql.ingest.records.shipped import relayed_lines, shipped_lines
from fame_sql.ingest.records.windows import windows_records

Splitter = Callable[[list[Line], Mapping[str, Any]], Iterable[Record]]

SPLITTERS: dict[str, Splitter] = {
    "json": json_records,
    "json-lines": records_by_line,
    "csv": csv_records,
    "fielded": fielded_records,
    "journal": journal_records,
    "windows": windows_records,
    "audit": audit_records,
    "container": container_lines,
    "docker": docker_lines,
    "compose": compose_lines,
    "priority": lines_with_priority,
    "stamped": stamped_lines,
    "labelled": labelled_lines,
    "ruby": ruby_lines,
    "journal-verbose": verbose_records,
    "shipped": shipped_lines,
    "relayed": relayed_lines,
    "headed": headed_lines,
    "grouped": grouped_lines,
    "cmtrace": cmtrace_records,
    "counted": counted_messages,
}
"""What makes records of lines, by the name that formats give in ``records``."""


class Framed(NamedTuple):
    """Lines or records as the statements of the formats read them.

    Parameters
    ----------
    lines : pyarrow.Table
        ``line``, ``line_number``, ``byte_offset``, ``fault`` and for objects ``document``.
    records : pyarrow.Table or None
        Where records lie that are not lines: ``record``, which is their ``line_number`` in
        ``lines``; ``line_number``, ``ordinal`` and ``line_count`` in the source; ``outer_time`` and
        ``outer``, what an envelope says of them.
    """

    lines: pa.Table
    records: pa.Table | None


def frame(
    lines: pa.Table, splits: str, settings: Mapping[str, Any], *, keep_ansi: bool = False
) -> Framed:
    """Return lines as records.

    Parameters
    ----------
    lines : pyarrow.Table
        Lines in the schema of the reader.
    splits : str
        A name in :data:`SPLITTERS`, or ``lines``.
    settings : mapping
        What the splitter needs to know of the source.
    keep_ansi : bool
        Keep lines with colours in the attribute ``ansi``.
    """
    lines, coloured = clean(lines, keep_ansi=keep_ansi)
    if splits == "lines":
        return Framed(lines, None if coloured is None else _of_lines(lines, coloured))
    given = [Line(*row) for row in zip(*(lines[name].to_pylist() for name in _READ), strict=True)]
    return _framed(list(SPLITTERS[splits](given, settings)))


_READ = ("line", "line_number", "byte_offset", "fault")


def _framed(found: list[Record]) -> Framed:
    numbers = list(range(1, len(found) + 1))
    lines = pa.table(
        {
            "line": pa.array([record.text for record in found], pa.string()),
            "line_number": pa.array(numbers, pa.int64()),
            "byte_offset": pa.array([record.byte_offset for record in found], pa.int64()),
            "fault": pa.array([record.fault for record in found], pa.string()),
            "document": pa.array([record.document for record in found], pa.string()),
        }
    )
    ordinals: list[int] = []
    for place, record in enumerate(found):
        same = place and found[place - 1].line_number == record.line_number
        ordinals.append(ordinals[-1] + 1 if same else 0)
    records = _records_table(
        numbers,
        [record.line_number for record in found],
        ordinals,
        [record.line_count for record in found],
        [record.outer_time for record in found],
        [record.outer for record in found],
    )
    return Framed(lines, records)


def _of_lines(lines: pa.Table, outer: pa.Array) -> pa.Table:
    numbers = lines["line_number"]
    zeros = pc.multiply(numbers, 0)
    nothing = pa.nulls(len(lines), pa.string())
    return pa.table(
        [numbers, numbers, zeros, pc.add(zeros, 1), nothing, outer], names=list(_RECORD_COLUMNS)
    )


_RECORD_COLUMNS = ("record", "line_number", "ordinal", "line_count", "outer_time", "outer")


def _records_table(*columns: list[Any]) -> pa.Table:
    types = (*(pa.int64(),) * 4, pa.string(), pa.string())
    arrays = [pa.array(column, type) for column, type in zip(columns, types, strict=True)]
    return pa.table(arrays, names=list(_RECORD_COLUMNS))
