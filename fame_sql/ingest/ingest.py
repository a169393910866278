"""Loading one source in chunks, each committed with the position to resume from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Literal

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.events.events import absorb
from fame_sql.ingest.encodings import check_utf8, resolve_encoding
from fame_sql.ingest.formats import Format, choose_format
from fame_sql.ingest.lines import Chunk, LineReader
from fame_sql.ingest.report import EXAMPLES, IngestReport, ParseFault
from fame_sql.ingest.resume import Start, find_start
from fame_sql.ingest.sources import latest_moment, open_source, read_head
from fame_sql.ingest.tail import Tail
from fame_sql.ingest.times import time_macros
from fame_sql.warehouse.severities import number_sql
from fame_sql.warehouse.warehouse import Warehouse, transaction, utc_now

Absorb = Callable[[duckdb.DuckDBPyConnection], None]
"""Moves the rows of ``incoming`` into ``fame.logs``, inside the chunk's transaction."""


@dataclass(frozen=True)
class _Task:
    """The settings of a load, which are the same for all of its chunks."""

    connection: duckdb.DuckDBPyConnection
    source_path: str
    format: Format
    encoding: str
    start: Start
    ingest_id: int
    started_at: datetime
    latest: datetime
    join_lines: bool
    absorb: Absorb


def ingest_file(
    warehouse: Warehouse,
    path: Path,
    *,
    format: str = "auto",
    encoding: str | None = None,
    year: int | None = None,
    join_lines: bool = False,
    source_path: str | None = None,
    absorb: Absorb = absorb,
    progress: Progress | None = None,
    chunk_lines: int = 500_000,
) -> IngestReport:
    """Load the lines of a log file that are not in the warehouse yet.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse to load into.
    path : Path
        A text file, plain or compressed with gzip, bzip2, xz or zstd.
    format : str
        A name in :data:`~fame_sql.ingest.FORMATS`, or ``auto`` to detect it from the first lines.
    encoding : str, optional
        A name in :data:`~fame_sql.ingest.ENCODINGS`, used without a check. None or ``auto``
        means UTF-8, and the first MiB is checked.
    year : int, optional
        Year for timestamps that have none. If None, each line gets the latest year for which it is
        not later than one day after the last modification of the file.
    join_lines : bool
        Append lines without a header, such as those of a stack trace, to the record before.
    source_path : str, optional
        The name of the source in the rows; by default ``path``.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``, inside the transaction.
    progress : Progress, optional
        Receives the progress by bytes.
    chunk_lines : int
        Number of lines that are committed together.

    Returns
    -------
    IngestReport
        The report of the load.

    Raises
    ------
    InputError
        If the file cannot be used. The warehouse is unchanged then.
    """
    path = Path(path)
    if chunk_lines < 1:
        raise InputError(f"chunk_lines is {chunk_lines}: use 1 or more, such as 500000")
    progress = SilentProgress() if progress is None else progress
    encoding = _checked_encoding(path, resolve_encoding(encoding or "auto"))
    known = choose_format(format, path, _checked_head(path, encoding))
    start = find_start(warehouse.connection, path, encoding, progress)
    if start.after is None and not start.nothing_new and source_path is None:
        _refuse_other_encoding(warehouse, str(path), encoding)
    ingest_id, started_at = _begin(warehouse.connection, start)
    task = _Task(
        connection=warehouse.connection,
        source_path=str(path) if source_path is None else source_path,
        format=known,
        encoding=encoding,
        start=start,
        ingest_id=ingest_id,
        started_at=started_at,
        latest=latest_moment(path, year),
        join_lines=join_lines,
        absorb=absorb,
    )
    if start.nothing_new:
        return _finish_unchanged(task)
    return _load(task, path, progress, chunk_lines)


def _checked_encoding(path: Path, encoding: str) -> str:
    if encoding != "auto":
        return encoding
    check_utf8(path, read_head(path))
    return "utf-8"


def _checked_head(path: Path, encoding: str) -> bytes:
    head = read_head(path, encoding)
    if not head.removeprefix(b"\xef\xbb\xbf").strip():
        raise InputError(f"{path} is empty: name a file with log lines")
    return head


def _begin(connection: duckdb.DuckDBPyConnection, start: Start) -> tuple[int, datetime]:
    """Return the id and the start time of a load, which are those of a load that it resumes."""
    if start.stopped is not None:
        return start.stopped.ingest_id, start.stopped.started_at
    number = connection.execute(sql.load("ingest/next_ingest_id")).fetchall()[0][0]
    return number, utc_now()


def _refuse_other_encoding(warehouse: Warehouse, name: str, encoding: str) -> None:
    """Refuse to load a file again with another encoding, which would duplicate its lines."""
    before = warehouse.value(
        "SELECT encoding FROM fame.ingests WHERE source_path = ? AND encoding <> ?",
        [name, encoding],
    )
    if before is not None:
        raise InputError(
            f"{name} was loaded as {before} before, and would be loaded twice as {encoding}: "
            "use the same --encoding, or load it into a new warehouse"
        )


