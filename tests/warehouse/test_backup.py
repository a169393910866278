from __future__ import annotations

import os
import random
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from holding import holder

from fame_sql.cli import main
from fame_sql.errors import InputError, WarehouseError
from fame_sql.models import load_champion
from fame_sql.warehouse.backup import back_up
from fame_sql.warehouse.warehouse import Warehouse

WRITE = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""
READ = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
print("held", flush=True)
sys.stdin.read()
"""
DATA_FILES = ["logs.csv", "LOGS.PARQUET", "logs.json", "logs.duckdb.gz"]


def invoke(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def _nothing_is_wrong(warehouse: Path) -> None:
    code, said = invoke("doctor", "--deep", "--warehouse", warehouse)
    assert (code, said.splitlines()[0]) == (0, "nothing is wrong")


def test_a_backup_is_the_warehouse_with_its_models(copied: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    target = tmp_path / "kept" / "monday.duckdb"
    process = holder(READ, str(copied))
    try:
        made = back_up(copied, target)
    finally:
        process.communicate()
    assert made.models == tmp_path / "kept" / "monday.models"
    with Warehouse.open(copied, read_only=True) as one, Warehouse.open(target) as other:
        for table in ("fame.logs", "fame.events", "fame.scores", "fame.labels"):
            statement = f"SELECT bit_xor(hash(t)), count(*) FROM {table} AS t"
            assert one.rows(statement) == other.rows(statement)
        assert load_champion(other).version == load_champion(one).version
    assert sorted(p.name for p in target.parent.iterdir()) == ["monday.duckdb", "monday.models"]


def test_what_lies_in_the_write_ahead_log_is_in_the_backup(copied: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(copied)) as connection:
        connection.execute("SET wal_autocheckpoint = '1GB'; PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("INSERT INTO fame.settings VALUES ('noted', 'yes')")
    assert copied.with_name(f"{copied.name}.wal").stat().st_size
    target = tmp_path / "copy.duckdb"
    back_up(copied, target)
    with Warehouse.open(target, read_only=True) as opened:
        assert opened.rows("SELECT value FROM fame.settings WHERE key = 'noted'") == [("yes",)]


def test_a_backup_replaces_nothing_unless_forced(copied: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.duckdb"
    target.write_text("mine")
    with pytest.raises(InputError, match="--force"):
        back_up(copied, target)
    assert target.read_text() == "mine"
    assert invoke("backup", target, "--force", "--warehouse", copied)[0] == 0
    _nothing_is_wrong(target)


def test_a_warehouse_that_is_being_written_is_not_copied(copied: Path, tmp_path: Path) -> None:
    process = holder(WRITE, str(copied))
    try:
        with pytest.raises(WarehouseError, match=f"held by process {process.pid}"):
            back_up(copied, tmp_path / "copy.duckdb")
    finally:
        process.communicate()
    assert not (tmp_path / "copy.duckdb").exists()


def test_a_backup_never_touches_the_models_of_another_warehouse(
    copied: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.models" / "kept"
    other.mkdir(parents=True)
    with pytest.raises(WarehouseError, match=r"other\.models exists"):
        back_up(copied, tmp_path / "other.duckdb")
    with pytest.raises(WarehouseError, match="would share the folder"):
        back_up(copied, copied.with_suffix(".bak"), force=True)
    assert other.is_dir()
    _nothing_is_wrong(copied)


@pytest.mark.parametrize("name", DATA_FILES)
def test_a_name_that_duckdb_takes_for_data(tmp_path: Path, name: str) -> None:
    with pytest.raises(WarehouseError, match=r"takes a file of that name for data"):
        Warehouse.open(tmp_path / name, create=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PAR1" * 8, b"SQLite format 3\0" * 4])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.duckdb"
    path.write_bytes(content)
    with pytest.raises(WarehouseError, match="is not a DuckDB file"):
        Warehouse.open(path, create=True)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["md:logs", "sqlite:logs.db", "https://host/logs.duckdb"])
def test_a_name_that_duckdb_takes_for_another_kind_of_database(name: str) -> None:
    with pytest.raises(WarehouseError, match=r"takes '[a-z]+:' for another kind of database"):
        Warehouse.open(Path(name), create=True)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.duckdb")
    with pytest.raises(WarehouseError, match="is not a DuckDB file"):
        Warehouse.open(tmp_path / "pipe.duckdb", create=True)


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_a_flipped_bit_is_one_line(copied: Path) -> None:
    whole, places, found = copied.read_bytes(), random.Random(7), 0
    for _ in range(25):
        damaged = bytearray(whole)
        damaged[places.randrange(len(whole))] ^= 1 << places.randrange(8)
        copied.write_bytes(damaged)
        for command in (["doctor", "--deep"], ["status"], ["query", "FROM fame.verdicts"]):
            code, output = invoke(*command, "--warehouse", copied)
            said = output.startswith("Error: ") or "\n  mend it with: " in output
            assert code == 0 or said, output
            assert "Traceback" not in output
            found += "fame backup" in output
    assert found > 20


@pytest.mark.slow
@pytest.mark.any_duckdb
def test_a_changed_model_is_found(copied: Path) -> None:
    with Warehouse.open(copied, read_only=True) as warehouse:
        folders = list(warehouse.models_folder.iterdir())
    for file in sorted(folders[0].iterdir()):
        content = file.read_bytes()
        file.write_bytes(content + b"x")
        assert (
            f"cannot be used: {folders[0]}" in invoke("doctor", "--deep", "--warehouse", copied)[1]
        )
        file.write_bytes(content)
    _nothing_is_wrong(copied)


def test_a_lake_is_copied_in_another_way(tmp_path: Path) -> None:
    code, said = invoke("backup", tmp_path / "copy.duckdb", "--warehouse", tmp_path / "my.lake")
    assert (code, "dump the catalogue" in said) == (1, True)
    assert list(tmp_path.iterdir()) == []
