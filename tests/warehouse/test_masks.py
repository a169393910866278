"""The masks of a new warehouse, chosen by name or from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import fame_sql
from fame_sql.cli import main
from fame_sql.warehouse.warehouse import Warehouse

LINES = "".join(f"disk /dev/sda1 is {n}% full after {n * 1000} ms\n" for n in range(90, 101))


def _ingest(folder: Path, *words: str) -> tuple[int, str]:
    log = folder / "app.log"
    log.write_text(LINES)
    command = ["ingest", str(log), "--format", "text", *words]
    command += ["--warehouse", str(folder / "w.duckdb")]
    output = CliRunner().invoke(main, command)
    return output.exit_code, output.output


def _events(folder: Path) -> set[str]:
    with Warehouse.open(folder / "w.duckdb", read_only=True) as warehouse:
        return {row[0] for row in warehouse.rows("SELECT canonical FROM fame.events")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("masks", "expected"),
    [
        ((), {"9#", "1##"}),
        (("--masks", "first-digit"), {"9#", "1##"}),
        (("--masks", "whole-numbers"), {str(n) for n in range(90, 101)}),
    ],
)
def test_a_preset_decides_which_numbers_are_kept(
    tmp_path: Path, masks: tuple[str, ...], expected: set[str]
) -> None:
    assert _ingest(tmp_path, *masks)[0] == 0
    assert _events(tmp_path) == {f"disk dev<path> is {n}% full after <id> ms" for n in expected}


def test_masks_from_a_file(tmp_path: Path) -> None:
    own = tmp_path / "masks.csv"
    own.write_text("name,pattern,placeholder\nnumber,[0-9]+,<n>\n")
    assert _ingest(tmp_path, "--masks", str(own))[0] == 0
    assert _events(tmp_path) == {"disk /dev/sda<n> is <n>% full after <n> ms"}


def test_live_and_stored_functions_use_the_masks(tmp_path: Path) -> None:
    _ingest(tmp_path, "--masks", "whole-numbers")
    connection = fame_sql.connect(tmp_path / "w.duckdb", read_only=True)
    [row] = connection.sql("SELECT fame_canonical('at 97%'), fame.canonical('at 97%')").fetchall()
    assert row == ("at 97%", "at 97%")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "every line needs name, pattern and placeholder"),
        ("name,pattern\na,b\n", "every line needs name, pattern and placeholder"),
        ("name,pattern,placeholder\nbad,(?=x),<x>\n", "engines interpret differently"),
        ("name,pattern,placeholder\nbad,[,<x>\n", "is not a valid pattern"),
    ],
)
def test_bad_masks_are_refused_and_leave_nothing(tmp_path: Path, text: str, message: str) -> None:
    own = tmp_path / "masks.csv"
    own.write_text(text)
    code, output = _ingest(tmp_path, "--masks", str(own))
    assert (code, message in output) == (1, True), output
    assert not (tmp_path / "w.duckdb").exists()


def test_the_error_for_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    code, output = _ingest(tmp_path, "--masks", "all-numbers")
    assert code == 1
    assert "first-digit or whole-numbers" in output


def test_events_keep_their_masks(tmp_path: Path) -> None:
    assert _ingest(tmp_path)[0] == 0
    code, output = _ingest(tmp_path, "--masks", "whole-numbers")
    assert code == 1
    assert "holds events made with other masks" in output
    assert _ingest(tmp_path, "--masks", "first-digit")[0] == 0
    assert _events(tmp_path) == {
        f"disk dev<path> is {n}% full after <id> ms" for n in ("9#", "1##")
    }
