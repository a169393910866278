from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql import registry
from fame_sql.errors import ModelError
from fame_sql.scoring import score_events
from fame_sql.students import StudentConfig
from fame_sql.training import train_students
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse import Warehouse

FAME = Path(sys.executable).with_name("fame")


def _fame(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FAME, *map(str, words)], capture_output=True, text=True, check=False)


@pytest.fixture
def two(opened: Warehouse, tiny: StudentConfig) -> tuple[Warehouse, str, str]:
    """A warehouse with an archived model and a champion, both with scores."""
    old = registry.champion(opened).model_version
    new = train_students(opened, config=replace(tiny, seed=3)).model_version
    score_events(opened)
    return opened, old, new


def test_an_older_model_is_the_champion_again_with_its_scores(two) -> None:
    warehouse, old, new = two
    by_new = warehouse.rows("SELECT event_id, score FROM fame.verdicts ORDER BY event_id")
    record = registry.promote(warehouse, old[:6], author="ana", reason="fewer false alarms")
    assert record.model_version == old
    assert [(m.model_version, m.stage) for m in registry.models(warehouse)] == [
        (new, "archived"),
        (old, "champion"),
    ]
    by_old = warehouse.rows("SELECT event_id, score FROM fame.verdicts ORDER BY event_id")
    assert len(by_old) == len(by_new)
    assert by_old != by_new
    assert warehouse.rows(
        "SELECT model_version, author, reason FROM fame.promotions ORDER BY promoted_at"
    )[-1] == (old, "ana", "fewer false alarms")
    assert registry.load_champion(warehouse).version == old


@pytest.mark.parametrize("version", ["", "nosuch"])
def test_a_version_that_is_none(opened: Warehouse, version: str) -> None:
    with pytest.raises(ModelError, match="there are: "):
        registry.promote(opened, version)


def test_a_changed_model_is_not_promoted(two) -> None:
    warehouse, old, new = two
    (warehouse.models_folder / old / "model.json").write_text("{}")
    with pytest.raises(ModelError, match=r"model.json is missing or not what the manifest says"):
        registry.promote(warehouse, old)
    assert registry.champion(warehouse).model_version == new


def test_the_commands(copied: Path, tmp_path: Path) -> None:
    listed = json.loads(_fame("models", "list", "--json", "--warehouse", copied).stdout)
    version = listed[0]["model_version"]
    assert listed[0]["stage"] == "champion"
    assert version in _fame("models", "list", "--warehouse", copied).stdout
    shown = _fame("models", "show", version[:5], "--warehouse", copied)
    assert "trained" in shown.stdout
    told = _fame("models", "promote", version, "--why", "again", "--warehouse", copied)
    assert told.stdout == f"model {version} is the champion\n"
    exported = _fame("models", "export", version, tmp_path / "out", "--warehouse", copied)
    assert exported.returncode == 0
    with duckdb.connect() as connection:
        fame_sql.register(connection, model=tmp_path / "out")
        assert connection.execute("SELECT fame_score('a')").fetchall()[0][0] >= 0
        release(connection)
    again = _fame("models", "export", version, tmp_path / "out", "--warehouse", copied)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
