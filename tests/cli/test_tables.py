"""Tables that fit a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main, tables
from fame_sql.cli.layout import Column, fitted
from fame_sql.cli.tables import print_facts, print_table, print_text

pytestmark = pytest.mark.any_duckdb

ROW = (1, "web server", "a message that is longer than the terminal is wide, by far", "end")
NAMES = ("log_id", "service_name", "body", "last")


@pytest.fixture
def width(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int | None:
    monkeypatch.setattr(tables, "terminal_width", lambda: request.param)
    wide: int | None = request.param
    return wide


@pytest.mark.parametrize(
    ("width", "hidden"),
    [(None, 0), (100, 0), (60, 0), (45, 0), (35, 1), (22, 2), (15, 3)],
    indirect=["width"],
)
def test_a_table_fits(capsys: pytest.CaptureFixture[str], width: int | None, hidden: int) -> None:
    print_table(NAMES, [ROW])
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert width is None or max(map(len, lines)) <= width
    assert lines[0].split() == list(NAMES[: len(NAMES) - hidden])
    assert (ROW[2] in lines[2]) == (width in (None, 100))
    assert ("more column" in shown.err) == bool(hidden)


@pytest.mark.parametrize("width", [30], indirect=True)
def test_what_decides_stays(capsys: pytest.CaptureFixture[str], width: int) -> None:
    print_table(NAMES, [ROW], deciding=("log_id", "body"))
    assert capsys.readouterr().out.splitlines() == [
        "log_id  body",
        "------  ----------------------",
        "     1  a message that is lon…",
    ]


@pytest.mark.parametrize(
    ("heading", "cells", "narrow"),
    [
        ("score", ["0.12345678901234567890", ""], ["0.12345678901234567890"]),
        ("share", ["12.34 %", "1 %"], ["12.34 %", "    1 %"]),
        ("time", ["2025-03-11 10:00:00.123456"], ["2025-03-11 10:00:00"]),
        ("incident_id", ["id4209efae9b0"], ["id4209efae9b0"]),
        ("lines to read per day", ["7"], ["    7"]),
        ("text", ["路径 不存在 的 长 消息 再见"], ["路径 不存在…"]),
    ],
)
def test_only_texts_are_cut(heading: str, cells: list[str], narrow: list[str]) -> None:
    [column] = fitted([Column(heading, cells)], 1)
    column.width = column.least()
    assert [column.shown(cell) for cell in column.cells if cell] == narrow


def test_a_heading_takes_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    column = Column("lines to read per day", ["7"])
    column.width = 5
    assert column.headings() == ["lines", "to", "read", "per", "day"]


def test_names_of_columns_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("\x1b]0;owned\x07",), [("x",)])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("width", [40], indirect=True)
def test_sentences_and_facts_break_between_words(
    capsys: pytest.CaptureFixture[str], width: int
) -> None:
    print_text("a sentence that is longer than forty characters")
    print_facts([("message", "connection to the database was\x1b lost")])
    assert capsys.readouterr().out.splitlines() == [
        "a sentence that is longer than forty",
        "  characters",
        "  message  connection to the database",
        "           was\\x1b lost",
    ]


PROGRAM = """
import pty, sys
pty.spawn([sys.executable, "-m", "fame_sql", "formats", "list", *sys.argv[1:]])
"""


@pytest.mark.parametrize(("options", "pages"), [([], 1), (["--no-pager"], 0)])
def test_a_long_table_opens_a_pager(options: list[str], pages: int) -> None:
    environment = {**os.environ, "PAGER": "sed s/^/paged:/", "LINES": "10", "COLUMNS": "60"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 60 + len("paged:") * pages
    assert all(line.startswith("paged:") == bool(pages) for line in lines)


def test_a_server_is_told_how_wide_the_terminal_is() -> None:
    done = CliRunner().invoke(main, ["formats", "list", "--width", "40"])
    lines = done.stdout.splitlines()
    assert len(lines) > 20
    assert max(map(len, lines)) == 40


def test_a_long_template_is_cut_with_a_mark_and_whole_where_it_is_wanted_so(
    tmp_path: Path,
) -> None:
    log = tmp_path / "long.log"
    log.write_text(
        "an unusually long message of a template " + "that goes on and on " * 5 + "end\n"
    )
    words = ["--warehouse", str(tmp_path / "long.duckdb")]
    assert CliRunner().invoke(main, ["ingest", str(log), "--format", "text", *words]).exit_code == 0
    cut = CliRunner().invoke(main, ["top", *words]).stdout
    whole = CliRunner().invoke(main, ["top", "--wide", *words]).stdout
    assert "…" in cut
    assert "end" not in cut
    assert whole.rstrip().endswith("end")
