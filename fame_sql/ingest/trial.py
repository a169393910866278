"""Reading the beginning of a source as it would be stored, without storing it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fame_sql.ingest.examine import examine
from fame_sql.ingest.formats.layout import Layout
from fame_sql.ingest.ingest import ingest_source
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.report import IngestReport
from fame_sql.ingest.sources import HEAD_BYTES, file_source, latest_moment, read_head
from fame_sql.warehouse.warehouse import Warehouse

_RECORDS = "SELECT * FROM fame.logs WHERE source_path = ? ORDER BY log_id LIMIT ?"


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
    source = file_source(path)
    examined = examine(source, reading)
    head = read_head(source, examined.encoding, HEAD_BYTES)
    if len(head) >= HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head
    with tempfile.TemporaryDirectory(prefix="fame-") as folder:
        copy = Path(folder) / Path(source.name).name
        copy.write_bytes(head)
        moment = latest_moment(source, None).timestamp()
        os.utime(copy, (moment, moment))
        copied = file_source(copy)
        report = ingest_source(warehouse, copied, replace(reading, encoding="utf-8"))
        records = warehouse.records(_RECORDS, [copied.name, most])
    return Trial(examined.format, replace(report, source_path=source.name), records)
