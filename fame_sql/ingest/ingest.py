"""Loading of log files into a warehouse."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.events.events import absorb
from fame_sql.ingest.batch import Absorb
from fame_sql.ingest.expansion import named_sources, stored_bytes
from fame_sql.ingest.file_tables import file_table, is_csv, table_format, was_read_as_lines
from fame_sql.ingest.formats.hints import NO_HINTS, Hints
from fame_sql.ingest.loader import Loader
from fame_sql.ingest.outcomes import Unread
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.report import IngestReport
from fame_sql.ingest.sources import Source, file_source
from fame_sql.ingest.tables import Table
from fame_sql.warehouse.warehouse import Warehouse


def ingest_file(
    warehouse: Warehouse,
    path: Path,
    *,
    format: str = "auto",
    encoding: str | None = None,
    year: int | None = None,
    join_lines: bool = False,
    source: str | None = None,
    skip_copies: bool = False,
    redact: bool = False,
    absorb: Absorb = absorb,
    progress: Progress | None = None,
    chunk_lines: int = 500_000,
    hints: Hints = NO_HINTS,
) -> IngestReport:
    """Load the lines of a log file that are not in the warehouse yet.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse to load into.
    path : Path
        A text file, plain or compressed with gzip, bzip2, xz or zstd.
    format, encoding, year, join_lines, source, skip_copies, redact, chunk_lines, hints
        As for :class:`~fame_sql.ingest.Reading`.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``, inside the transaction.
    progress : Progress, optional
        Receives the progress by bytes.

    Returns
    -------
    IngestReport
        The report of the load.

    Raises
    ------
    InputError
        If the file cannot be used. The warehouse is unchanged then.
    """
    reading = Reading(
        format=format,
        encoding=encoding,
        year=year,
        join_lines=join_lines,
        source=source,
        skip_copies=skip_copies,
        redact=redact,
        chunk_lines=chunk_lines,
        hints=hints,
    )
    found = file_source(Path(path), name=source)
    return ingest_source(warehouse, found, reading, absorb=absorb, progress=progress)


def ingest_source(
    warehouse: Warehouse,
    source: Source,
    reading: Reading,
    *,
    absorb: Absorb = absorb,
    progress: Progress | None = None,
) -> IngestReport:
    """Load the lines of one source that are not in the warehouse yet.

    Raises
    ------
    InputError
        If the source cannot be used. The warehouse is unchanged then.
    """
    progress = SilentProgress() if progress is None else progress
    with progress.step(f"reading {source.name}", source.size) as step:
        loader = Loader(warehouse, reading, absorb, step, strict=True)
        (report,) = loader.load([source])
    if report.state == "empty":
        raise InputError(f"{source.name} is empty: name a file with log lines")
    return report


def ingest_files(
    warehouse: Warehouse,
    inputs: Iterable[Path | str],
    reading: Reading | None = None,
    *,
    strict: bool = False,
    absorb: Absorb = absorb,
    progress: Progress | None = None,
) -> Iterator[IngestReport]:
    """Load everything that files, folders, patterns and archives hold, and yield a report of each.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse to load into.
    inputs : iterable of Path or str
        Files, folders (read with all folders below them), patterns such as ``/var/log/**/*.log``,
        tar and zip archives (each member is a source), pipes, or ``-`` for standard input.
    reading : Reading, optional
        The settings.
    strict : bool
        Raise the error of the first source that cannot be read. Otherwise it is reported with the
        state ``failed``, and the others are read.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``, inside the transaction.
    progress : Progress, optional
        Receives the progress by bytes.

    Yields
    ------
    IngestReport
        One for each source, in their order, after its lines are committed.

    Raises
    ------
    InputError
        If nothing has one of these names, or, with ``strict``, a source cannot be read.
    """
    progress = SilentProgress() if progress is None else progress
    reading = reading or Reading()
    given = list(inputs)
    what = f"reading {given[0]}" if len(given) == 1 else "reading"
    with (
        tempfile.TemporaryDirectory(prefix="fame-") as folder,
        progress.step(what, stored_bytes(given)) as step,
    ):
        loader = Loader(warehouse, reading, absorb, step, strict=strict)
        sources = named_sources(
            given, reading.source, warehouse.path, Path(folder), reading.max_ratio
        )
        yield from loader.load(map(partial(as_table, warehouse, reading), sources))


def ingest_table(
    warehouse: Warehouse,
    table: Table,
    reading: Reading | None = None,
    *,
    absorb: Absorb = absorb,
) -> IngestReport:
    """Load the rows of a table or query that are not in the warehouse yet.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse to load into.
    table : Table
        What :func:`named_table` or :func:`named_query` returns.
    reading : Reading, optional
        The settings; ``columns`` names the columns.
    absorb : callable
        Moves the rows of ``incoming`` into ``fame.logs``, inside the transaction.

    Raises
    ------
    InputError
        If the table cannot be read, or has no column for the message.
    """
    with SilentProgress().step(f"reading {table.name}") as step:
        loader = Loader(warehouse, reading or Reading(), absorb, step, strict=True)
        (report,) = loader.load([table])
    return report


def as_table(
    warehouse: Warehouse, reading: Reading, source: Source | Unread
) -> Source | Table | Unread:
    """Return a Parquet or CSV file as a table; everything else as it is."""
    if isinstance(source, Unread) or source.path is None:
        return source
    format = table_format(source)
    if format is None:
        return source
    table = file_table(str(source.path), source.name, source.identity, format)
    if format == "parquet":
        return table
    connection = warehouse.connection
    if was_read_as_lines(connection, table) or not is_csv(connection, table, reading.columns):
        return source
    return table
