"""Long commands say how far they are: each of their steps has a total."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.console import SilentProgress, Step, watched
from fame_sql.warehouse.backup import back_up

pytestmark = pytest.mark.any_duckdb


class _Counted:
    """A step that counts."""

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.done = 0

    def advance(self, amount: int = 1) -> None:
        self.done += amount


class _Told:
    """Progress that remembers its steps."""

    def __init__(self) -> None:
        self.steps: dict[str, _Counted] = {}

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Step]:
        self.steps[what] = _Counted(total)
        yield self.steps[what]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("domains", {"grouping templates"}),
        ("incidents update", {"counting lines", "testing counts", "gathering incidents"}),
        ("doctor --deep", {"reading the tables", "reading the models", "examining the warehouse"}),
        ("backup {folder}/copy.duckdb", {"copying the warehouse"}),
        ("compact", {"copying the warehouse"}),
        ("diff --since 2025-03-10", {"comparing templates"}),
        ("diff --against {folder}/first.duckdb", {"comparing templates"}),
        ("report --out {folder}/report.html", {"reading the warehouse", "drawing the report"}),
        ("export anomalies {folder}/a.csv", {"exporting anomalies"}),
        ("redact nowhere", {"redacting"}),
        ("redact nowhere --dry-run", {"redacting"}),
        ("expire --before 2000-01-01", {"counting old lines", "dropping lines"}),
    ],
)
def test_a_step_has_a_total_and_comes_near_it(
    copied: Path, words: str, expected: set[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = _Told()
    if "--against" in words:
        back_up(copied, tmp_path / "first.duckdb")
    given = [word.format(folder=tmp_path) for word in words.split()]
    command = importlib.import_module(f"fame_sql.cli.{given[0]}")
    monkeypatch.setattr(command, "terminal_progress", lambda: told)
    done = CliRunner().invoke(main, [*given, "--warehouse", str(copied)])
    # Remarks of the doctor are problems of this small warehouse.
    assert done.exit_code == 0 or words.startswith("doctor"), done.output
    assert told.steps.keys() == expected
    for step in told.steps.values():
        assert step.total is not None
        # The last part ends with the step.
        assert step.done in (step.total, step.total - 1)


def test_a_watched_part_advances_while_it_runs_and_never_beyond_its_end() -> None:
    step, seen = _Counted(100), threading.Event()
    # It falls, and goes beyond the whole, as the share of several statements can.
    shares = iter([0.25, 0.1, 3.0])

    def share() -> float:
        found = next(shares, None)
        if found is None:
            seen.set()
        return found or 0.0

    with watched(step, 100, share):
        assert seen.wait(10)
        assert step.done == 100
    assert step.done == 100


def test_a_watched_part_that_fails_is_not_taken_for_done() -> None:
    step = _Counted(100)
    with pytest.raises(OSError, match="full"), watched(step, 100, lambda: 0.0):
        raise OSError("full")
    assert step.done == 0


def test_nobody_is_asked_where_nothing_is_shown() -> None:
    def share() -> float:
        raise AssertionError

    with SilentProgress().step("copying") as step, watched(step, 100, share):
        threading.Event().wait(0.3)
