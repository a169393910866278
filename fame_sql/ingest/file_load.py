"""The load of one source: what has been read, what has been committed, and its report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.ingest.examine import Examined
from fame_sql.ingest.known import Load
from fame_sql.ingest.lines import Chunk
from fame_sql.ingest.report import EXAMPLES, IngestReport, ParseFault, State
from fame_sql.ingest.resume import Start
from fame_sql.ingest.tail import Tail
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.warehouse import utc_now

SHARES = ("timed", "levelled", "hosted", "guessed", "continued", "hinted", "unknown")
"""What is counted of the records, beside their number and errors."""

_ROWS_IN_LAKE = ("INSERT OR REPLACE INTO fame.ingests", "INSERT INTO fame.ingest_rows")


@dataclass
class FileLoad:
    """A load of one source, in one or more chunks.

    Parameters
    ----------
    examined : Examined
        The source.
    start : Start
        Where it is read from.
    ingest_id : int
        The number of the load.
    started_at : datetime
        When it began.
    latest : datetime
        The latest time for timestamps without a year.
    """

    examined: Examined
    start: Start
    ingest_id: int
    started_at: datetime
    latest: datetime

    def __post_init__(self) -> None:
        self.report = _first_report(self.examined, self.start)
        self.tail = Tail.of_start(self.start)
        # The loads of the same name whose lines may still be in the source.
        self.before: tuple[int, ...] = ()
        # The hash of all bytes that have been read, of a file that can be followed.
        self.digest: hashlib._Hash | None = None

    def count(
        self, rows: int, errors: int, faults: list[ParseFault], shares: Sequence[int]
    ) -> None:
        """Add what a chunk has added to the report; shares are those of :data:`SHARES`."""
        before = vars(self.report)
        added = zip(SHARES, shares, strict=True)
        self.report = replace(self.report, **{name: before[name] + n for name, n in added})
        seen = max((example.line_number for example in self.report.examples), default=0)
        fresh = [fault for fault in faults if fault.line_number > seen]
        self.report = replace(
            self.report,
            rows=self.report.rows + rows,
            errors=self.report.errors + errors,
            seen=self.report.seen + rows,
            examples=(*self.report.examples, *fresh)[:EXAMPLES],
        )

    def uncount(self, rows: int, errors: int) -> None:
        """Subtract records that are read again, if this load has counted them."""
        if self.tail is None or (self.tail.lines is None and self.start.stopped is None):
            return
        self.report = replace(
            self.report, rows=self.report.rows - rows, errors=self.report.errors - errors
        )

    def save(self, chunk: Chunk, tail: Tail | None) -> Load:
        """Take note that a chunk is committed, and return the row of ``fame.ingests``."""
        self.tail = tail
        self.report = replace(self.report, bytes_read=chunk.byte_end - self.start.offset)
        return self.after(chunk, tail)

    def after(self, chunk: Chunk, tail: Tail | None = None) -> Load:
        """Return the row of ``fame.ingests`` after a chunk whose last record is ``tail``."""
        earlier = self.start.stopped
        line = chunk.line_end if chunk.tail_offset is not None else None
        return Load(
            ingest_id=self.ingest_id,
            source=self.examined.source.identity,
            source_path=self.examined.source.name,
            encoding=self.examined.encoding,
            format=self.examined.format.name,
            head=self.examined.head,
            fingerprint=chunk.fingerprint,
            byte_start=self.start.offset if earlier is None else earlier.byte_start,
            byte_end=chunk.byte_end,
            tail_offset=chunk.tail_offset if tail is None else tail.byte_offset,
            tail_line=line if tail is None else tail.line_number,
            line_end=chunk.line_end,
            rows=self.report.rows + (0 if earlier is None else earlier.rows),
            errors=self.report.errors + (0 if earlier is None else earlier.errors),
            state="complete" if chunk.last else "partial",
            started_at=self.started_at,
        )


def save_loads(connection: duckdb.DuckDBPyConnection, loads: Iterable[Load]) -> None:
    """Store the rows of ``fame.ingests`` of some loads, inside the caller's transaction.

    In a lake, rows are only added, and the newest of a load counts.
    """
    statement = sql.load("ingest/save_progress")
    if is_lake(connection):
        statement = statement.replace(*_ROWS_IN_LAKE)
    connection.execute(statement, {"loads": json.dumps([_row_of(load) for load in loads])})


def _row_of(load: Load) -> dict[str, Any]:
    """Return the row of ``fame.ingests`` of a load, as JSON holds it."""
    finished = utc_now() if load.state == "complete" else None
    times = {"started_at": load.started_at, "finished_at": finished}
    return {**vars(load), **{name: time and time.isoformat(" ") for name, time in times.items()}}


def _first_report(examined: Examined, start: Start) -> IngestReport:
    """Return the report of a load before its first chunk."""
    name = examined.source.name
    former = None if start.after is None else PurePath(start.after.source_path)
    read_as = former if former is not None and former.name != PurePath(name).name else None
    copied = start.copy
    return IngestReport(
        source_path=name,
        format=examined.format.name,
        encoding=examined.encoding,
        state=_first_state(start),
        read_as=None if read_as is None else str(read_as),
        reason=examined.format.reason,
        copy_of=None if copied is None else copied.source_path,
        copied_lines=0 if copied is None else copied.line_end,
    )


def _first_state(start: Start) -> State:
    if start.after is not None:
        return "unchanged" if start.nothing_new else "grown"
    return "added" if start.replaced is None else "rotated"
