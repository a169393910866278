"""Reading the beginning of a source as it would be stored, without storing it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fame_sql.ingest.examine import examine
from fame_sql.ingest.formats.layout import Layout
from fame_sql.ingest.ingest import ingest_source
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.report import IngestReport
from fame_sql.ingest.sources import HEAD_BYTES, Source, file_source, latest_moment, read_head
from fame_sql.warehouse.warehouse import Warehouse

_RECORDS = "SELECT * FROM fame.logs ORDER BY log_id LIMIT ?"


@dataclass(frozen=True)
class Trial:
    """How the beginning of a source is read.

    Parameters
    ----------
    layout : Layout
        The format and the reason for it.
    report : IngestReport
        The report of its first MiB.
    records : list of dict
        Its first records, as rows of ``fame.logs``.
    """

    layout: Layout
    report: IngestReport
    records: list[dict[str, Any]]


def try_file(path: Path, reading: Reading, most: int = 10) -> Trial:
    """Read the first MiB of a file as :func:`~fame_sql.ingest.ingest_file` would.

    Parameters
    ----------
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
    return _try_source(file_source(path), reading, most)


def _try_source(source: Source, reading: Reading, most: int) -> Trial:
    examined = examine(source, reading)
    head = read_head(source, examined.encoding, HEAD_BYTES)
    if len(head) >= HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head
    with tempfile.TemporaryDirectory(prefix="fame-") as folder:
        copy = Path(folder) / Path(source.name).name
        copy.write_bytes(head)
        moment = latest_moment(source, None).timestamp()
        os.utime(copy, (moment, moment))
        with Warehouse.open(Path(folder) / "trial.duckdb", create=True) as warehouse:
            as_read = replace(reading, encoding="utf-8", format=reading.format)
            report = ingest_source(warehouse, file_source(copy), as_read)
            records = warehouse.records(_RECORDS, [most])
    return Trial(examined.format, replace(report, source_path=source.name), records)
