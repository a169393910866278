"""Chunks of one or more sources that are committed together."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from string import Template

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fame_sql import sql
from fame_sql.ingest.file_load import FileLoad, row_of
from fame_sql.ingest.formats import Layout, with_usual_keys
from fame_sql.ingest.known import Load
from fame_sql.ingest.lines import Chunk, lines_of_whole
from fame_sql.ingest.macros import Macros, needs_latest
from fame_sql.ingest.records import Framed, frame
from fame_sql.ingest.redact import redact
from fame_sql.ingest.report import EXAMPLES, ParseFault
from fame_sql.ingest.tail import Tail
from fame_sql.warehouse.lines import remove
from fame_sql.warehouse.warehouse import transaction, utc_now

SCALE = 1 << 24
"""Places of two lines differ by this; records of one line have the places between."""

_READ_AGAIN = (
    "byte_offset >= (SELECT min(t.byte_offset) FROM tails AS t WHERE t.ingest_id = logs.ingest_id)"
)

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

    @property
    def layout(self) -> Layout:
        """How its lines become records."""
        return self.load.examined.format

    @property
    def continues(self) -> bool:
        """Whether its last record may continue in the next lines."""
        return self.layout.continuation != "none" or self.layout.splits != "lines"


class Batch:
    """Collects chunks, and commits them with the positions to resume from.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``.
    macros : Macros
        The macros of its statements.
    redacted : bool
        Mask secrets, addresses and names.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        absorb: Absorb,
        macros: Macros,
        *,
        redacted: bool,
    ) -> None:
        self._connection = connection
        self._absorb = absorb
        self._macros = macros
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
            read_parts(self._connection, self._macros, parts, redacted=self._redacted)
            # A record that stays as it is counts neither as read again nor as known.
            tails = _create_tails(self._connection, parts)
            for part in parts:
                if part.load.before:
                    _leave_out_known(self._connection, part, joined=part.layout.grows)
            last_records = _count(self._connection, parts)
            _delete_tails(self._connection, tails)
            self._absorb(self._connection)
            saved = [part.load.save(part.chunk, self._tail(part, last_records)) for part in parts]
            rows = json.dumps([row_of(load) for load in saved])
            self._connection.execute(sql.load("ingest/save_progress"), {"loads": rows})
        return [(part.load, row) for part, row in zip(parts, saved, strict=True)]

    def _tail(self, part: Part, last_records: dict[int, tuple[int, int]]) -> Tail | None:
        load_id = part.load.ingest_id
        if not part.continues or load_id not in last_records:
            return None
        line_number, byte_offset = last_records[load_id]
        # Half of a last line was joined to the record before, which the whole line may not be.
        is_joined = part.chunk.tail_offset is not None and byte_offset < part.chunk.tail_offset
        if part.chunk.last and not part.layout.grows and not is_joined:
            return None
        chunk = replace(part.chunk, lines=_numbered(part))
        return Tail.of_chunk(load_id, byte_offset, line_number, chunk)


def read_parts(
    connection: duckdb.DuckDBPyConnection,
    macros: Macros,
    parts: Sequence[Part],
    *,
    redacted: bool = False,
) -> None:
    """Make the temporary table ``incoming`` with the records of some parts.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse.
    macros : Macros
        The macros of the statements.
    parts : sequence of Part
        What is read.
    redacted : bool
        Mask secrets, addresses and names.
    """
    connection.execute(sql.load("events/create_incoming"))
    _create_parts(connection, parts)
    parsed = _parse(connection, macros, parts)
    if any(part.continues for part in parts):
        _join_lines(connection, parsed)
    _unwrap(connection, macros, [found.records for found, _ in parsed])
    if redacted:
        redact(connection)


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
            "continuations": [part.layout.continuation for part in parts],
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


def _parse(
    connection: duckdb.DuckDBPyConnection, macros: Macros, parts: Sequence[Part]
) -> list[tuple[Framed, Layout]]:
    """Parse the lines of all parts, those of one layout with one statement.

    Returns
    -------
    list of (Framed, Layout)
        The lines of each layout.
    """
    observed, parsed = utc_now(), []
    for layout, latest, group in _groups(parts):
        found = frame(_lines_of(group), layout.splits, layout.settings, keep_ansi=layout.keep_ansi)
        framed, several = found.records is not None, len(parts) > 1
        statement = _fill_statement(layout, several=several, framed=framed)
        macros.prepare(statement, layout.times, latest)
        _fill(connection, found, statement, {"observed_timestamp": observed, **layout.constants})
        parsed.append((found, layout))
    return parsed


def _groups(parts: Sequence[Part]) -> Iterator[tuple[Layout, datetime | None, list[Part]]]:
    """Yield the parts that one statement can read."""
    alike: dict[Layout, list[Part]] = defaultdict(list)
    for part in parts:
        alike[part.layout.without_usual_keys].append(part)
    for same in alike.values():
        layout = with_usual_keys([part.layout for part in same])
        groups: dict[tuple[datetime | None, int | None], list[Part]] = defaultdict(list)
        yearless = needs_latest(layout.select)
        for part in same:
            latest = _end_of_day(part.load.latest) if yearless else None
            # A record over several lines ends with its source.
            alone = None if layout.splits == "lines" else part.load.ingest_id
            groups[latest, alone].append(part)
        for (latest, _), group in groups.items():
            yield layout, latest, group


def _end_of_day(moment: datetime) -> datetime:
    """Return the latest time of a day, so that sources of one day are read together."""
    return moment.replace(hour=23, minute=59, second=59, microsecond=999999)


