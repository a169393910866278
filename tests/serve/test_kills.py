"""A server that is killed has lost nothing that it acknowledged, and stores nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from serve_kills import run

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]


def test_kills_at_random(tmp_path: Path) -> None:
    outcome = run(tmp_path / "killed.duckdb", kills=3, seed=7)
    assert outcome.acknowledged > 0
    assert (outcome.lost, outcome.doubled, outcome.torn) == (0, 0, 0)
