"""Estimate how long an upgrade takes and how much disk it needs, before it begins.

A step counts as rewriting every table that its statements name and that exists: an upper bound.
The speeds are cautious: they were measured on two cores under load, with a table of ten million
rows (``ALTER TABLE ... ADD COLUMN`` took 1.6 to 2.3 s, an ``UPDATE`` of every row 24 to 27 s, the
copy of its file 100 to 290 MB per second).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import duckdb

from fame_sql import sql
from fame_sql.warehouse.migrations import SchemaStep

if TYPE_CHECKING:
    from sqlglot import exp

COPIED_BYTES = 100_000_000
"""Bytes of a file that are copied in a second."""
ALTERED_ROWS = 4_000_000
"""Rows of a table that ``ALTER TABLE`` takes a second for."""
CHANGED_ROWS = 350_000
"""Rows that other statements write in a second."""


def rewritten_bytes(connection: duckdb.DuckDBPyConnection, steps: Sequence[SchemaStep]) -> int:
    """Return the size of the tables that steps change: at most this much is written beside them."""
    return sum(size for _, _, size in _changes(connection, steps))


def step_seconds(connection: duckdb.DuckDBPyConnection, steps: Sequence[SchemaStep]) -> float:
    """Return about how many seconds steps take."""
    return sum(
        rows / (ALTERED_ROWS if alters else CHANGED_ROWS)
        for alters, rows, _ in _changes(connection, steps)
    )


def copy_seconds(size: int) -> float:
    """Return about how many seconds the copy of a file of ``size`` bytes takes."""
    return size / COPIED_BYTES


def _changes(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[SchemaStep]
) -> Iterator[tuple[bool, int, int]]:
    """Yield, for each statement and table: whether it is ALTER TABLE, the rows and the bytes."""
    from sqlglot import exp

    existing = {row[0] for row in connection.execute(sql.load("warehouse/tables")).fetchall()}
    for statement in statements_of(steps):
        named = {table.name for table in statement.find_all(exp.Table) if table.db == "fame"}
        for table in sorted(named & existing):
            rows, size = _size(connection, table)
            yield isinstance(statement, exp.Alter), rows, size


def statements_of(steps: Sequence[SchemaStep]) -> list[exp.Expr]:
    """Return the parsed statements of steps."""
    import sqlglot

    texts = [sql.load(step.file) for step in steps]
    return [one for text in texts for one in sqlglot.parse(text, dialect="duckdb") if one]


def _size(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    rows, size = connection.execute(
        sql.load("warehouse/table_size"), {"table_name": table, "qualified_name": f"fame.{table}"}
    ).fetchall()[0]
    return int(rows), int(size)
