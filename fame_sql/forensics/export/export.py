"""Writing rows of the warehouse to a file, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from string import Template
from typing import BinaryIO, TypeAlias

import pyarrow as pa

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress, Step
from fame_sql.errors import InputError
from fame_sql.files import new_file
from fame_sql.forensics.export import comma_separated, json_lines, otlp, parquet, timesketch
from fame_sql.warehouse.warehouse import Warehouse

KINDS = ("lines", "anomalies", "incidents")
"""What can be exported."""

Writer: TypeAlias = Callable[[BinaryIO, pa.Schema, Iterator[pa.RecordBatch]], None]

FORMATS: dict[str, Writer] = {
    "csv": comma_separated.write,
    "parquet": parquet.write,
    "jsonl": json_lines.write,
    "otlp": otlp.write,
    "timesketch": timesketch.write,
}
"""The formats, and what writes each."""

_ENDINGS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_VIEWS = {"lines": "fame.all_scored_logs", "anomalies": "fame.anomalies"}
_BATCH = 10_000


def format_of(path: Path) -> str:
    """Return the format that the ending of a file's name stands for.

    Raises
    ------
    InputError
        If it stands for none.
    """
    found = _ENDINGS.get(path.suffix.lower())
    if found is None:
        raise InputError(
            f"{path.name} does not say its format: end it in {', '.join(_ENDINGS)}, or give "
            f"--format {' or '.join(FORMATS)}"
        )
    return found


def export(
    warehouse: Warehouse,
    kind: str,
    path: Path,
    format: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write lines, anomalies or incidents to a file, in full or not at all.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse.
    kind : str
        One of :data:`KINDS`.
    path : Path
        The file.
    format : str
        One of :data:`FORMATS`.
    since, until : datetime, optional
        Only what is in this range of time, without its end; incidents that touch it.
    force : bool
        Replace a file that exists.
    progress : Progress, optional
        Where to report how far it is.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    InputError
        If the file exists and is not to be replaced, or cannot be written.
    """
    bounds = {"since": since, "until": until}
    total = int(warehouse.value(_statement(kind, "count_"), bounds) or 0)
    with (
        (progress or SilentProgress()).step(f"exporting {kind}", total) as step,
        new_file(path, force=force) as file,
    ):
        relation = warehouse.connection.sql(_statement(kind), params=bounds)
        reader = relation.to_arrow_reader(_BATCH)
        FORMATS[format](file, reader.schema, _advancing(reader, step))
    return total


def _statement(kind: str, prefix: str = "") -> str:
    """Return the statement of a kind; anomalies are the lines of another view."""
    if kind not in _VIEWS:
        return sql.load(f"forensics/export/{prefix}{kind}")
    statement = Template(sql.load(f"forensics/export/{prefix}lines"))
    return statement.safe_substitute(relation=_VIEWS[kind])


def _advancing(reader: pa.RecordBatchReader, step: Step) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        yield batch
        step.advance(batch.num_rows)
