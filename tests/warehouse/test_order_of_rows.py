"""An answer depends on what the tables hold, not on the order in which they hold it.

Threads put rows into an order by chance. Where values tie, any row could then be the answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from warehouse_copy import copied_to

from fame_sql import sql
from fame_sql.operations.incidents import update
from fame_sql.sql.quoting import identifier
from fame_sql.warehouse.warehouse import Warehouse, utc_now

TIED = (
    # People disagree in one statement, so at one moment, and a log writes a level in two ways.
    "UPDATE fame.logs SET severity_text = lower(severity_text) WHERE log_id % 3 = 0",
    "INSERT INTO fame.feedback BY NAME SELECT incident_id, said > 1 AS is_anomaly, "
    "'p' || said AS author, 'because ' || said AS comment, TIMESTAMP '2026-01-01' AS created_at, "
    "true AS for_ever FROM fame.stored_incidents, range(4) AS sayings(said)",
    "INSERT INTO fame.labels SELECT log_id, event_id, NULL, said % 2 = 0, NULL, 'human', "
    "'p' || said, 'because ' || said, TIMESTAMP '2026-01-01' "
    "FROM fame.logs, range(4) AS sayings(said) WHERE log_id % 100 = 0",
)
STATEMENTS: dict[str, dict[str, Any]] = {
    "operations/feedback/last_ends": {},
    "operations/feedback/list": {"now": utc_now()},
    "operations/incidents/changes": {"number": 0},
    "forensics/line/said": {"log_id": 100, "event_id": None, "template_id": None},
}


def test_the_order_of_rows_decides_nothing(compiled: Path, tmp_path: Path) -> None:
    original = copied_to(tmp_path, compiled)
    with Warehouse.open(original) as warehouse:
        update(warehouse, utc_now())
        for statement in TIED:
            warehouse.connection.execute(statement)
        update(warehouse, utc_now())
    turned = copied_to(tmp_path, original, "turned")
    with Warehouse.open(turned) as warehouse:
        _turn(warehouse)
        found = _answers(warehouse)
    with Warehouse.open(original) as warehouse:
        expected = _answers(warehouse)
    assert expected["incident_knowledge"]
    assert expected["operations/feedback/list"]
    assert [name for name in expected if found[name] != expected[name]] == []


def _turn(warehouse: Warehouse) -> None:
    """Store the rows of each table in an order that is reversed."""
    connection = warehouse.connection
    for (name,) in warehouse.rows(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'fame' AND NOT temporary"
    ):
        table = f"fame.{identifier(name)}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE turned AS SELECT * FROM {table}")
        connection.execute(f"DELETE FROM {table}")
        connection.execute(f"INSERT INTO {table} SELECT * FROM turned ORDER BY rowid DESC")


def _answers(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each view, in an order of their own, and of statements as they come."""
    views = warehouse.rows("SELECT view_name FROM duckdb_views() WHERE schema_name = 'fame'")
    found = {
        name: warehouse.rows(f"SELECT * FROM fame.{identifier(name)} ORDER BY ALL")
        for (name,) in views
    }
    return found | {
        name: warehouse.rows(sql.load(name), facts) for name, facts in STATEMENTS.items()
    }