def _finish_unchanged(task: _Task) -> IngestReport:
    """Finish a load of a source without new lines."""
    if task.start.stopped is not None:
        task.connection.execute(
            sql.load("ingest/finish"), {"ingest_id": task.ingest_id, "finished_at": utc_now()}
        )
    return IngestReport(task.source_path, task.format.name, task.encoding, 0, 0, 0, "unchanged")


def _load(task: _Task, path: Path, progress: Progress, chunk_lines: int) -> IngestReport:
    start = task.start
    state: Literal["added", "grown"] = "added" if start.after is None else "grown"
    report = IngestReport(task.source_path, task.format.name, task.encoding, 0, 0, 0, state)
    task.connection.execute(_macros(task.latest))
    try:
        with open_source(path, task.encoding) as stream:
            stream.skip(start.offset)
            reader = LineReader(stream, offset=start.offset, line=start.line, digest=start.digest)
            total = None if stream.length is None else stream.length - start.offset
            with progress.step(f"reading {path.name}", total) as step:
                tail = Tail.of_start(start)
                while chunk := reader.read_chunk(chunk_lines):
                    before = report.bytes_read
                    report, tail = _commit(task, chunk, tail, report)
                    step.advance(report.bytes_read - before)
    finally:
        task.connection.execute("DROP TABLE IF EXISTS temp.incoming")
        task.connection.execute(sql.load("ingest/drop_macros"))
    return report


def _macros(latest: datetime) -> str:
    """Return the statements that define what the formats share."""
    moment = Template(sql.load("ingest/latest")).substitute(latest=latest.isoformat(" "))
    number = Template(sql.load("ingest/severity_number")).substitute(number=number_sql("level"))
    return moment + number + time_macros()


def _commit(
    task: _Task, chunk: Chunk, before: Tail | None, report: IngestReport
) -> tuple[IngestReport, Tail | None]:
    """Commit a chunk together with its end position; return the new report and its last record."""
    connection, tail = task.connection, None
    if before is not None and before.lines is not None:
        chunk = replace(chunk, lines=pa.concat_tables([before.lines, chunk.lines]))
    connection.register("raw_lines", chunk.lines)
    try:
        with transaction(connection):
            _parse(task)
            if task.join_lines:
                connection.execute(sql.load("ingest/join_lines"))
                tail = Tail.of_chunk(connection, chunk, task.ingest_id)
            report = _add_counts(task, chunk, report)
            if before is not None:
                report = _delete_tail(task, before, report)
            task.absorb(connection)
            offset = chunk.tail_offset if tail is None else tail.byte_offset
            _save_progress(task, replace(chunk, tail_offset=offset), report)
    finally:
        connection.unregister("raw_lines")
    return report, tail


def _parse(task: _Task) -> None:
    task.connection.execute(sql.load("events/create_incoming"))
    statement = Template(sql.load("ingest/fill_incoming")).safe_substitute(
        select=task.format.select
    )
    task.connection.execute(
        statement,
        {
            "observed_timestamp": utc_now(),
            "source_path": task.source_path,
            "ingest_id": task.ingest_id,
            "parser": task.format.name,
        },
    )


def _add_counts(task: _Task, chunk: Chunk, report: IngestReport) -> IngestReport:
    rows, errors = task.connection.execute(sql.load("ingest/count_incoming")).fetchall()[0]
    wanted = EXAMPLES - len(report.examples)
    seen = max((example.line_number for example in report.examples), default=0)
    faults = task.connection.execute(
        sql.load("ingest/faults"), {"most": wanted, "after": seen}
    ).fetchall()
    return replace(
        report,
        rows=report.rows + rows,
        errors=report.errors + errors,
        bytes_read=chunk.byte_end - task.start.offset,
        examples=(*report.examples, *(_fault(row) for row in faults)),
    )


def _fault(row: tuple[int, str, str]) -> ParseFault:
    line_number, parse_error, excerpt = row
    return ParseFault(line_number, parse_error, excerpt)


def _delete_tail(task: _Task, tail: Tail, report: IngestReport) -> IngestReport:
    """Delete the record that is loaded again, and subtract it if this load has counted it."""
    rows, errors = tail.delete(task.connection)
    if tail.lines is None and task.start.stopped is None:
        return report
    return replace(report, rows=report.rows - rows, errors=report.errors - errors)


def _save_progress(task: _Task, chunk: Chunk, report: IngestReport) -> None:
    before = task.start.stopped
    task.connection.execute(
        sql.load("ingest/save_progress"),
        {
            "ingest_id": task.ingest_id,
            "source_path": task.source_path,
            "format": task.format.name,
            "encoding": task.encoding,
            "fingerprint": chunk.fingerprint,
            "byte_start": task.start.offset if before is None else before.byte_start,
            "byte_end": chunk.byte_end,
            "tail_offset": chunk.tail_offset,
            "line_end": chunk.line_end,
            "rows": report.rows + (0 if before is None else before.rows),
            "errors": report.errors + (0 if before is None else before.errors),
            "state": "complete" if chunk.last else "partial",
            "started_at": task.started_at,
            "finished_at": utc_now() if chunk.last else None,
        },
    )
