"""A source that can be read only once: what a pipe gives."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import IO

from fame_sql.console import Progress
from fame_sql.ingest.ingest import ingest_file
from fame_sql.ingest.report import IngestReport
from fame_sql.warehouse.warehouse import Warehouse

NAME = "-"
"""What rows from standard input name as their source."""


def ingest_stream(
    warehouse: Warehouse,
    stream: IO[bytes],
    *,
    format: str = "auto",
    encoding: str | None = None,
    year: int | None = None,
    join_lines: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Load the lines that a stream gives and the warehouse does not hold yet.

    The stream is first copied into a temporary file, for it is looked at more than once: to see
    its format, and whether its beginning was loaded before.

    Parameters
    ----------
    warehouse : Warehouse
        Where they go.
    stream : file of bytes
        Text, plain or packed.
    format, encoding, year, join_lines, progress
        As for :func:`~fame_sql.ingest.ingest_file`; without ``year``, lines whose clock has none
        are of the last twelve months.

    Returns
    -------
    IngestReport
        What was added.

    Raises
    ------
    InputError
        If what it gives cannot be used; the warehouse is then as it was.
    """
    with tempfile.TemporaryDirectory(prefix="fame-") as folder:
        copy = Path(folder) / "standard-input"
        with copy.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
        return ingest_file(
            warehouse,
            copy,
            format=format,
            encoding=encoding,
            year=year,
            join_lines=join_lines,
            source_path=NAME,
            progress=progress,
        )
