"""The command 'fame look', on files of its own and on real logs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fame_sql.cli import main

pytestmark = pytest.mark.any_duckdb

LINES = [f"2026-03-01 10:{n // 60:02}:{n % 60:02} INFO answered {n}" for n in range(120)]
FAILURES = [f"2026-03-01 10:01:{n:02} ERROR cannot reach the database" for n in range(20)]


def _fame(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text("\n".join(sorted([*LINES, *FAILURES])) + "\n")
    return path


def test_one_command_from_a_file_to_an_answer(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _fame("look", log)
    assert result.exit_code == 0, result.output
    assert "140 lines, 2 templates" in result.output
    assert "worth a look\n  cannot reach the database\n" in result.output
    assert 'ERROR; says "cannot"; 20 lines' in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["app.log"]


def test_a_warehouse_that_is_named_is_kept(log: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.duckdb"
    assert _fame("look", log, "--warehouse", kept).exit_code == 0
    again = _fame("look", log, "--warehouse", kept)
    assert "140 lines" in again.output
    assert _fame("look", "--warehouse", kept).output == again.output
    rows = _fame("query", "--warehouse", kept, "SELECT lines FROM suspects LIMIT 1", "--csv")
    assert rows.output == "lines\n20\n"
    assert "next: fame label" in _fame("status", "--warehouse", kept).output


def test_json_and_csv_hold_the_same(log: Path) -> None:
    found = json.loads(_fame("look", log, "--json").output)
    [suspect] = found["suspects"]
    assert suspect["reasons"][0] == "ERROR"
    assert suspect["first_seen"] == "2026-03-01T10:01:00"
    rows = list(csv.DictReader(io.StringIO(_fame("look", log, "--csv").output)))
    assert [row["suspect_id"] for row in rows] == [suspect["suspect_id"]]
    assert rows[0]["reasons"] == "; ".join(suspect["reasons"])


def test_standard_input() -> None:
    text = "\n".join([*LINES, *FAILURES])
    result = CliRunner().invoke(main, ["look", "-"], input=text)
    assert "cannot reach the database" in result.output, result.output


def test_top_says_how_many_are_left(tmp_path: Path) -> None:
    log = tmp_path / "many.log"
    log.write_text("kernel panic\ndisk full\nsegmentation fault somewhere\n")
    result = _fame("look", log, "--top", "1")
    assert "2 more: --top 3" in result.output


def test_text_of_a_log_cannot_move_the_cursor(tmp_path: Path) -> None:
    log = tmp_path / "hostile.log"
    log.write_text("panic \x1b[2J\x1b7\u202e'; DROP TABLE fame.logs; -- %s $x {y}\n" * 3)
    result = _fame("look", log)
    assert result.exit_code == 0, result.output
    assert "panic \\x1b7\\u202e'; DROP TABLE" in result.output
    assert "\x1b" not in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.log",), "there is no file nowhere.log"),
        (("--warehouse", "nowhere.duckdb"), "there is no warehouse at nowhere.duckdb"),
    ],
)
def test_what_is_not_there(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _fame("look", *words)
    assert result.exit_code == 1
    assert said in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_refused_file_leaves_no_new_warehouse(tmp_path: Path) -> None:
    empty = tmp_path / "empty.log"
    empty.touch()
    result = _fame("look", empty, "--warehouse", tmp_path / "new.duckdb")
    assert result.exit_code == 1
    assert "is empty" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["empty.log"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Hadoop", ("Failed to renew lease", "Address change detected")),
        ("OpenSSH", ("Failed password for root", "POSSIBLE BREAK-IN")),
        ("Zookeeper", ("Cannot open channel",)),
        ("Spark", ()),
    ],
)
def test_the_first_three_of_real_logs(loghub: Path, name: str, wanted: tuple[str, ...]) -> None:
    result = _fame("look", loghub / name / f"{name}_2k.log", "--top", "3", "--json")
    found = json.loads(result.output)["suspects"]
    shown = " ".join(one["example"] for suspect in found for one in (suspect, *suspect["with"]))
    assert [message for message in wanted if message not in shown] == []
    if not wanted:
        assert found == []
