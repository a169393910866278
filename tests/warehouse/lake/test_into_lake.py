"""A warehouse in a file, with partitions, becomes one in a lake."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.ingest import ingest_file
from fame_sql.scoring.scoring import score_events
from fame_sql.storage.partitions import move_lines
from fame_sql.warehouse import settings
from fame_sql.warehouse.reach import registered_folders
from fame_sql.warehouse.warehouse import Warehouse

ASKED = (
    "SELECT log_id, event_id, body, score FROM {} ORDER BY ALL",
    "FROM events ORDER BY ALL",
    "SELECT day, lines, is_anomaly, template FROM fame.daily_verdicts ORDER BY ALL",
)
COMMANDS = (
    ["query", "SELECT max(body) FROM logs"],
    ["doctor", "--deep"],
    ["partition", "move", "--before", "2025-03-10", "--place", "elsewhere"],
)


@pytest.fixture
def with_partitions(copied: Path, tmp_path: Path) -> Path:
    with Warehouse.open(copied) as warehouse:
        move_lines(warehouse, datetime(2025, 3, 9), place=str(tmp_path / "place"))
    return copied


def test_keeps_lines_numbers_and_verdicts(
    with_partitions: Path, tmp_path: Path, lake_extensions: Path
) -> None:
    files = sorted((tmp_path / "place").rglob("*.parquet"))
    path, place = tmp_path / "whole.lake", tmp_path / "files"
    words = ["--lake", f"ducklake:{tmp_path}/whole.ducklake", "--data", str(place)]
    words += ["--from", str(with_partitions), "--warehouse", str(path)]
    made = CliRunner().invoke(main, ["init", *words])
    assert made.exit_code == 0, made.output
    assert f"{len(files)} files of partitions" in made.output
    with Warehouse.open(with_partitions, read_only=True) as file:
        before = [file.rows(asked.format("all_scored_logs")) for asked in ASKED]
    # A command reaches the files of the lake, and those that it has taken over.
    said = [CliRunner().invoke(main, [*words, "--warehouse", str(path)]) for words in COMMANDS]
    assert [done.exit_code for done in said] == [0, 0, 1], [done.output for done in said]
    assert "a lake keeps its lines in Parquet files by itself" in said[-1].output
    with Warehouse.open(path) as lake:
        assert [lake.rows(asked.format("scored_logs")) for asked in ASKED] == before
        assert files == sorted((tmp_path / "place").rglob("*.parquet"))
        log = tmp_path / "more.log"
        known = lake.value("SELECT example FROM events ORDER BY lines DESC LIMIT 1")
        log.write_text(f"{known}\nnobody has said this before\n")
        ingest_file(lake, log)
        lines, numbers = lake.rows("SELECT count(*), count(DISTINCT log_id) FROM logs")[0]
        assert lines == numbers == len(before[0]) + 2
        assert score_events(lake).scored == 1
        assert lake.value("SELECT count(*) FROM events") == len(before[1]) + 1


def test_a_lake_reaches_folders_of_days_alone(file_lake: Path) -> None:
    with Warehouse.open(file_lake) as lake:
        told = (
            '["/etc", "day=2026-01-01", "/a/day=2026-01-01/..", "/a/../day=2026-01-01", "/p/day=1"]'
        )
        settings.write(lake.connection, settings.REGISTERED_FOLDERS, told)
        assert registered_folders(lake.connection) == ["/p/day=1/"]
