"""A server that is killed has lost nothing that it acknowledged, and stores nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from kills import Forks, kill_at_random
from serve_stage import serving_stage
from warehouse_copy import copied_to

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]


def test_kills_at_random(compiled: Path, forking: Forks, tmp_path: Path) -> None:
    stage = serving_stage(lambda place: copied_to(place, compiled, "w"))
    assert kill_at_random(stage, forking, tmp_path, 2, seed=7).failed == []