def _fill(
    connection: duckdb.DuckDBPyConnection,
    found: Framed,
    statement: str,
    parameters: Mapping[str, object],
) -> None:
    """Read lines with the statement of their layout into ``incoming``."""
    with (
        _registered(connection, "raw_lines", found.lines),
        _registered(connection, "records", found.records),
    ):
        connection.execute(statement, parameters)


def _placed(found: Framed, layout: Layout) -> pa.Table:
    """Return the text of lines with their places, and whether they look like a header."""
    lines = found.lines.select(["line", "line_number", "fault"])
    if found.records is None:
        places = pc.multiply(lines["line_number"], SCALE)
    else:
        first = pc.multiply(found.records["line_number"], SCALE)
        places = pc.add(first, found.records["ordinal"])
    headers = pc.match_substring_regex(lines["line"], layout.header)
    return lines.set_column(1, "line_number", places).append_column("is_header", headers)


def _join_lines(
    connection: duckdb.DuckDBPyConnection, parsed: Sequence[tuple[Framed, Layout]]
) -> None:
    """Append lines that continue a record to it, if there are any."""
    if not connection.execute(sql.load("ingest/some_continue")).fetchall()[0][0]:
        return
    lines = pa.concat_tables([_placed(found, layout) for found, layout in parsed])
    with _registered(connection, "raw_lines", lines):
        connection.execute(sql.load("ingest/join_lines"))


def _unwrap(
    connection: duckdb.DuckDBPyConnection, macros: Macros, framed: Sequence[pa.Table | None]
) -> None:
    """Add what envelopes say of the records in them."""
    statement = sql.load("ingest/unwrap")
    for records in framed:
        if records is not None and records["outer"].null_count < len(records):
            macros.prepare(statement)
            with _registered(connection, "records", records):
                connection.execute(statement, {"scale": SCALE})


def _fill_statement(layout: Layout, *, several: bool, framed: bool) -> str:
    # A join in order of places sorts all rows, which one source does not need.
    number = "records.line_number" if framed else "parsed.line_number"
    join = f"ASOF JOIN parts ON {number} >= parts.first_place" if several else "CROSS JOIN parts"
    records = "INNER JOIN records ON parsed.line_number = records.record"
    return Template(sql.load("ingest/fill_incoming")).substitute(
        select=layout.select,
        join_records=records if framed else "",
        join_parts=join,
        line_number=number,
        ordinal="records.ordinal" if framed else "0",
        line_count="records.line_count" if framed else "1",
        scale=str(SCALE),
    )


def _leave_out_known(connection: duckdb.DuckDBPyConnection, part: Part, *, joined: bool) -> None:
    """Leave out the records at the beginning of a source that were loaded under its name."""
    load, chunk = part.load, part.chunk
    cut = chunk.last and (joined or chunk.tail_offset is not None)
    # Half of a line may have been joined to the record before.
    last_place = _last_place(connection, load.ingest_id) if cut else -1
    found = connection.execute(
        sql.load("ingest/known_records"),
        {
            "before": list(load.before),
            "ingest_id": load.ingest_id,
            "cut_place": last_place,
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
    if first_place <= (last_place if cut else (chunk.line_end + part.shift) * SCALE):
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
    for ingest_id, rows, errors, _, _, *shares in counted:
        loads[ingest_id].count(rows, errors, faults.get(ingest_id, []), shares)
    return {row[0]: (row[3], row[4]) for row in counted}


def _faults(connection: duckdb.DuckDBPyConnection) -> dict[int, list[ParseFault]]:
    found: dict[int, list[ParseFault]] = defaultdict(list)
    rows = connection.execute(sql.load("ingest/faults"), {"most": EXAMPLES}).fetchall()
    for ingest_id, line_number, parse_error, excerpt in rows:
        found[ingest_id].append(ParseFault(line_number, parse_error, excerpt))
    return found


def _create_tails(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]
) -> dict[int, FileLoad]:
    """Find the records that are read again; those that are what they were stay as they are.

    Returns
    -------
    dict of int to FileLoad
        The load that reads a record again, by the number of the load that holds it.
    """
    loads = [part.load for part in parts if part.load.tail is not None]
    tails = [load.tail for load in loads if load.tail is not None]
    if not tails:
        return {}
    connection.execute(
        sql.load("ingest/tails"),
        {
            "ingest_ids": [tail.ingest_id for tail in tails],
            "byte_offsets": [tail.byte_offset for tail in tails],
            "load_ids": [load.ingest_id for load in loads],
        },
    )
    unchanged = connection.execute(sql.load("ingest/unchanged_tails")).fetchall()
    for place in unchanged:
        connection.execute("DELETE FROM incoming WHERE ingest_id = ? AND byte_offset = ?", place)
        connection.execute("DELETE FROM tails WHERE load_id = ?", [place[0]])
    kept = {load_id for load_id, _ in unchanged}
    pairs = zip(tails, loads, strict=True)
    return {tail.ingest_id: load for tail, load in pairs if load.ingest_id not in kept}


def _delete_tails(connection: duckdb.DuckDBPyConnection, tails: Mapping[int, FileLoad]) -> None:
    """Delete the records that are read again, and subtract them where they have been counted."""
    if not tails:
        return
    connection.execute(sql.load("ingest/uncount_tail"))
    remove(connection, _READ_AGAIN)
    for ingest_id, error in connection.execute(sql.load("ingest/delete_tail")).fetchall():
        tails[ingest_id].uncount(1, int(error))


@contextmanager
def _registered(
    connection: duckdb.DuckDBPyConnection, name: str, lines: pa.Table | None
) -> Iterator[None]:
    """Give a table the name that the SELECTs of the formats read."""
    if lines is None:
        yield
        return
    connection.register(name, lines)
    try:
        yield
    finally:
        connection.unregister(name)
