"""The rows of an answer as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pyarrow as pa

from fame_sql.serve.sql.running import Answer


def as_json(answer: Answer) -> bytes:
    """Return an answer as a JSON object with its columns, rows, and whether there are more."""
    table = answer.table
    columns = [
        {"name": name, "type": kind}
        for name, kind in zip(table.column_names, answer.types, strict=True)
    ]
    values = [_plain_column(column) for column in table.columns]
    rows = list(zip(*values, strict=True)) if values else []
    found = {"columns": columns, "rows": rows, "more_rows": answer.is_cut}
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")


def _plain_column(column: pa.ChunkedArray) -> list[object]:
    values: list[object] = column.to_pylist()
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return values
    return [_plain(value) for value in values]


def _plain(value: object) -> object:
    """Return a value as JSON has it; a number that JSON does not have is its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    for kind, convert in _CONVERTED:
        if isinstance(value, kind):
            return convert(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


_CONVERTED: tuple[tuple[type | tuple[type, ...], Callable[..., object]], ...] = (
    ((datetime, date, time), lambda value: value.isoformat()),
    (Decimal, float),
    (bytes, bytes.hex),
    ((UUID, timedelta), str),
)
