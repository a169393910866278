"""Formats and the reading of a log as the command line shows them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main

pytestmark = pytest.mark.any_duckdb

OWN = r"""
description = 'own'
expected = 'day|LEVEL|user|message'
pattern = '(?P<timestamp>[\d.]+ [\d:]+)\|(?P<severity_text>\w)\|(?P<user>\w+)\|(?P<body>.*)'
time_formats = ['%d.%m.%Y %H:%M:%S']

[levels]
E = 'ERROR'

[[samples]]
lines = '''
06.05.2024 07:08:09|E|bob|failed
'''
records = '''
{"timestamp": "2024-05-06 07:08:09", "severity_text": "ERROR", "attributes": {"user": "bob"}}
'''
"""


def test_a_format_of_ones_own(tmp_path: Path) -> None:
    own, log = tmp_path / "own.toml", tmp_path / "a.log"
    own.write_text(OWN, encoding="utf-8")
    log.write_text("06.05.2024 07:08:09|E|bob|failed\n", encoding="utf-8")
    runner = CliRunner()
    tested = runner.invoke(main, ["formats", "test", "own", "--format-file", str(own)])
    assert (tested.exit_code, tested.output) == (0, "own: as expected\n")
    tried = runner.invoke(main, ["formats", "try", str(log), "--format-file", str(own)])
    assert f"{log}: own, 1 records" in tried.output
    assert "severity_text   ERROR" in tried.output
    listed = runner.invoke(main, ["formats", "list"], env={"FAME_FORMATS": str(tmp_path)})
    assert listed.output.splitlines()[2].split()[0] == "own"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pattern = '('", "does not define a format"),
        ("description = 'x'\nexpected = 'x'\npatern = 'x'", "'patern' is not one of"),
        ("description = 'x'\nexpected = 'x'\npattern = '(x)'", "a group without a name"),
    ],
)
def test_a_format_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["formats", "show", "own", "--format-file", str(own)])
    assert done.exit_code == 1
    assert message in str(done.exception) + done.output


def test_a_dry_run_shows_the_reading_and_stores_nothing(tmp_path: Path) -> None:
    log, target = tmp_path / "a.log", tmp_path / "w.duckdb"
    log.write_text("2024-05-06 07:08:09 ERROR failed\n", encoding="utf-8")
    words = ["ingest", str(log), "--dry-run", "--warehouse", str(target)]
    done = CliRunner().invoke(main, words)
    assert "time 100%, level 100%, host 0%; 1 of the first 1 lines begin with a time" in done.output
    assert "body            failed" in done.output
    assert not target.exists()


def test_a_dry_run_takes_what_a_load_takes(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_text("2024-05-06 07:08:09 ERROR failed\n", encoding="utf-8")
    (folder / "b.csv").write_text("ts,message\n2024-05-06 07:08:09,row\n", encoding="utf-8")
    (folder / "c.log").write_bytes(b"")
    with tarfile.open(tmp_path / "logs.tar", "w") as archive:
        archive.add(folder / "a.log", "a.log")
    run = CliRunner().invoke(main, ["ingest", str(folder), "--dry-run"])
    assert (run.exit_code, run.output.count("line ")) == (0, 2)
    assert "parser          csv" in run.output
    assert f"{folder / 'c.log'}: empty" in run.output
    run = CliRunner().invoke(main, ["ingest", str(tmp_path / "logs.tar"), "--dry-run"])
    assert "body            failed" in run.output
    piped = "2024-05-06 07:08:09 WARN slow\n"
    run = CliRunner().invoke(main, ["ingest", "-", "--dry-run"], input=piped)
    assert "body            slow" in run.output
    (folder / "d.bin").write_bytes(bytes(range(256)) * 64)
    run = CliRunner().invoke(main, ["ingest", str(folder), "--dry-run"])
    assert (run.exit_code, "d.bin: failed: " in run.output) == (1, True)
    assert CliRunner().invoke(main, ["ingest", "--table", "t", "--dry-run"]).exit_code == 2


def test_a_file_that_is_read_badly_is_a_warning_or_an_error(tmp_path: Path) -> None:
    log, other, target = tmp_path / "a.log", tmp_path / "b.log", tmp_path / "w.duckdb"
    log.write_text("no time here\n" * 20, encoding="utf-8")
    done = CliRunner().invoke(main, ["ingest", str(log), "--warehouse", str(target)])
    assert (done.exit_code, "20 lines (no known format)" in done.output) == (3, True)
    assert "warning: 0 of 20 records have a time: name it with --time-format" in done.output
    own = ["ingest", str(log), "--format", "text", "--warehouse", str(tmp_path / "t.duckdb")]
    done = CliRunner().invoke(main, own)
    assert (done.exit_code, "20 lines (text)" in done.output) == (0, True)
    other.write_text('{"unknown": 1}\n' * 20, encoding="utf-8")
    done = CliRunner().invoke(main, ["ingest", str(other), "--warehouse", str(target)])
    assert done.exit_code == 1
    assert "20 of 20 records are not jsonl" in done.output
