"""Warehouses of earlier schemas, made with the first steps alone, with a few rows in them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from fame_sql.warehouse.connection import _create_file as create_file
from fame_sql.warehouse.connection import open_file
from fame_sql.warehouse.migrations import all_steps, apply_steps

ROWS = 100
"""Lines in such a warehouse."""

_FILL = """
INSERT INTO fame.logs (
    log_id, observed_timestamp, body, event_id, source_path, line_number, byte_offset, line_count,
    ingest_id, parser
)
SELECT i, TIMESTAMP '2026-01-01', 'line ' || i, 1, 'a.log', i, 0, 1, 1, 'text'
FROM range($rows) AS lines(i);
"""


def older_warehouse(path: Path, version: int) -> Path:
    """Make a warehouse with the schema ``version``, as the fame-sql of that time left it."""
    create_file(path)
    connection = open_file(path)
    apply_steps(connection, all_steps()[:version])
    connection.execute("DELETE FROM fame.settings")
    connection.execute(_FILL, {"rows": ROWS})
    connection.execute("CREATE TABLE own AS SELECT 42 AS answer")
    connection.close()
    return path


def warehouse_state(path: Path) -> tuple[int, int]:
    """Return the schema version and the lines of a warehouse, read with DuckDB only."""
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute(
            "SELECT max(version), (SELECT count(*) FROM fame.logs) FROM fame.schema_versions"
        ).fetchall()[0]
        assert connection.execute("SELECT answer FROM own").fetchall() == [(42,)]
    return row


def copies_of(path: Path) -> list[str]:
    """Return the names of the copies that upgrades have kept."""
    return sorted(p.name for p in path.parent.iterdir() if "before" in p.name)
