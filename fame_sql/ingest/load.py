"""Loading one source: chunk by chunk, each committed with the place to go on from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Literal

import duckdb

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.events import absorb
from fame_sql.ingest.encodings import check_utf8, resolve_encoding
from fame_sql.ingest.formats import Format, choose_format
from fame_sql.ingest.lines import Chunk, LineReader
from fame_sql.ingest.resume import Start, find_start
from fame_sql.ingest.source import open_source, read_head
from fame_sql.warehouse import Warehouse, transaction

Absorb = Callable[[duckdb.DuckDBPyConnection], None]
"""Moves the temporary table ``incoming`` into ``fame.logs``, inside the chunk's transaction."""

EXAMPLES = 3
"""How many lines that did not parse a report shows."""


@dataclass(frozen=True)
class ParseFault:
    """A line that was kept although it did not parse.

    Parameters
    ----------
    line_number : int
        Its number in the source, from 1.
    parse_error : str
        What was expected.
    excerpt : str
        How its body begins, as it came: not safe for a terminal.
    """

    line_number: int
    parse_error: str
    excerpt: str


@dataclass(frozen=True)
class IngestReport:
    """What a load did.

    Parameters
    ----------
    source_path, format, encoding : str
        The source and how it was read.
    rows, errors : int
        Rows added by this call, and how many of them carry a ``parse_error``.
    bytes_read : int
        Bytes read by this call, beyond those that were known.
    state : {'added', 'unchanged', 'grown'}
        Whether the source was new, known in full, or known in its beginning.
    examples : tuple of ParseFault
        The first lines that did not parse.
    """

    source_path: str
    format: str
    encoding: str
    rows: int
    errors: int
    bytes_read: int
    state: Literal["added", "unchanged", "grown"]
    examples: tuple[ParseFault, ...] = ()


@dataclass(frozen=True)
class _Task:
    """One load: what stays the same from its first chunk to its last."""

    connection: duckdb.DuckDBPyConnection
    source_path: str
    format: Format
    encoding: str
    start: Start
    ingest_id: int
    started_at: datetime
    absorb: Absorb

    @property
    def continues(self) -> bool:
        """Whether this goes on with a load that was stopped, rather than beginning one."""
        return self.start.after is not None and self.start.after.state == "partial"


def ingest_file(
    warehouse: Warehouse,
    path: Path,
    *,
    format: str = "auto",
    encoding: str | None = None,
    absorb: Absorb = absorb,
    progress: Progress | None = None,
    chunk_lines: int = 500_000,
) -> IngestReport:
    """Load the lines of a log file that the warehouse does not hold yet.

    Parameters
    ----------
    warehouse : Warehouse
        Where they go.
    path : Path
        A text file, plain or packed with gzip, bzip2 or xz.
    format : str
        A name in :data:`~fame_sql.ingest.FORMATS`, or ``auto`` to see from the first lines.
    encoding : str, optional
        A name in :data:`~fame_sql.ingest.ENCODINGS`, taken without a check; None or ``auto``
        is UTF-8 after a look at the first MiB.
    absorb : callable
        Moves the temporary table ``incoming`` into ``fame.logs``, inside the transaction.
    progress : Progress, optional
        Told the bytes read.
    chunk_lines : int
        Lines that are committed together.

    Returns
    -------
    IngestReport
        What was added.

    Raises
    ------
    InputError
        If the file cannot be used; the warehouse is then as it was.
    """
    path = Path(path)
    if chunk_lines < 1:
        raise InputError(f"chunk_lines is {chunk_lines}: use 1 or more, such as 500000")
    progress = SilentProgress() if progress is None else progress
    encoding = _settle_encoding(path, resolve_encoding(encoding or "auto"))
    known = choose_format(format, path, _checked_head(path, encoding))
    start = find_start(warehouse.connection, path, encoding, progress)
    if start.after is None and not start.nothing_new:
        _refuse_other_encoding(warehouse, path, encoding)
    task = _make_task(warehouse.connection, path, known, encoding, start, absorb)
    if start.nothing_new:
        return _leave_unchanged(task)
    return _load(task, path, progress, chunk_lines)


def _settle_encoding(path: Path, encoding: str) -> str:
    if encoding != "auto":
        return encoding
    check_utf8(path, read_head(path))
    return "utf-8"


def _checked_head(path: Path, encoding: str) -> bytes:
    head = read_head(path, encoding)
    if not head.removeprefix(b"\xef\xbb\xbf").strip():
        raise InputError(f"{path} is empty: name a file with log lines in it")
    return head


