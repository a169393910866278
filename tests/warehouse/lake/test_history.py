"""What a lake remembers, and that it forgets what it has to."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.events.redaction import redact
from fame_sql.events.repair import repair
from fame_sql.ingest import ingest_file
from fame_sql.storage.compaction import compact_lake
from fame_sql.storage.expiry import expire
from fame_sql.warehouse.lake.agreement import disagreements
from fame_sql.warehouse.lake.feed import changed_lines, collect_new_events, remember
from fame_sql.warehouse.lake.files import count_files, merge_if_many
from fame_sql.warehouse.warehouse import Warehouse

SECRET = "correct-horse-battery"


def load(warehouse: Warehouse, folder: Path, name: str, *messages: str, day: int = 1) -> None:
    file = folder / f"{name}.log"
    lines = [f"2026-11-{day:02}T00:00:{n:02} INFO {text}\n" for n, text in enumerate(messages)]
    file.write_text("".join(lines))
    ingest_file(warehouse, file)


def answers(warehouse: Warehouse) -> list[list[tuple[object, ...]]]:
    asked = ("FROM logs ORDER BY ALL", "FROM events ORDER BY ALL", "FROM fame.ingests ORDER BY ALL")
    return [warehouse.rows(statement) for statement in asked]


def texts_on_disk(folder: Path) -> str:
    """Return all text of all Parquet files, those of former snapshots included."""
    found = [file.read_bytes().decode("latin-1") for file in folder.rglob("*.parquet")]
    for file in folder.rglob("*.parquet"):
        found += map(str, duckdb.read_parquet(str(file)).fetchall())
    return "\n".join(found)


def test_the_feed_has_what_came_since_the_mark(file_lake: Path, tmp_path: Path) -> None:
    arrived = "SELECT canonical FROM arrived_events ORDER BY ALL"
    with Warehouse.open(file_lake) as warehouse:
        load(warehouse, tmp_path, "a", "disk failed", "fan failed")
        mark = collect_new_events(warehouse.connection, "model")
        assert warehouse.rows(arrived) == [("disk failed",), ("fan failed",)]
        with warehouse.transaction():
            remember(warehouse.connection, mark)
        load(warehouse, tmp_path, "b", "disk failed", "link failed")
        collect_new_events(warehouse.connection, "model")
        assert warehouse.rows(arrived) == [("link failed",)]
        collect_new_events(warehouse.connection, "another model")
        assert len(warehouse.rows(arrived)) == 3


def test_a_mark_whose_snapshot_is_forgotten_is_none(file_lake: Path, tmp_path: Path) -> None:
    with Warehouse.open(file_lake) as warehouse:
        load(warehouse, tmp_path, "a", "disk failed")
        with warehouse.transaction():
            remember(warehouse.connection, collect_new_events(warehouse.connection, "model"))
        load(warehouse, tmp_path, "b", "link failed")
        expire(warehouse, datetime(2000, 1, 1), history=timedelta(0))
        collect_new_events(warehouse.connection, "model")
        assert warehouse.value("SELECT count(*) FROM arrived_events") == 2


def test_compaction_changes_no_answer(file_lake: Path, tmp_path: Path) -> None:
    with Warehouse.open(file_lake) as warehouse:
        for name in "abcd":
            load(warehouse, tmp_path, name, *[f"{what} failed" for what in ("disk", "fan", "link")])
        before, files = answers(warehouse), count_files(warehouse.connection)
        report = compact_lake(warehouse)
        assert answers(warehouse) == before
        assert warehouse.value("SELECT count(*) FROM fame.event_rows") == 3
        assert report.files_before == files.files > report.files_after
        assert report.bytes_after < report.bytes_before


def test_many_small_files_are_merged(
    file_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Warehouse.open(file_lake) as warehouse:
        for name in "abcd":
            load(warehouse, tmp_path, name, *[f"{what} failed" for what in "xyz" * 5])
        before, files = answers(warehouse), count_files(warehouse.connection).files
        merge_if_many(warehouse.connection)
        assert count_files(warehouse.connection).files == files
        monkeypatch.setattr("fame_sql.warehouse.lake.files.MANY", 4)
        merge_if_many(warehouse.connection)
        assert count_files(warehouse.connection).files < files
        assert answers(warehouse) == before


def test_redacted_text_is_on_disk_no_more(file_lake: Path, tmp_path: Path) -> None:
    with Warehouse.open(file_lake) as warehouse:
        load(warehouse, tmp_path, "a", f"login with {SECRET}", *["disk failed"] * 20)
        load(warehouse, tmp_path, "b", f"again with {SECRET}", *["disk failed"] * 20)
        assert SECRET in texts_on_disk(tmp_path / "data")
        assert redact(warehouse, "correct-[a-z-]+").lines == 2
        bodies = warehouse.rows("SELECT body FROM logs WHERE body LIKE '%with%' ORDER BY ALL")
        assert bodies == [("again with <redacted>",), ("login with <redacted>",)]
        assert warehouse.rows("SELECT count(*), sum(lines) FROM events") == [(3, 42)]
    assert SECRET not in texts_on_disk(tmp_path / "data")


def test_dropped_lines_leave_the_disk_with_their_history(file_lake: Path, tmp_path: Path) -> None:
    with Warehouse.open(file_lake) as warehouse:
        load(warehouse, tmp_path, "old", *[f"disk failed on {SECRET}"] * 20, day=1)
        load(warehouse, tmp_path, "new", *["fan failed"] * 20, day=20)
        report = expire(warehouse, datetime(2026, 11, 10))
        assert report.lines == warehouse.value("SELECT sum(lines) FROM fame.past_lines") == 20
        assert warehouse.value("SELECT count(*) FROM logs") == 20
        assert len(warehouse.rows("FROM ducklake_snapshots('mine')")) > 1
        expire(warehouse, datetime(2026, 11, 10), history=timedelta(0))
        assert len(warehouse.rows("FROM ducklake_snapshots('mine')")) == 1
        assert SECRET not in texts_on_disk(tmp_path / "data" / "fame" / "logs")
        assert warehouse.value("SELECT sum(lines) FROM events") == 40


def test_catalogue_and_files_have_to_agree(file_lake: Path, tmp_path: Path) -> None:
    with Warehouse.open(file_lake) as warehouse:
        load(warehouse, tmp_path, "a", *["disk failed"] * 20)
    [file] = (tmp_path / "data" / "fame" / "logs").glob("*.parquet")
    orphan = file.with_name("ducklake-01a22c43-bafd-77f8-952f-c7b98d87e101.parquet")
    with Warehouse.open(file_lake, read_only=True) as warehouse:
        assert list(disagreements(warehouse.connection)) == []
        orphan.write_bytes(file.read_bytes())
        [(left_over, _)] = disagreements(warehouse.connection, timedelta(0))
        assert str(orphan) in left_over
        orphan.unlink()
        file.rename(tmp_path / "away")
        [(absent, _)] = disagreements(warehouse.connection)
        assert str(file) in absent
    found = CliRunner().invoke(main, ["doctor", "--deep", "--warehouse", str(file_lake)])
    assert "that the catalogue names are not there" in found.output


def test_init_makes_a_lake_or_names_one(tmp_path: Path, lake_extensions: Path) -> None:
    run, address = CliRunner(), f"ducklake:{tmp_path}/meta.ducklake"
    words = ["init", "--lake", address, "--warehouse"]
    first, second = tmp_path / "a.lake", tmp_path / "b.lake"
    assert run.invoke(main, [*words, str(first)]).exit_code == 1
    made = run.invoke(main, [*words, str(first), "--data", str(tmp_path / "files")])
    assert made.exit_code == 0, made.output
    with Warehouse.open(first) as warehouse:
        load(warehouse, tmp_path, "a", "disk failed")
    assert run.invoke(main, [*words, str(second)]).exit_code == 0
    with Warehouse.open(second) as warehouse:
        assert warehouse.rows("SELECT body FROM logs") == [("disk failed",)]
    again = run.invoke(main, [*words, str(first)])
    assert (again.exit_code, "exists" in again.output) == (1, True)
    third = tmp_path / "c.lake"
    for option in (["--data", str(tmp_path / "elsewhere")], ["--encrypted"]):
        refused = run.invoke(main, [*words, str(third), *option])
        assert (refused.exit_code, "is there" in refused.output) == (1, True), refused.output
        assert not third.exists()


def test_a_table_is_loaded_once(file_lake: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("time,level,message\n2026-11-01 00:00:00,INFO,disk failed\n")
    for _ in range(2):
        loaded = CliRunner().invoke(main, ["ingest", str(table), "--warehouse", str(file_lake)])
        assert loaded.exit_code == 0, loaded.output
    with Warehouse.open(file_lake, read_only=True) as warehouse:
        assert warehouse.rows("SELECT body FROM logs") == [("disk failed",)]
        assert warehouse.rows("SELECT rows FROM fame.ingests") == [(1,)]


def test_an_encrypted_lake_has_no_text_on_disk(tmp_path: Path, lake_extensions: Path) -> None:
    path = tmp_path / "sealed.lake"
    words = ["--lake", f"ducklake:{tmp_path}/sealed.ducklake", "--data", str(tmp_path / "files")]
    made = CliRunner().invoke(main, ["init", *words, "--encrypted", "--warehouse", str(path)])
    assert made.exit_code == 0, made.output
    with Warehouse.open(path) as warehouse:
        load(warehouse, tmp_path, "a", *[f"login with {SECRET}"] * 20)
        assert warehouse.value("SELECT count(*) FROM logs WHERE contains(body, ?)", [SECRET]) == 20
    files = list((tmp_path / "files").rglob("*.parquet"))
    assert files
    assert not any(SECRET.encode() in file.read_bytes() for file in files)


def test_a_line_that_is_labelled_while_others_expire_stays(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def label_meanwhile(*_: object) -> tuple[list[object], int]:
        with Warehouse.open(lake) as other:
            other.rows(
                "INSERT INTO fame.labels BY NAME SELECT log_id, event_id, false AS is_anomaly, "
                "'human' AS source, timestamp AS labelled_at FROM fame.logs WHERE body = 'two'"
            )
        return [], 0

    with Warehouse.open(lake) as warehouse:
        load(warehouse, tmp_path, "old", "one", "two", "three")
        load(warehouse, tmp_path, "new", "four", day=3)
        monkeypatch.setattr("fame_sql.storage.expiry._old_partitions", label_meanwhile)
        expire(warehouse, datetime(2026, 11, 2))
        assert warehouse.rows("SELECT body FROM logs ORDER BY ALL") == [("four",), ("two",)]


def test_lines_that_others_change_are_noticed(file_lake: Path, tmp_path: Path) -> None:
    with Warehouse.open(file_lake) as warehouse:
        load(warehouse, tmp_path, "a", "disk 12345 failed", "fan failed")
        redact(warehouse, "fan")
        assert changed_lines(warehouse.connection) == 0
        warehouse.rows("UPDATE fame.logs SET body = 'disk 54321 failed' WHERE body LIKE 'disk%'")
        assert changed_lines(warehouse.connection) == 0  # The same event.
        warehouse.rows("UPDATE fame.logs SET body = 'link failed' WHERE body LIKE 'disk%'")
        assert changed_lines(warehouse.connection) == 1
        assert repair(warehouse).lines == 1
        assert changed_lines(warehouse.connection) == 0
