"""Loading a stream that can be read only once, such as a pipe."""

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
"""The source name of rows from standard input."""


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
    """Load the lines of a stream that are not in the warehouse yet.

    The stream is copied to a temporary file first, because it is read more than once: to detect
    its format, and to check whether its beginning was loaded before.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse to load into.
    stream : file of bytes
        Text, plain or compressed.
    format, encoding, year, join_lines, progress
        As for :func:`~fame_sql.ingest.ingest_file`. Without ``year``, timestamps without a year
        are in the last twelve months.

    Returns
    -------
    IngestReport
        The report of the load.

    Raises
    ------
    InputError
        If the stream cannot be used. The warehouse is unchanged then.
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
