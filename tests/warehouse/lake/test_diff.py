"""'fame diff' between two states of a lake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fame_sql.cli import main
from fame_sql.ingest import ingest_file
from fame_sql.warehouse.warehouse import Warehouse

_LAST = "SELECT max(snapshot_id), max(snapshot_time) FROM ducklake_snapshots('mine')"


def _diff(lake: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["diff", *words, "--warehouse", str(lake)])


@pytest.fixture
def states(file_lake: Path, tmp_path: Path) -> list[tuple[int, str]]:
    """The number and the time of three states: 30 lines, then 30 more, then 10 more."""
    found = []
    loads = ("began\n" * 30, "began\n" * 9 + "broke\n" * 21, "mended\n" * 10)
    with Warehouse.open(file_lake) as warehouse:
        for number, text in enumerate(loads):
            log = tmp_path / f"{number}.log"
            log.write_text(text)
            ingest_file(warehouse, log, format="text")
            [(snapshot, time)] = warehouse.rows(_LAST)
            found.append((snapshot, time.isoformat()))
    return found


@pytest.mark.parametrize("by", [0, 1])
def test_diff_compares_two_states(file_lake: Path, states: list[tuple[int, str]], by: int) -> None:
    first, second, _ = (str(state[by]) for state in states)
    since = json.loads(_diff(file_lake, "--from-snapshot", first, "--all", "--json").stdout)
    found = {row["template"]: (row["count_a"], row["count_b"]) for row in since}
    assert found == {"began": (30, 9), "broke": (0, 21), "mended": (0, 10)}
    words = ("--from-snapshot", first, "--to-snapshot", second, "--all", "--json")
    between = json.loads(_diff(file_lake, *words).stdout)
    assert {row["template"] for row in between} == {"began", "broke"}
    same = _diff(file_lake, "--from-snapshot", second, "--to-snapshot", second, "--json")
    assert (same.exit_code, same.stdout.strip()) == (0, "[]")


def test_a_state_that_is_not_there_is_named(file_lake: Path, states: list[tuple[int, str]]) -> None:
    for named in ("1999-01-01", "999"):
        done = _diff(file_lake, "--from-snapshot", named)
        assert done.exit_code == 1
        assert "from snapshot 0 of" in done.stderr
        assert "ducklake_snapshots('mine')" in done.stderr
    empty = _diff(file_lake, "--from-snapshot", "1")
    assert (empty.exit_code, "had no line at snapshot 1" in empty.stderr) == (1, True)


def test_a_file_has_no_states(newborn: Path) -> None:
    done = _diff(newborn, "--from-snapshot", "1h")
    assert done.exit_code == 1
    assert "--against FILE" in done.stderr
