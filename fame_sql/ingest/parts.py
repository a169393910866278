"""Parts of sources: chunks whose lines become records with one statement for each layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from string import Template
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from fame_sql import sql
from fame_sql.ingest.file_load import FileLoad
from fame_sql.ingest.formats import Layout, with_usual_keys
from fame_sql.ingest.lines import Chunk, lines_of_whole
from fame_sql.ingest.macros import Macros, needs_latest
from fame_sql.ingest.records import Framed, frame
from fame_sql.warehouse.warehouse import utc_now

SCALE = 1 << 24
"""Places of two lines differ by this; records of one line have the places between."""


_MANY = 10_000
"""Lines for which it is worth a statement to choose a faster one."""


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

    @property
    def numbered(self) -> pa.Table | None:
        """Its lines with their numbers in the source."""
        if not self.shift or self.lines is None:
            return self.lines
        numbers = pc.subtract(self.lines["line_number"], self.shift)
        return self.lines.set_column(1, "line_number", numbers)


class _Parsed(NamedTuple):
    """Lines that were parsed, how, and the latest time of those without a year."""

    found: Framed
    layout: Layout
    latest: datetime | None


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
    _unwrap(connection, macros, parsed)
    if redacted:
        # Its masks take a tenth of a second to import.
        from fame_sql.ingest.redact import redact

        redact(connection)


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
) -> list[_Parsed]:
    """Parse the lines of all parts, those of one layout with one statement.

    Returns
    -------
    list of _Parsed
        The lines of each layout.
    """
    observed, parsed = utc_now(), []
    for layout, latest, group in _groups(parts):
        found = frame(_lines_of(group), layout.splits, layout.settings, keep_ansi=layout.keep_ansi)
        framed, several = found.records is not None, len(parts) > 1
        read_as = _without_other_keys(connection, found, layout)
        statement = _fill_statement(read_as, several=several, framed=framed)
        macros.prepare(statement, layout.times, latest)
        _fill(connection, found, statement, {"observed_timestamp": observed, **layout.constants})
        parsed.append(_Parsed(found, layout, latest))
    return parsed


def _without_other_keys(
    connection: duckdb.DuckDBPyConnection, found: Framed, layout: Layout
) -> Layout:
    """Return the layout whose statement reads lines with the fewest expressions."""
    condition = layout.other_keys
    if condition is None or found.records is not None or len(found.lines) < _MANY:
        return layout
    with _registered(connection, "raw_lines", found.lines):
        some = connection.execute(f"SELECT bool_or({condition}) FROM raw_lines").fetchall()[0][0]
    return layout if some else layout.without_other_keys


def _groups(parts: Sequence[Part]) -> Iterator[tuple[Layout, datetime | None, list[Part]]]:
    """Yield the parts that one statement can read."""
    alike: dict[Layout, list[Part]] = defaultdict(list)
    for part in parts:
        alike[part.layout.without_usual_keys].append(part)
    for same in alike.values():
        layout = with_usual_keys([part.layout for part in same])
        groups: dict[tuple[datetime | None, int | None], list[Part]] = defaultdict(list)
        # The time of a relay may lack the year too.
        yearless = layout.splits == "relayed" or needs_latest(layout.select)
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


def _join_lines(connection: duckdb.DuckDBPyConnection, parsed: Sequence[_Parsed]) -> None:
    """Append lines that continue a record to it, if there are any."""
    if not connection.execute(sql.load("ingest/some_continue")).fetchall()[0][0]:
        return
    lines = pa.concat_tables([_placed(found, layout) for found, layout, _ in parsed])
    with _registered(connection, "raw_lines", lines):
        connection.execute(sql.load("ingest/join_lines"))


def _unwrap(
    connection: duckdb.DuckDBPyConnection, macros: Macros, parsed: Sequence[_Parsed]
) -> None:
    """Add what envelopes say of the records in them."""
    statement = sql.load("ingest/unwrap")
    for found, layout, latest in parsed:
        records = found.records
        if records is not None and records["outer"].null_count < len(records):
            macros.prepare(statement, layout.times, latest)
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
        # After an error, the transaction is aborted, which would hide what went wrong.
        with suppress(duckdb.TransactionException):
            connection.unregister(name)
