"""Statistics of tables that hold nothing, which DuckLake 1.0 asks the catalogue for over and over.

It keeps what it has read of a table's statistics while a statement is planned, unless it found
none: then it asks again at each look. A view over a few empty tables took hundreds of questions.
"""

from __future__ import annotations

import duckdb

from fame_sql import sql
from fame_sql.sql.quoting import identifier


def give_statistics(connection: duckdb.DuckDBPyConnection) -> None:
    """Let every table of a lake have statistics, inside the caller's transaction.

    A row that comes and goes in one transaction leaves them, and nothing else.
    """
    for name, columns, values in connection.execute(sql.load("warehouse/lake/any_row")).fetchall():
        table = f"fame.{identifier(name)}"
        if not connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall():
            connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")
            connection.execute(f"DELETE FROM {table}")
