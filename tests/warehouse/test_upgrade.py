"""Upgrades from every earlier schema: dry run, backup, restoring it, killed processes."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from older_warehouse import ROWS, copies_of, older_warehouse, warehouse_state

import fame_sql
from fame_sql import sql
from fame_sql.cli import main
from fame_sql.errors import WarehouseError
from fame_sql.warehouse import settings
from fame_sql.warehouse.estimate import statements_of
from fame_sql.warehouse.migrations import all_steps, newest_version
from fame_sql.warehouse.upgrade import upgrade
from fame_sql.warehouse.warehouse import Warehouse

NEWEST = newest_version()
EARLIER = list(range(1, NEWEST))


def _fame(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.any_duckdb
@pytest.mark.parametrize("version", EARLIER[1:-1])
def test_every_earlier_schema_is_upgraded(tmp_path: Path, version: int) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", version)
    upgrade(path)
    assert warehouse_state(path) == (NEWEST, ROWS)
    with Warehouse.open(path) as warehouse:
        assert warehouse.value("SELECT count(*) FROM scored_logs") == ROWS


@pytest.mark.slow
@pytest.mark.parametrize("version", [EARLIER[0], EARLIER[-1]])
def test_an_earlier_schema_is_upgraded_and_can_go_back(tmp_path: Path, version: int) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", version)
    before = path.read_bytes()

    dry_run = _fame("upgrade", "--dry-run", "--warehouse", path)
    assert dry_run.exit_code == 0, dry_run.output
    shown = re.findall(r"schema step (\d+) +(\w+)", dry_run.output)
    assert shown == [(str(s.number), s.name) for s in all_steps() if s.number > version]
    assert f"has schema {version}, this fame-sql uses schema {NEWEST}" in dry_run.output
    assert "rows per second" in dry_run.output
    assert path.read_bytes() == before
    assert copies_of(path) == []

    done = _fame("upgrade", "--warehouse", path)
    assert done.exit_code == 0, done.output
    assert f"upgraded from schema {version} to {NEWEST}" in done.output
    copy = path.with_name(f"w.duckdb.before-schema-{NEWEST}")
    assert copies_of(path) == [copy.name]
    assert copy.read_bytes() == before
    assert warehouse_state(path) == (NEWEST, ROWS)
    with Warehouse.open(path) as warehouse:
        assert warehouse.value("SELECT count(*) FROM scored_logs") == ROWS
    assert f"{path} is up to date" in _fame("upgrade", "--warehouse", path).output

    command = re.findall(r"run: (mv .*)", done.output)[0]
    subprocess.run(command, shell=True, check=True)
    assert path.read_bytes() == before
    assert warehouse_state(path) == (version, ROWS)


@pytest.mark.any_duckdb
@pytest.mark.slow
@pytest.mark.parametrize("version", [EARLIER[0], EARLIER[-1]])
def test_opening_for_writing_upgrades_and_announces_the_copy(
    tmp_path: Path, version: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", version)
    program = f"from fame_sql import connect; connect({str(path)!r}).close()"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"was upgraded from schema {version} to {NEWEST}; it is kept as it was" in done.stderr
    assert f"mv {shlex.join([f'{path}.before-schema-{NEWEST}', str(path)])}" in done.stderr
    assert warehouse_state(path) == (NEWEST, ROWS)


def test_views_are_redefined_without_a_copy(
    empty: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    settings.write(empty.connection, settings.DEFINITIONS, "of another version")
    empty.close()
    dry_run = _fame("upgrade", "--dry-run", "--warehouse", empty.path).output
    assert "fame.scored_logs" in dry_run
    assert "schema step" not in dry_run
    assert re.search(r"copy of the file +0\.0 MB", dry_run)
    Warehouse.open(empty.path).close()
    assert copies_of(empty.path) == []
    assert caplog.messages == []


def test_a_new_warehouse_is_created_without_a_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with duckdb.connect(str(tmp_path / "own.duckdb")) as connection:
        connection.execute("CREATE TABLE own AS SELECT 42 AS answer")
    Warehouse.open(tmp_path / "own.duckdb").close()
    Warehouse.open(tmp_path / "new.duckdb", create=True).close()
    assert [p for p in tmp_path.iterdir() if "before" in p.name] == []
    assert caplog.messages == []


def test_no_backup_keeps_no_copy(tmp_path: Path) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 1)
    done = _fame("upgrade", "--no-backup", "--warehouse", path)
    assert "no copy was kept" in done.output
    assert copies_of(path) == []
    assert warehouse_state(path) == (NEWEST, ROWS)


def test_an_existing_copy_is_never_replaced(tmp_path: Path) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 2)
    kept = path.with_name(f"w.duckdb.before-schema-{NEWEST}")
    kept.write_text("mine")
    assert upgrade(path).copy == kept.with_name(f"{kept.name}-2")
    assert kept.read_text() == "mine"


def test_the_report_as_json(tmp_path: Path) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 3)
    plan = json.loads(_fame("upgrade", "--dry-run", "--json", "--warehouse", path).output)
    assert plan["steps"] == [[step.number, step.name] for step in all_steps()[3:]]
    assert plan["copy_bytes"] == path.stat().st_size
    assert plan["fits"] is True
    report = json.loads(_fame("upgrade", "--json", "--warehouse", path).output)
    assert (report["before"], report["after"]) == (3, NEWEST)
    assert report["copy"] == f"{path}.before-schema-{NEWEST}"


def test_the_changes_of_a_step_are_estimated_from_the_tables(tmp_path: Path) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 1)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "INSERT INTO fame.llm_calls BY NAME SELECT i::VARCHAR AS request_hash, 's' AS stage, "
            "'1' AS prompt_version, 'm' AS model, '{}' AS request, now() AS created_at "
            "FROM range(300000) AS calls(i)"
        )
    plan = json.loads(_fame("upgrade", "--dry-run", "--json", "--warehouse", path).output)
    assert plan["rewritten_bytes"] > 1_000_000
    assert plan["seconds"] > plan["copy_bytes"] / 1e8


def test_too_little_disk_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 2)
    before = path.read_bytes()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=path.stat().st_size - 1))
    assert "too little" in _fame("upgrade", "--dry-run", "--warehouse", path).output
    with pytest.raises(WarehouseError, match="free some room, or run 'fame upgrade --no-backup"):
        Warehouse.open(path)
    assert path.read_bytes() == before
    assert copies_of(path) == []
    assert _fame("upgrade", "--no-backup", "--warehouse", path).exit_code == 0


def test_a_step_that_fails_leaves_the_warehouse_and_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 3)

    def fail(_: object) -> None:
        raise duckdb.ConstraintException("no")

    monkeypatch.setattr("fame_sql.warehouse.upgrade.define", fail)
    with pytest.raises(WarehouseError, match="cannot be upgraded, and is as it was: no"):
        upgrade(path)
    assert warehouse_state(path) == (3, ROWS)
    assert copies_of(path) == []


def test_a_copy_that_cannot_be_made_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 3)
    monkeypatch.setattr("fame_sql.warehouse.backup._COPY", "import sys; sys.exit('no')")
    with pytest.raises(WarehouseError, match=r"cannot be copied .* and is as it was: no"):
        upgrade(path)
    assert warehouse_state(path) == (3, ROWS)
    assert copies_of(path) == []


def test_lines_in_the_write_ahead_log_are_in_the_copy(tmp_path: Path) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 4)
    program = f"""
        import duckdb, os
        connection = duckdb.connect({str(path)!r})
        connection.execute("INSERT INTO fame.logs SELECT * FROM fame.logs")
        os._exit(0)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)
    assert path.with_name("w.duckdb.wal").exists()
    copy = upgrade(path).copy
    assert copy is not None
    assert warehouse_state(copy) == (4, 2 * ROWS)
    assert warehouse_state(path) == (NEWEST, 2 * ROWS)


