"""Chunks of one or more sources that are committed together."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from string import Template

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fame_sql import sql
from fame_sql.ingest.file_load import FileLoad, row_of
from fame_sql.ingest.formats import Format
from fame_sql.ingest.known import Load
from fame_sql.ingest.lines import Chunk, lines_of_whole
from fame_sql.ingest.redact import redact
from fame_sql.ingest.report import EXAMPLES, ParseFault
from fame_sql.ingest.tail import Tail
from fame_sql.ingest.times import time_macros
from fame_sql.warehouse.lines import remove
from fame_sql.warehouse.severities import number_sql
from fame_sql.warehouse.warehouse import transaction, utc_now

Absorb = Callable[[duckdb.DuckDBPyConnection], None]
"""Moves the rows of ``incoming`` into ``fame.logs``, inside the batch's transaction."""


@dataclass
class Part:
    """A chunk of a source in a batch.

    Parameters
    ----------
    load : FileLoad
        The load that it belongs to.
    chunk : Chunk
        The chunk, without the lines of the record before it that are read again.
    lines : pyarrow.Table or None
        The lines, with those; their numbers are places.
    content : bytes or None
        The source, if its lines are read from it at the commit.
    first_place, shift : int
        The place of the first line, and the difference between places and line numbers.
    """

    load: FileLoad
    chunk: Chunk
    lines: pa.Table | None
    content: bytes | None
    first_place: int
    shift: int


class Batch:
    """Collects chunks, and commits them with the positions to resume from.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``.
    join_lines : bool
        Append lines without a header to the record before.
    redacted : bool
        Mask secrets, addresses and names.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        absorb: Absorb,
        *,
        join_lines: bool,
        redacted: bool,
    ) -> None:
        self._connection = connection
        self._absorb = absorb
        self._join_lines = join_lines
        self._redacted = redacted
        self._parts: list[Part] = []
        self._load_ids: set[int] = set()
        self.lines = 0
        self.bytes = 0

    def add(self, load: FileLoad, chunk: Chunk, content: bytes | None = None) -> None:
        """Add a chunk; a load has at most one chunk in a batch.

        ``content`` is the source, if the lines of the chunk are to be read from it.
        """
        lines = chunk.lines
        if lines is not None and load.tail is not None and load.tail.lines is not None:
            lines = pa.concat_tables([load.tail.lines, lines])
        first = 1 if content is not None else chunk.line_end
        if lines is not None and len(lines):
            first = lines["line_number"][0].as_py()
        place = first
        if self._parts:
            last = self._parts[-1]
            place = last.chunk.line_end + last.shift + 1
        if lines is not None and place != first:
            moved = pc.add(lines["line_number"], place - first)
            lines = lines.set_column(1, "line_number", moved)
        self._parts.append(Part(load, chunk, lines, content, place, place - first))
        self._load_ids.add(load.ingest_id)
        self.lines += chunk.line_end - first + 1
        self.bytes += len(content or b"") if lines is None else lines.nbytes

    def holds(self, *load_ids: int) -> bool:
        """Return whether a chunk of a load with one of these numbers waits for its commit."""
        return not self._load_ids.isdisjoint(load_ids)

    def discard(self, load: FileLoad) -> None:
        """Leave out what waits of a load."""
        self._parts = [part for part in self._parts if part.load is not load]
        self._load_ids.discard(load.ingest_id)

    def commit(self) -> list[tuple[FileLoad, Load]]:
        """Commit all chunks that wait; return their loads with the rows of ``fame.ingests``."""
        parts, self._parts, self.lines, self.bytes = self._parts, [], 0, 0
        self._load_ids.clear()
        if not parts:
            return []
        with transaction(self._connection):
            self._connection.execute(sql.load("events/create_incoming"))
            _create_parts(self._connection, parts)
            lines = _parse(self._connection, parts)
            if self._join_lines:
                with _registered(self._connection, lines):
                    self._connection.execute(sql.load("ingest/join_lines"))
            if self._redacted:
                redact(self._connection)
            for part in parts:
                if part.load.before:
                    _leave_out_known(self._connection, part, joined=self._join_lines)
            last_records = _count(self._connection, parts)
            _delete_tails(self._connection, parts)
            self._absorb(self._connection)
            saved = [part.load.save(part.chunk, self._tail(part, last_records)) for part in parts]
            rows = json.dumps([row_of(load) for load in saved])
            self._connection.execute(sql.load("ingest/save_progress"), {"loads": rows})
        return [(part.load, row) for part, row in zip(parts, saved, strict=True)]

    def _tail(self, part: Part, last_records: dict[int, tuple[int, int]]) -> Tail | None:
        load_id = part.load.ingest_id
        if not self._join_lines or load_id not in last_records:
            return None
        line_number, byte_offset = last_records[load_id]
        chunk = replace(part.chunk, lines=_numbered(part))
        return Tail.of_chunk(load_id, byte_offset, line_number, chunk)


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what the SELECTs of the formats share."""
    number = Template(sql.load("ingest/severity_number")).substitute(number=number_sql("level"))
    _set_latest(connection, datetime(1970, 1, 1))
    connection.execute(number + time_macros())


def _set_latest(connection: duckdb.DuckDBPyConnection, latest: datetime) -> None:
    statement = Template(sql.load("ingest/latest")).substitute(latest=latest.isoformat(" "))
    connection.execute(statement)


def _numbered(part: Part) -> pa.Table | None:
    """Return the lines of a part with their numbers in the source."""
    if not part.shift or part.lines is None:
        return part.lines
    numbers = pc.subtract(part.lines["line_number"], part.shift)
    return part.lines.set_column(1, "line_number", numbers)


