"""Long commands say how far they are: each of their steps has a total."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.console import Step

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
    ],
)
def test_a_step_has_a_total_and_comes_near_it(
    copied: Path, words: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _Told()
    command = importlib.import_module(f"fame_sql.cli.{words.split()[0]}")
    monkeypatch.setattr(command, "terminal_progress", lambda: told)
    done = CliRunner().invoke(main, [*words.split(), "--warehouse", str(copied)])
    assert done.exit_code == 0, done.output
    assert told.steps.keys() == expected
    for step in told.steps.values():
        assert step.total is not None
        # The last part ends with the step.
        assert step.done in (step.total, step.total - 1)
