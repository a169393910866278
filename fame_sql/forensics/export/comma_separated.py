"""Rows as CSV that no spreadsheet calculates with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

import pyarrow as pa

from fame_sql.forensics.export.values import moment

# Spreadsheets take what begins so for a formula, which can run programs; full-width forms too.
_FORMULAS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def write(file: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Write rows under their names; text that a spreadsheet would calculate begins with ``'``."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(schema.names)
        for batch in batches:
            columns = [[_cell(value) for value in column.to_pylist()] for column in batch.columns]
            writer.writerows(zip(*columns, strict=True))
    finally:
        text.detach()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return value
