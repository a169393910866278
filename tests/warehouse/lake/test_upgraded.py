"""A lake of an older fame-sql that many open at once: one upgrades it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Event

import duckdb
import pytest
from at_once import at_once

from fame_sql.warehouse import migrations, upgrade
from fame_sql.warehouse.migrations import SchemaStep, all_steps
from fame_sql.warehouse.warehouse import Warehouse

_ADDED = "ALTER TABLE fame.turns ADD COLUMN made VARCHAR"


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let this fame-sql have one more step, and return its number."""
    steps, statements = all_steps(), migrations._statements
    more = SchemaStep(steps[-1].number + 1, steps[-1].file)

    def with_one_more(connection: duckdb.DuckDBPyConnection, step: SchemaStep) -> list[str]:
        return [_ADDED] if step == more else statements(connection, step)

    monkeypatch.setattr(migrations, "all_steps", lambda: [*steps, more])
    monkeypatch.setattr(migrations, "_statements", with_one_more)
    return more.number


@pytest.mark.parametrize("late", [False, True])
def test_one_of_many_upgrades_a_lake(
    lake: Path, newer: int, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, is_done = Barrier(3), Event()
    change: Callable[..., None] = upgrade._change

    def at_one_moment(*arguments: object) -> None:
        """Begin when all have seen what is missing, and the others after the first if late."""
        if together.wait(60) and late:
            is_done.wait(60)
        change(*arguments)
        is_done.set()

    monkeypatch.setattr(upgrade, "_change", at_one_moment)
    at_once(lambda _: Warehouse.open(lake).close(), 3)
    with Warehouse.open(lake, read_only=True) as warehouse:
        assert warehouse.rows("SELECT made FROM fame.turns") == [(None,)]
        versions = warehouse.rows("SELECT version FROM fame.schema_versions ORDER BY ALL")
    assert versions == [(number,) for number in range(1, newer + 1)]
    assert [*lake.parent.glob("*before*")] == []