def _create_parts(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
    connection.execute(
        sql.load("ingest/parts"),
        {
            "first_places": [part.first_place for part in parts],
            "shifts": [part.shift for part in parts],
            "paths": [part.load.examined.source.name for part in parts],
            "ingest_ids": [part.load.ingest_id for part in parts],
        },
    )


def _lines_of(parts: Sequence[Part]) -> pa.Table:
    """Return the lines of some parts; their numbers are places."""
    whole = [part for part in parts if part.content is not None]
    tables = [part.lines for part in parts if part.lines is not None]
    if whole:
        contents = [part.content or b"" for part in whole]
        batch = lines_of_whole(contents, [part.first_place for part in whole])
        tables.append(pa.Table.from_batches([batch]))
    return pa.concat_tables(tables)


def _parse(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> pa.Table:
    """Parse the lines of all parts, those of one format with one statement; return the lines."""
    groups: dict[tuple[str, datetime | None], list[Part]] = defaultdict(list)
    for part in parts:
        known = part.load.examined.format
        groups[known.name, part.load.latest if needs_latest(known) else None].append(part)
    observed, several, tables = utc_now(), len(parts) > 1, []
    for (_, latest), group in groups.items():
        if latest is not None:
            _set_latest(connection, latest)
        format = group[0].load.examined.format
        tables.append(_lines_of(group))
        with _registered(connection, tables[-1]):
            connection.execute(
                _fill_statement(format, several=several),
                {"observed_timestamp": observed, "parser": format.name},
            )
    return pa.concat_tables(tables)


@cache
def needs_latest(format: Format) -> bool:
    """Return whether lines of a format can have times without a year."""
    return "ingest_yearless" in format.select


def _fill_statement(format: Format, *, several: bool) -> str:
    # A join in order of places sorts all rows, which one source does not need.
    join = "ASOF JOIN parts ON parsed.line_number >= parts.first_place"
    return Template(sql.load("ingest/fill_incoming")).substitute(
        select=format.select, join_parts=join if several else "CROSS JOIN parts"
    )


def _leave_out_known(connection: duckdb.DuckDBPyConnection, part: Part, *, joined: bool) -> None:
    """Leave out the records at the beginning of a source that were loaded under its name."""
    load, chunk = part.load, part.chunk
    cut = chunk.last and (joined or chunk.tail_offset is not None)
    last_place = chunk.line_end + part.shift
    if cut and joined:
        last_place = _last_place(connection, load.ingest_id)
    found = connection.execute(
        sql.load("ingest/known_records"),
        {
            "before": list(load.before),
            "ingest_id": load.ingest_id,
            "cut_place": last_place if cut else -1,
        },
    ).fetchall()[0]
    first_place, records, known_have_times, any_has_time = found
    # Many programs begin each file with the same lines without a time.
    if not records or (any_has_time and not known_have_times):
        load.before = ()
        return
    connection.execute(
        "DELETE FROM incoming WHERE ingest_id = ? AND place < ?", [load.ingest_id, first_place]
    )
    load.report = replace(load.report, state="truncated")
    if first_place <= last_place:
        load.before = ()


def _last_place(connection: duckdb.DuckDBPyConnection, ingest_id: int) -> int:
    found = connection.execute("SELECT max(place) FROM incoming WHERE ingest_id = ?", [ingest_id])
    return int(found.fetchall()[0][0] or 0)


def _count(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]
) -> dict[int, tuple[int, int]]:
    """Count the rows of each load; return the number and the offset of its last record."""
    counted = connection.execute(sql.load("ingest/count_incoming")).fetchall()
    faults = _faults(connection) if any(row[2] for row in counted) else {}
    loads = {part.load.ingest_id: part.load for part in parts}
    for ingest_id, rows, errors, _, _ in counted:
        loads[ingest_id].count(rows, errors, faults.get(ingest_id, []))
    return {ingest_id: (line, offset) for ingest_id, _, _, line, offset in counted}


def _faults(connection: duckdb.DuckDBPyConnection) -> dict[int, list[ParseFault]]:
    found: dict[int, list[ParseFault]] = defaultdict(list)
    rows = connection.execute(sql.load("ingest/faults"), {"most": EXAMPLES}).fetchall()
    for ingest_id, line_number, parse_error, excerpt in rows:
        found[ingest_id].append(ParseFault(line_number, parse_error, excerpt))
    return found


def _delete_tails(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
    """Delete the records that are read again, and subtract them where they have been counted."""
    tails = {
        (part.load.tail.ingest_id, part.load.tail.byte_offset): part.load
        for part in parts
        if part.load.tail is not None
    }
    if not tails:
        return
    ingest_ids, byte_offsets = zip(*tails, strict=True)
    connection.execute(
        sql.load("ingest/tails"),
        {"ingest_ids": list(ingest_ids), "byte_offsets": list(byte_offsets)},
    )
    connection.execute(sql.load("ingest/uncount_tail"))
    remove(connection, "(ingest_id, byte_offset) IN (SELECT (ingest_id, byte_offset) FROM tails)")
    for ingest_id, byte_offset, error in connection.execute(
        sql.load("ingest/delete_tail")
    ).fetchall():
        tails[ingest_id, byte_offset].uncount(1, int(error))


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, lines: pa.Table) -> Iterator[None]:
    """Give the lines the name that the SELECTs of the formats read."""
    connection.register("raw_lines", lines)
    try:
        yield
    finally:
        connection.unregister("raw_lines")
