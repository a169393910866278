"""Reading the beginning of a source as it would be stored, without storing it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fame_sql.errors import InputError
from fame_sql.ingest.examine import examine
from fame_sql.ingest.expansion import named_sources
from fame_sql.ingest.ingest import as_table, ingest_source, ingest_table
from fame_sql.ingest.outcomes import Unread
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.report import IngestReport
from fame_sql.ingest.sources import HEAD_BYTES, Source, file_source, latest_moment, read_head
from fame_sql.ingest.tables import Table
from fame_sql.warehouse.warehouse import Warehouse

_ROWS = 1000
_RECORDS = "SELECT * FROM fame.logs WHERE source_path = ? ORDER BY log_id LIMIT ?"


@dataclass(frozen=True)
class Trial:
    """How the beginning of a source is read.

    Parameters
    ----------
    report : IngestReport
        The report of its first MiB, or of the first rows of a table.
    records : list of dict
        Its first records, as rows of ``fame.logs``.
    """

    report: IngestReport
    records: list[dict[str, Any]]


@contextmanager
def trial_warehouse() -> Iterator[Warehouse]:
    """Open a warehouse that lasts as long as some trials."""
    with (
        tempfile.TemporaryDirectory(prefix="fame-") as folder,
        Warehouse.open(
            Path(folder) / "trial.duckdb", create=True, external_access=True
        ) as warehouse,
    ):
        yield warehouse


def try_inputs(
    warehouse: Warehouse,
    inputs: Iterable[Path | str],
    reading: Reading,
    own: Path,
    most: int = 10,
) -> Iterator[Trial]:
    """Read the beginning of all that files, folders, patterns, archives and pipes hold.

    Parameters
    ----------
    warehouse : Warehouse
        What :func:`trial_warehouse` opens.
    inputs : iterable of Path or str
        As for :func:`~fame_sql.ingest.ingest_files`.
    reading : Reading
        The settings.
    own : Path
        The warehouse into which they would be read, which is no log itself.
    most : int
        Number of records to return of each source.

    Yields
    ------
    Trial
        One for each source; the state of its report is ``failed`` or ``empty`` if it has no
        records to show.
    """
    with tempfile.TemporaryDirectory(prefix="fame-") as folder:
        place = Path(folder)
        for source in named_sources(inputs, reading.source, own, place, reading.max_ratio):
            if isinstance(source, Unread):
                yield Trial(source.report, [])
                continue
            try:
                yield _try_source(warehouse, source, reading, most)
            except InputError as error:
                yield Trial(Unread(source.name, error).report, [])


def try_file(warehouse: Warehouse, path: Path, reading: Reading, most: int = 10) -> Trial:
    """Read the first MiB of a file as :func:`~fame_sql.ingest.ingest_file` would.

    Parameters
    ----------
    warehouse : Warehouse
        What :func:`trial_warehouse` opens.
    path : Path
        The file.
    reading : Reading
        The settings.
    most : int
        Number of records to return.

    Raises
    ------
    InputError
        If the file cannot be used.
    """
    return _try_lines(warehouse, file_source(path), reading, most)


def _try_source(warehouse: Warehouse, source: Source, reading: Reading, most: int) -> Trial:
    found = as_table(warehouse, reading, source)
    if isinstance(found, Table):
        return _try_table(warehouse, found, reading, most)
    return _try_lines(warehouse, source, reading, most)


def _try_table(warehouse: Warehouse, table: Table, reading: Reading, most: int) -> Trial:
    good = table.good_rows and f"SELECT * FROM ({table.good_rows}) LIMIT {_ROWS}"
    first = replace(table, rows=f"SELECT * FROM ({table.rows}) LIMIT {_ROWS}", good_rows=good)
    report = ingest_table(warehouse, first, reading)
    return Trial(report, warehouse.records(_RECORDS, [table.name, most]))


def _try_lines(warehouse: Warehouse, source: Source, reading: Reading, most: int) -> Trial:
    examined = examine(source, reading)
    # One byte more than a line may have, so that a longer one is said to be cut.
    head = read_head(source, examined.encoding, HEAD_BYTES + 1)
    if len(head) > HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head
    with tempfile.TemporaryDirectory(prefix="fame-") as folder:
        copy = Path(folder) / Path(source.name).name
        copy.write_bytes(head)
        moment = latest_moment(source, None).timestamp()
        os.utime(copy, (moment, moment))
        copied = file_source(copy)
        report = ingest_source(warehouse, copied, replace(reading, encoding="utf-8"))
        records = warehouse.records(_RECORDS, [copied.name, most])
    return Trial(replace(report, source_path=source.name), records)
