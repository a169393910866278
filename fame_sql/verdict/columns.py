"""The columns of a verdict by name, and their types in Arrow and Spark."""

from __future__ import annotations

from typing import get_type_hints

import pyarrow as pa

from fame_sql.verdict.verdict import Column, Verdict

_ARROW = {"DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "VARCHAR": pa.string()}
_SPARK = {"DOUBLE": "double", "BOOLEAN": "boolean", "VARCHAR": "string"}

COLUMNS: dict[str, Column] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Verdict, include_extras=True).items()
}
"""The columns of a verdict, in the order of every table and view."""

STORED = tuple(
    name for name, column in COLUMNS.items() if column.stored and name != "model_version"
)
"""The columns of ``fame.scores`` other than the keys ``model_version`` and ``event_id``."""

ARROW_FIELDS = tuple((name, _ARROW[column.kind]) for name, column in COLUMNS.items())
"""Name and Arrow type of each column."""

ARROW_STRUCT = pa.struct(ARROW_FIELDS)
"""A verdict as one Arrow value."""

SPARK_TYPES = {name: _SPARK[column.kind] for name, column in COLUMNS.items()}
"""Spark's type of each column."""
