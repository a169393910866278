"""Empty tables have statistics: DuckLake asks the catalogue for missing ones over and over."""

from __future__ import annotations

from pathlib import Path

from fame_sql.warehouse.warehouse import Warehouse

_LACKING = """
SELECT table_name
FROM __ducklake_metadata_mine.ducklake_table
ANTI JOIN __ducklake_metadata_mine.ducklake_table_stats USING (table_id)
"""


def test_every_table_of_a_new_lake_has_statistics_and_nothing_in_it(file_lake: Path) -> None:
    with Warehouse.open(file_lake) as warehouse:
        assert warehouse.rows(_LACKING) == []
        for table in ("answers", "feedback", "stored_incidents", "event_rows", "logs"):
            assert warehouse.rows(f"FROM fame.{table}") == []