def _make_task(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    known: Format,
    encoding: str,
    start: Start,
    absorb: Absorb,
) -> _Task:
    ingest_id = connection.execute(sql.load("ingest/next_ingest_id")).fetchall()[0][0]
    task = _Task(connection, str(path), known, encoding, start, ingest_id, _utc_now(), absorb)
    if task.continues and start.after is not None:
        return replace(task, ingest_id=start.after.ingest_id, started_at=start.after.started_at)
    return task


def _refuse_other_encoding(warehouse: Warehouse, path: Path, encoding: str) -> None:
    """Keep a file from coming in twice because it was decoded in two ways."""
    before = warehouse.value(
        "SELECT encoding FROM fame.ingests WHERE source_path = ? AND encoding <> ?",
        [str(path), encoding],
    )
    if before is not None:
        raise InputError(
            f"{path} was read as {before} before, and would come in twice as {encoding}: "
            "keep it as it is, or read it into a new warehouse"
        )


def _leave_unchanged(task: _Task) -> IngestReport:
    if task.continues:
        task.connection.execute(
            sql.load("ingest/finish"), {"ingest_id": task.ingest_id, "finished_at": _utc_now()}
        )
    return IngestReport(task.source_path, task.format.name, task.encoding, 0, 0, 0, "unchanged")


def _load(task: _Task, path: Path, progress: Progress, chunk_lines: int) -> IngestReport:
    start = task.start
    state: Literal["added", "grown"] = "added" if start.after is None else "grown"
    report = IngestReport(task.source_path, task.format.name, task.encoding, 0, 0, 0, state)
    task.connection.execute(sql.load("ingest/macros"))
    try:
        with open_source(path, task.encoding) as stream:
            stream.skip(start.offset)
            reader = LineReader(stream, offset=start.offset, line=start.line, digest=start.digest)
            total = None if stream.length is None else stream.length - start.offset
            with progress.step(f"reading {path.name}", total) as step:
                while chunk := reader.read_chunk(chunk_lines):
                    before = report.bytes_read
                    report = _commit(task, chunk, report)
                    step.advance(report.bytes_read - before)
    finally:
        task.connection.execute("DROP TABLE IF EXISTS temp.incoming")
        task.connection.execute(sql.load("ingest/drop_macros"))
    return report


def _commit(task: _Task, chunk: Chunk, report: IngestReport) -> IngestReport:
    """Store a chunk and where it ends, both or neither, and return the report with it."""
    connection = task.connection
    connection.register("raw_lines", chunk.lines)
    try:
        with transaction(connection):
            _parse(task)
            report = _add_counts(task, chunk, report)
            _delete_tail(task)
            task.absorb(connection)
            _save_progress(task, chunk, report)
    finally:
        connection.unregister("raw_lines")
    return report


def _parse(task: _Task) -> None:
    task.connection.execute(sql.load("ingest/create_incoming"))
    statement = Template(sql.load("ingest/fill_incoming")).safe_substitute(shape=task.format.shape)
    task.connection.execute(
        statement,
        {
            "observed_timestamp": _utc_now(),
            "source_path": task.source_path,
            "ingest_id": task.ingest_id,
            "parser": task.format.name,
        },
    )


def _add_counts(task: _Task, chunk: Chunk, report: IngestReport) -> IngestReport:
    rows, errors = task.connection.execute(sql.load("ingest/count_incoming")).fetchall()[0]
    wanted = EXAMPLES - len(report.examples)
    faults = task.connection.execute(sql.load("ingest/faults"), {"most": wanted}).fetchall()
    return replace(
        report,
        rows=report.rows + rows,
        errors=report.errors + errors,
        bytes_read=chunk.byte_end - task.start.offset,
        examples=(*report.examples, *(ParseFault(*fault) for fault in faults)),
    )


def _delete_tail(task: _Task) -> None:
    """Delete the row of a last line that was not at its end, now that it is read whole."""
    after = task.start.after
    if after is not None and after.tail_offset is not None:
        place = {"ingest_id": after.ingest_id, "byte_offset": after.tail_offset}
        task.connection.execute(sql.load("ingest/uncount_tail"), place)
        task.connection.execute(sql.load("ingest/delete_tail"), place)


def _save_progress(task: _Task, chunk: Chunk, report: IngestReport) -> None:
    before = task.start.after if task.continues else None
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
            "finished_at": _utc_now() if chunk.last else None,
        },
    )


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
