"""A warehouse from somebody else, whose views and macros are code."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from attacks import is_one_line, run

import fame_sql
from fame_sql.errors import WarehouseError
from fame_sql.storage.places import Place

SECRET = "what nobody else may read"

VIEWS = {
    "logs": "SELECT content AS body FROM read_text('{secret}')",
    "anomalies": "SELECT content AS body FROM read_text('{secret}')",
    "readers": "SELECT * FROM glob('{folder}/*')",
    "lists": "SELECT * FROM read_csv('{secret}', all_varchar = true)",
    "sends": "SELECT * FROM read_text('{folder}/../{name}/secret.txt')",
    "links": "SELECT content AS body FROM read_text('{folder}/lake/day=2025-01-01/link.parquet')",
}


@pytest.fixture
def stranger(newborn: Path, tmp_path: Path) -> Path:
    """A warehouse whose views read a file of the user, with partitions beside that file."""
    path = Path(shutil.copy(newborn, tmp_path / "w.duckdb"))
    (tmp_path / "secret.txt").write_text(SECRET)
    day = tmp_path / "lake" / "day=2025-01-01"
    day.mkdir(parents=True)
    (day / "link.parquet").symlink_to(tmp_path / "secret.txt")
    facts = {"secret": tmp_path / "secret.txt", "folder": tmp_path, "name": tmp_path.name}
    with duckdb.connect(str(path)) as made:
        made.execute("INSERT INTO fame.settings VALUES ('partition_place', ?)", [str(tmp_path)])
        for name, select in VIEWS.items():
            made.execute(f"CREATE OR REPLACE VIEW {name} AS {select.format(**facts)}")
        made.execute(f"CREATE MACRO take() AS (SELECT content FROM read_text('{facts['secret']}'))")
    return path


STATEMENTS = [
    *(f"FROM {name}" for name in VIEWS),
    "SELECT take()",
    "LOAD httpfs",
    "INSTALL httpfs",
    "ATTACH 'other.duckdb'",
    "COPY (SELECT 1) TO 'made.csv'",
    "SET enable_external_access = true",
    "SET autoload_known_extensions = true; FROM read_text('https://example.org/x')",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_its_statements_reach_nothing(
    stranger: Path, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stranger.parent)
    code, output = run("query", statement, "--write", "--warehouse", stranger)
    assert code == 1, output
    assert is_one_line(code, output), output
    assert SECRET not in output
    assert sorted(p.name for p in stranger.parent.iterdir()) == ["lake", "secret.txt", "w.duckdb"]


COMMANDS = ["status", "doctor", "doctor --deep", "compact", "score", "mine", "look", "incidents"]


@pytest.mark.parametrize("command", COMMANDS)
def test_its_views_give_nothing_to_commands(stranger: Path, command: str) -> None:
    code, output = run(*command.split(), "--warehouse", stranger)
    assert is_one_line(code, output), output
    assert SECRET not in output


def test_what_is_asked_for_is_read(stranger: Path) -> None:
    words = ("query", "FROM lists", "--csv", "--external-access", "--warehouse", stranger)
    assert SECRET in run(*words)[1]


def test_a_program_can_ask_for_the_limit(stranger: Path) -> None:
    connection = fame_sql.connect(stranger, read_only=True, external_access=False)
    try:
        with pytest.raises(duckdb.PermissionException):
            connection.execute("FROM lists")
    finally:
        connection.close()
    connection = fame_sql.connect(stranger, read_only=True)
    assert SECRET in str(connection.execute("FROM lists").description)
    connection.close()


PATHS = ["../secret.txt", "/etc/passwd", "day=1/../../secret.txt", "day=2025-01-01/x.txt", ""]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_but_partitions_is_removed(stranger: Path, path: str) -> None:
    place = Place.of(str(stranger.parent / "lake"))
    with pytest.raises(WarehouseError, match="no name of a partition"):
        place.remove(path)
    assert (stranger.parent / "secret.txt").exists()


def test_nothing_is_removed_or_written_through_a_link(stranger: Path) -> None:
    place = Place.of(str(stranger.parent / "lake"))
    with pytest.raises(WarehouseError, match="is a link"):
        place.remove("day=2025-01-01/link.parquet")
    (stranger.parent / "lake" / "day=2025-01-02").symlink_to(stranger.parent)
    with pytest.raises(WarehouseError, match="is a link"):
        place.make_folder("day=2025-01-02/part-000001.parquet")


@pytest.mark.any_duckdb
def test_files_are_the_users_own(newborn: Path, tmp_path: Path) -> None:
    log, path = tmp_path / "a.log", tmp_path / "w.duckdb"
    log.write_text("disk 7 is full\n" * 5)
    assert run("ingest", log, "--format", "text", "--warehouse", path)[0] == 0
    assert run("mine", "--warehouse", path)[0] == 0
    assert run("label", "export", tmp_path / "l.csv", "--warehouse", path)[0] == 0
    move = ("partition", "move", "--before", "2099-01-01", "--place", tmp_path / "lake")
    assert run(*move, "--warehouse", path)[0] == 0
    assert run("backup", tmp_path / "copy.duckdb", "--warehouse", path)[0] == 0
    log.unlink()
    loose = [p for p in tmp_path.rglob("*") if p.is_file() and p.stat().st_mode & 0o077]
    open_folders = [p for p in tmp_path.rglob("*") if p.is_dir() and p.stat().st_mode & 0o077]
    assert (loose, open_folders) == ([], [])
