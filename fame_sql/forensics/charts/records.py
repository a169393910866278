"""The data of a chart: rows of a relation or a table, as Vega-Lite reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fame_sql.console import printable

Table = Any
"""A DuckDB relation, an Arrow table, a data frame, or dictionaries."""


def records(table: Table) -> list[dict[str, Any]]:
    """Return the rows of a table, with times as text in UTC and text without control characters.

    Parameters
    ----------
    table : relation, table or iterable of dict
        Anything that Arrow reads, or dictionaries.
    """
    return [{name: _plain(value) for name, value in row.items()} for row in rows(table)]


def rows(table: Table) -> Iterable[Mapping[str, Any]]:
    """Return the rows of a table with the values as they are."""
    if not hasattr(table, "__arrow_c_stream__"):
        return list(table)
    import pyarrow as pa

    found: list[dict[str, Any]] = pa.table(table).to_pylist()
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat() + "T00:00:00Z"
    if isinstance(value, Decimal):
        return float(value)
    return printable(value).replace("\n", " ") if isinstance(value, str) else value
