"""A sample of kills: 'make bench-lake' has more."""

from __future__ import annotations

from pathlib import Path

import lakes
import pytest
from kills import forks, kill_at_random
from lake_stages import killed_lake
from lake_storm import Storm

pytestmark = pytest.mark.slow


def test_kills_lose_and_double_nothing(postgres: lakes.Catalogues, tmp_path: Path) -> None:
    stage = killed_lake(postgres, tmp_path / "logs", lines=400)
    # Processes of their own: others were started before the extensions were named.
    place = tmp_path / "forks"
    place.mkdir()
    with forks(place) as forking:
        tried = kill_at_random(stage, forking, tmp_path / "rounds", kills=3, seed=1)
    assert (tried.tried, tried.failed) == (3, [])


def test_kills_of_many_at_once_lose_and_double_nothing(
    postgres: lakes.Catalogues, tmp_path: Path
) -> None:
    place = tmp_path / "forks"
    place.mkdir()
    with forks(place) as forking:
        storm = Storm(postgres, forking, tmp_path / "storm", lines=100, loaders=2, logs=1)
        [tried] = storm.kill(4, seed=1)
    assert (tried.tried, tried.failed) == (4, [])