def test_no_other_process_can_open_the_warehouse_after_the_copy(tmp_path: Path) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 4)
    with Warehouse.open(path) as warehouse:
        assert len(copies_of(path)) == 1
        program = f"import duckdb; duckdb.connect({str(warehouse.path)!r})"
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "lock" in other.stderr


def test_a_newer_warehouse_names_the_version_it_needs(empty: Warehouse) -> None:
    empty.connection.execute("INSERT INTO fame.schema_versions VALUES (99, 'x', now())")
    settings.write(empty.connection, settings.NEEDED_VERSION, "7.1.0")
    empty.close()
    message = r"schema 99, .*takes fame-sql 7\.1\.0 or newer.*install --upgrade 'fame-sql>=7\.1\.0'"
    for open_ in (Warehouse.open, fame_sql.connect, upgrade):
        with pytest.raises(WarehouseError, match=message):
            open_(empty.path)


def test_an_invalid_needed_version_is_not_shown(empty: Warehouse) -> None:
    empty.connection.execute("INSERT INTO fame.schema_versions VALUES (99, 'x', now())")
    settings.write(empty.connection, settings.NEEDED_VERSION, "1'; rm -rf ~")
    empty.close()
    with pytest.raises(WarehouseError, match="takes a newer version") as raised:
        Warehouse.open(empty.path)
    assert "rm" not in str(raised.value)


def test_an_upgraded_warehouse_stores_the_version_it_needs(tmp_path: Path) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 1)
    with Warehouse.open(path) as warehouse:
        needed = settings.read(warehouse.connection, settings.NEEDED_VERSION)
    assert needed == all_steps()[-1].since


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_every_step_has_a_version_and_an_estimate(step) -> None:
    assert sql.load(step.file).startswith(f"-- Since fame-sql {step.since}.\n")
    assert [int(n) for n in step.since.split(".")] <= [
        int(n) for n in fame_sql.__version__.split(".")
    ]
    assert {type(one).__name__ for one in statements_of([step])} <= {"Create", "Alter"}


def test_a_database_that_is_not_a_warehouse_is_not_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "own.duckdb"
    duckdb.connect(str(path)).close()
    for words in ([], ["--dry-run"]):
        done = _fame("upgrade", *words, "--warehouse", path)
        assert done.exit_code == 1
        assert "holds no warehouse" in done.output


def test_a_reader_is_dry_run_to_upgrade(tmp_path: Path) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 2)
    with pytest.raises(WarehouseError, match="run 'fame upgrade --warehouse"):
        Warehouse.open(path, read_only=True)
    assert copies_of(path) == []
