"""A lake that an older fame-sql made."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.warehouse import migrations
from fame_sql.warehouse.lake.address import parse_address
from fame_sql.warehouse.lake.opening import create_lake
from fame_sql.warehouse.warehouse import Warehouse


def test_an_older_lake_is_upgraded_by_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAME_HOME", str(tmp_path / "home"))
    steps, address = migrations.all_steps(), f"ducklake:{tmp_path}/old.ducklake"
    create_lake(parse_address(address, str(tmp_path / "data")))
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "all_steps", lambda: steps[:3])
        patch.setattr("fame_sql.warehouse.upgrade.define", lambda _: None)
        Warehouse.open(address, create=True).close()
    run, there = CliRunner(), ["--warehouse", address]
    asked = run.invoke(main, ["query", "SELECT 1", *there])
    assert f"'fame upgrade --warehouse {address}'" in asked.output
    planned = run.invoke(main, ["upgrade", "--dry-run", *there])
    assert (planned.exit_code, "nothing was changed" in planned.output) == (0, True), planned.output
    done = run.invoke(main, ["upgrade", *there])
    assert f"from schema {steps[2].number} to {steps[-1].number}" in done.output
    assert "a lake keeps what it was" in done.output
    with Warehouse.open(address, read_only=True) as warehouse:
        was = "SELECT max(version) FROM fame.schema_versions AT (VERSION => {})"
        [(first,)] = warehouse.rows("SELECT min(snapshot_id) FROM ducklake_snapshots('old')")
        found = {warehouse.value(was.format(first + back)) for back in (2, 1)}
        assert steps[2].number in found
    looked = run.invoke(main, ["doctor", *there])
    assert (looked.exit_code, "nothing is wrong" in looked.output) == (0, True), looked.output
