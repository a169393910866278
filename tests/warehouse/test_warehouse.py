from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from holding import holder
from kills import Forks

from fame_sql import sql
from fame_sql.canonical.canonical import default_recipe
from fame_sql.errors import WarehouseError
from fame_sql.warehouse.definitions import PUBLIC_VIEWS
from fame_sql.warehouse.warehouse import Warehouse


def test_a_new_warehouse_has_the_schema_and_the_masks(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "new.duckdb", create=True) as warehouse:
        versions = warehouse.rows("SELECT version FROM fame.schema_versions ORDER BY version")
        assert [row[0] for row in versions] == list(
            range(1, len(sql.names("warehouse/schema")) + 1)
        )
        assert warehouse.recipe().masks == default_recipe().masks
        for view in PUBLIC_VIEWS:
            assert warehouse.rows(f"SELECT * FROM main.{view}") == []


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new.duckdb"
    Warehouse.open(path, create=True).close()
    before = path.read_bytes()
    Warehouse.open(path).close()
    assert path.read_bytes() == before


def test_the_storage_version_is_one_that_duckdb_1_reads(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "new.duckdb", create=True) as warehouse:
        tags = warehouse.value("SELECT tags FROM duckdb_databases() WHERE database_name = 'new'")
        assert tags["storage_version"].startswith("v1.3")


def test_the_file_may_be_renamed(copied: Path) -> None:
    renamed = copied.rename(copied.with_name("renamed.duckdb"))
    with Warehouse.open(renamed, read_only=True) as warehouse:
        assert warehouse.value("SELECT count(*) FROM anomalies") > 0
        assert warehouse.value("SELECT fame.score(body) FROM logs LIMIT 1") is not None


def test_an_older_schema_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    duckdb.connect(str(path)).close()
    with Warehouse.open(path) as warehouse:
        assert warehouse.value("SELECT count(*) FROM fame.masks") > 0


def test_views_of_another_version_are_redefined(copied: Path) -> None:
    with Warehouse.open(copied) as warehouse:
        warehouse.connection.execute("CREATE OR REPLACE VIEW fame.anomalies AS SELECT 1 AS one")
        warehouse.connection.execute(
            "UPDATE fame.settings SET value = 'x' WHERE key = 'definitions'"
        )
    with Warehouse.open(copied, read_only=True) as warehouse:
        assert warehouse.rows("SELECT * FROM fame.anomalies") == [(1,)]
    with Warehouse.open(copied) as warehouse:
        assert warehouse.value("SELECT count(score) FROM fame.anomalies") > 0


def test_an_older_schema_is_not_migrated_by_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(WarehouseError, match=r"holds no warehouse.*'fame ingest LOGFILE"):
        Warehouse.open(path, read_only=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA fame")
        connection.execute("CREATE TABLE fame.schema_versions AS SELECT 1 AS version")
    with pytest.raises(WarehouseError, match="another version of fame-sql"):
        Warehouse.open(path, read_only=True)


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.duckdb"
    with Warehouse.open(path, create=True) as warehouse:
        warehouse.connection.execute("INSERT INTO fame.schema_versions VALUES (99, 'x', now())")
    before = path.read_bytes()
    with pytest.raises(WarehouseError, match=r"schema 99.*newer fame-sql.*upgrade"):
        Warehouse.open(path)
    assert path.read_bytes() == before


def test_a_users_own_table_called_logs_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "own.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE logs AS SELECT 42 AS mine")
    with Warehouse.open(path) as warehouse:
        assert warehouse.rows("SELECT mine FROM logs") == [(42,)]
        assert warehouse.rows("SELECT * FROM fame.logs") == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.duckdb", "no warehouse at .*fame ingest"),
        ("fame.duckdb", "cannot be called fame.duckdb"),
        ("folder", "is a folder"),
        ("text.duckdb", "not a DuckDB file"),
    ],
)
def test_files_that_cannot_be_opened(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.duckdb").write_text("not a database\n" * 1000)
    with pytest.raises(WarehouseError, match=message):
        Warehouse.open(tmp_path / name)


def test_a_warehouse_in_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="does not exist"):
        Warehouse.open(tmp_path / "no" / "new.duckdb", create=True)


def test_a_path_with_quotes(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "it's.duckdb", create=True) as warehouse:
        assert warehouse.value("SELECT count(*) FROM fame.logs") == 0


HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_warehouse_that_another_process_has_open(copied: Path) -> None:
    process = holder(HOLD, str(copied))
    try:
        with pytest.raises(WarehouseError, match=rf"held by process {process.pid}"):
            Warehouse.open(copied)
    finally:
        process.communicate()


def test_a_killed_process_leaves_a_warehouse_that_opens(forking: Forks, tmp_path: Path) -> None:
    # DuckDB 1.5 cannot replay a comment on a column of fame.feedback from its write-ahead log.
    path = tmp_path / "killed.duckdb"
    assert forking.start([path], call="killed:setting").wait(60) == -9
    assert path.with_name("killed.duckdb.wal").exists()
    with Warehouse.open(path) as warehouse:
        assert warehouse.rows("SELECT value FROM fame.settings WHERE key = 'a'") == [("b",)]


def test_a_transaction_that_fails_leaves_nothing(empty: Warehouse) -> None:
    def fail_midway() -> None:
        with empty.transaction():
            empty.connection.execute("INSERT INTO fame.settings VALUES ('a', 'b')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_midway()
    assert empty.rows("SELECT * FROM fame.settings WHERE key = 'a'") == []


def test_a_damaged_block_is_not_taken_for_a_lock(newborn: Path, tmp_path: Path) -> None:
    damaged = bytearray(newborn.read_bytes())
    damaged[4200] ^= 1
    path = tmp_path / "w.duckdb"
    path.write_bytes(damaged)
    with pytest.raises(WarehouseError, match=r"is damaged .*block.*: put back a copy"):
        Warehouse.open(path, read_only=True)
