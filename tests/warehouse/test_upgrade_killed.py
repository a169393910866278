"""Upgrades that are killed leave the old or the new warehouse."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from kill_stages import upgrading_stage
from kills import Forks, kill_at_random
from older_warehouse import ROWS, copies_of, older_warehouse, warehouse_state

from fame_sql.warehouse.migrations import newest_version
from fame_sql.warehouse.upgrade import upgrade

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]

NEWEST = newest_version()


@pytest.mark.parametrize(
    ("where", "version"),
    [
        ("before the copy", 2),
        ("in the copy", 2),
        ("after the copy", 2),
        ("after the steps", 2),
        ("after the views", 2),
        ("before commit", 2),
        ("after commit", NEWEST),
    ],
)
def test_a_killed_upgrade_leaves_the_old_or_the_new_warehouse(
    forking: Forks, tmp_path: Path, where: str, version: int
) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 2)
    before = path.read_bytes()
    killed = forking.start([where, path], call="killed:upgrade")
    assert killed.wait(60) == -signal.SIGKILL, killed.said
    copies = [name for name in copies_of(path) if not name.startswith(".")]
    assert len(copies) == (where in ("before commit", "after commit"))
    for name in copies:
        assert path.with_name(name).read_bytes() == before
    assert warehouse_state(path) == (version, ROWS)
    again = upgrade(path)
    assert again.changed == (version != NEWEST)
    assert warehouse_state(path) == (NEWEST, ROWS)
    assert [name for name in copies_of(path) if name.startswith(".")] == []


def test_an_upgrade_killed_at_any_time(forking: Forks, tmp_path: Path) -> None:
    stage = upgrading_stage(older_warehouse(tmp_path / "source.duckdb", 1))
    assert kill_at_random(stage, forking, tmp_path, 4, seed=3).failed == []
