"""How far a statement is, where DuckDB does not say it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from fame_sql.warehouse import progress
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


class _Untold:
    """A connection whose statements DuckDB cannot measure."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.execute = connection.execute

    def query_progress(self) -> float:
        return -1.0


class _Counted:
    def __init__(self) -> None:
        self.done = 0

    def advance(self, amount: int = 1) -> None:
        self.done += amount


def test_a_statement_is_as_far_as_the_lines_that_fit_into_its_time(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The 4,000 lines take a tenth of a second, and the statement does not end.
    monkeypatch.setattr(progress, "READ_LINES", 40_000)
    step = _Counted()
    with Warehouse.open(compiled, read_only=True) as warehouse:
        connection: Any = _Untold(warehouse.connection)
        with statement_progress(connection, step):
            deadline = time.monotonic() + 30
            while not step.done and time.monotonic() < deadline:
                time.sleep(0.01)
            assert 0 < step.done <= 95
    assert step.done == 100
