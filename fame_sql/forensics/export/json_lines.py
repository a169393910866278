"""Rows as JSON, one object a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from fame_sql.forensics.export.values import document, line


def write(file: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Write rows as objects, without what is NULL."""
    for batch in batches:
        for row in batch.to_pylist():
            file.write(line(document(row)))
