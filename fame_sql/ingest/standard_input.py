"""Loading a stream that can be read only once, such as a pipe."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO

from fame_sql.console import Progress
from fame_sql.ingest.expansion import standard_input
from fame_sql.ingest.ingest import ingest_source
from fame_sql.ingest.reading import Reading
from fame_sql.ingest.report import IngestReport
from fame_sql.warehouse.warehouse import Warehouse


def ingest_stream(
    warehouse: Warehouse,
    stream: IO[bytes],
    *,
    format: str = "auto",
    encoding: str | None = None,
    year: int | None = None,
    join_lines: bool = False,
    source: str | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Load the lines of a stream that are not in the warehouse yet.

    The stream is copied first, because it is read more than once: to detect its format, and to
    check whether its beginning was loaded before.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse to load into.
    stream : file of bytes
        Text, plain or compressed.
    format, encoding, year, join_lines, source
        As for :func:`~fame_sql.ingest.ingest_file`. Without ``year``, timestamps without a year
        are in the last twelve months.
    progress : Progress, optional
        Receives the progress by bytes.

    Returns
    -------
    IngestReport
        The report of the load.

    Raises
    ------
    InputError
        If the stream cannot be used. The warehouse is unchanged then.
    """
    reading = Reading(format, encoding, year, join_lines, source)
    with tempfile.TemporaryDirectory(prefix="fame-") as folder:
        found = standard_input(stream, Path(folder), source)
        return ingest_source(warehouse, found, reading, progress=progress)
