"""A sample of 'make attack': kills, flipped bits, damaged and forged models, hostile texts."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attacks
import pytest
from kill_stages import Ingredients, local_stages
from kills import Forks, Stage, kill_at_random
from scarce import possible, suffer

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("attack")
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def made(folder: Path, forking: Forks) -> Ingredients:
    return Ingredients(folder / "ingredients", forking, lines=600)


def test_killed_stages_come_to_the_same(made: Ingredients, folder: Path, forking: Forks) -> None:
    for number, stage in enumerate(local_stages(made)):
        tried = kill_at_random(stage, forking, folder / f"stage-{number}", 1, seed=3)
        assert tried.failed == [], tried.name
        assert tried.tried == 1


@pytest.mark.parametrize("name", ["compile", "lake"])
def test_an_interrupted_stage_ends_in_order(
    made: Ingredients, forking: Forks, tmp_path: Path, name: str
) -> None:
    (stage,) = (stage for stage in local_stages(made) if stage.name == name)
    assert kill_at_random(stage, forking, tmp_path, 2, seed=2, by=signal.SIGINT).failed == []


@pytest.mark.parametrize("name", ["ingest", "score"])
def test_too_little_of_everything(made: Ingredients, forking: Forks, name: str) -> None:
    (stage,) = (stage for stage in local_stages(made) if stage.name == name)
    some = possible(
        [
            ("file size", 1 << 16),
            ("open files", 8),
            ("memory", 0),
            ("read-only folder", 0o500),
            ("disk", 600 << 10),
        ]
    )
    with tempfile.TemporaryDirectory() as place:  # Somebody else than root can enter it.
        Path(place).chmod(0o755)
        assert suffer(stage, forking, Path(place) / "some", some).failed == []


def test_a_stage_that_loses_lines_is_found(folder: Path, forking: Forks) -> None:
    """The harness itself: what is not the same in the end is said."""
    count = iter(range(100))
    words = ["ingest", "a.log", "--format", "text", "--warehouse", "w.duckdb"]
    stage = Stage(
        "liar",
        lambda place: (place / "a.log").write_text("x\n" * 9),
        [words],
        lambda place: next(count),
    )
    assert kill_at_random(stage, forking, folder / "liar", 1, seed=1).failed


def test_flipped_bits(compiled: Path, folder: Path) -> None:
    assert attacks.flip_bits(compiled, folder / "flips", 4, seed=2).failed == []


def test_damaged_models(compiled: Path, folder: Path) -> None:
    tried = attacks.damage_models(compiled, folder / "damaged", flips=1)
    assert tried.tried > 20
    assert tried.failed == []


def test_forged_models(compiled: Path, folder: Path) -> None:
    tried = attacks.forge_models(compiled, folder / "forged", most=30)
    assert tried.tried > 50
    assert tried.failed == []


def test_hostile_texts(compiled: Path, folder: Path) -> None:
    evil = attacks.hostile_warehouse(compiled, folder / "evil")
    (folder / "shown").mkdir()
    failed = [one.failed for one in attacks.show_hostile_texts(evil, folder / "shown")]
    assert failed == [[]] * len(failed)
