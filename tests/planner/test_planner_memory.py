from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql import models
from fame_sql.planner import make_plan
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

ROWS = 600_000


@pytest.mark.slow
def test_a_table_larger_than_memory_is_planned_and_scored(compiled: Path, tmp_path: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        folder = models.champion(warehouse).folder
    with duckdb.connect(str(tmp_path / "large.duckdb")) as own:
        fame_sql.register(own, model=folder)
        # Each thread takes some of the memory.
        own.execute("SET memory_limit = '200MB'; SET threads = 2")
        own.execute("SET preserve_insertion_order = false")
        own.execute(
            "CREATE TABLE lines AS SELECT repeat(md5(i::VARCHAR) || ' disk ', 10) || i % 9 AS line "
            f"FROM range({ROWS}) t(i)"
        )
        statement = "SELECT count(*), count(fame_score(line)) FROM lines"
        plan = make_plan(own, statement)
        assert [call.answered_by for call in plan.calls] == ["message"]
        assert plan.calls[0].bytes_needed > 200_000_000
        assert own.execute(plan.statement).fetchall() == [(ROWS, ROWS)]
        release(own)
