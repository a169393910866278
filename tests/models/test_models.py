from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from older_model import replace_champion

import fame_sql
from fame_sql import models
from fame_sql.cli import main
from fame_sql.errors import ModelError
from fame_sql.scoring.scoring import score_events
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

FAME = Path(sys.executable).with_name("fame")


def _fame(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FAME, *map(str, words)], capture_output=True, text=True, check=False)


@pytest.fixture
def two(two_models: tuple[Path, str, str]) -> Iterator[tuple[Warehouse, str, str]]:
    """A warehouse with an archived model and a champion, both with scores."""
    path, old, new = two_models
    with Warehouse.open(path) as warehouse:
        score_events(warehouse)
        yield warehouse, old, new


@pytest.mark.slow
def test_an_older_model_is_the_champion_again_with_its_scores(two) -> None:
    warehouse, old, new = two
    by_new = warehouse.rows("SELECT event_id, score FROM fame.verdicts ORDER BY event_id")
    record = models.promote(warehouse, old[:6], author="ana", reason="fewer false alarms")
    assert record.model_version == old
    assert [(m.model_version, m.stage) for m in models.models(warehouse)] == [
        (new, "archived"),
        (old, "champion"),
    ]
    by_old = warehouse.rows("SELECT event_id, score FROM fame.verdicts ORDER BY event_id")
    assert len(by_old) == len(by_new)
    assert by_old != by_new
    assert warehouse.rows(
        "SELECT model_version, author, reason FROM fame.promotions ORDER BY promoted_at"
    )[-1] == (old, "ana", "fewer false alarms")
    assert models.load_champion(warehouse).version == old


@pytest.mark.parametrize("version", ["", "nosuch"])
def test_a_version_that_is_none(opened: Warehouse, version: str) -> None:
    with pytest.raises(ModelError, match="published models: "):
        models.promote(opened, version, reason="back")


@pytest.mark.slow
def test_a_changed_model_is_not_promoted(two) -> None:
    warehouse, old, new = two
    (warehouse.models_folder / old / "model.json").write_text("{}")
    with pytest.raises(ModelError, match=r"model.json is missing or does not match the manifest"):
        models.promote(warehouse, old, reason="back")
    assert models.champion(warehouse).model_version == new


@pytest.mark.slow
def test_the_commands(copied: Path, tmp_path: Path) -> None:
    listed = json.loads(_fame("models", "list", "--json", "--warehouse", copied).stdout)
    version = listed[0]["model_version"]
    told = _fame("models", "promote", version, "--reason", "again", "--warehouse", copied)
    assert told.stdout == f"model {version} is the champion\n"
    exported = _fame("models", "export", version, tmp_path / "out", "--warehouse", copied)
    assert exported.returncode == 0
    with duckdb.connect() as connection:
        fame_sql.register(connection, model=tmp_path / "out")
        assert connection.execute("SELECT fame_score('a')").fetchall()[0][0] >= 0
        release(connection)
    again = _fame("models", "export", version, tmp_path / "out", "--warehouse", copied)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("words", [["promote"], ["convert", "--runtime", "onnx", "--promote"]])
@pytest.mark.parametrize("reason", [[], ["--reason", " "]])
def test_a_promotion_without_a_reason_is_refused(
    copied: Path, words: list[str], reason: list[str]
) -> None:
    with Warehouse.open(copied, read_only=True) as warehouse:
        version = models.champion(warehouse).model_version
    command = ["models", *words, version, *reason, "--warehouse", str(copied)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code in (1, 2)
    assert "--reason" in result.output
    with Warehouse.open(copied, read_only=True) as warehouse:
        assert warehouse.value("SELECT count(*) FROM fame.promotions") == 1
        assert len(models.models(warehouse)) == 1


@pytest.mark.parametrize("named", [True, False])
def test_who_promotes_is_the_user_of_the_system(
    two_models: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    path, old, _ = two_models
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    if named:
        monkeypatch.setenv("LOGNAME", "ben")
    else:
        monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    _run(path, "promote", old, "--reason", "as before")
    listed = json.loads(_run(path, "list", "--json"))
    assert listed[1]["author"] == ("ben" if named else f"uid {os.getuid()}")


def _run(path: Path, *words: object) -> str:
    result = CliRunner().invoke(main, ["models", *map(str, words), "--warehouse", str(path)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_list_tells_the_champion_who_wanted_it_why_and_how_large_it_is(
    two_models: tuple[Path, str, str],
) -> None:
    path, old, new = two_models
    _run(path, "promote", old, "--author", "ana\x1b[2J", "--reason", "fewer false alarms")
    newest, oldest = json.loads(_run(path, "list", "--json"))
    assert [newest["model_version"], oldest["model_version"]] == [new, old]
    assert [newest["stage"], oldest["stage"]] == ["archived", "champion"]
    assert newest["author"] == getpass.getuser()
    assert newest["reason"].startswith("trained: ")
    assert (oldest["author"], oldest["reason"]) == ("ana\x1b[2J", "fewer false alarms")
    folder = path.with_name("centre.models") / old
    assert oldest["bytes"] == sum(file.stat().st_size for file in folder.iterdir())
    shown = _run(path, "list")
    assert "fewer false alarms" in shown
    assert "\x1b" not in shown
    shutil.rmtree(folder)
    assert json.loads(_run(path, "list", "--json"))[1]["bytes"] is None


def test_the_facts_shown_of_a_model_are_those_of_its_training(copied: Path) -> None:
    with Warehouse.open(copied, read_only=True) as warehouse:
        record = models.champion(warehouse)
    version, metrics = record.model_version, record.metrics
    told = json.loads(_run(copied, "show", version[:5], "--json"))
    for name in ("labels", "held_out", "split", "config", "max_false_alarms"):
        assert told[name] == metrics[name]
    assert told["promotions"][0]["author"] == getpass.getuser()
    assert told["promotions"][0]["reason"] == "trained: there was no model"
    shown = _run(copied, "show", version)
    for part in ("known", "unseen"):
        recall = metrics["held_out"][part]["recall"]
        assert f"{recall:.4f}".rstrip("0") in shown
    card = _run(copied, "show", version, "--card")
    assert card == (record.folder / "README.md").read_text()
    (record.folder / "README.md").write_text("trust me")
    result = CliRunner().invoke(
        main, ["models", "show", version, "--card", "--warehouse", str(copied)]
    )
    assert result.exit_code == 1
    assert "README.md is missing or does not match the manifest" in result.output


def test_a_model_of_an_older_release_is_listed_and_shown(copied_with_encoder: Path) -> None:
    copied = copied_with_encoder
    with Warehouse.open(copied) as warehouse:
        version = replace_champion(warehouse)
    assert version in _run(copied, "list")
    shown = _run(copied, "show", version)
    assert "promotions" in shown
    assert "on labelled events" not in shown
    assert json.loads(_run(copied, "show", version, "--json"))["held_out"] is None


def test_an_export_without_examples(copied: Path, tmp_path: Path) -> None:
    (version,) = (row["model_version"] for row in json.loads(_run(copied, "list", "--json")))
    told = _run(copied, "export", version, tmp_path / "bare", "--no-examples")
    assert told == f"model {version} is in {tmp_path / 'bare'}\n"
    assert not (tmp_path / "bare" / "examples.json").exists()
    assert models.load(tmp_path / "bare").version == version
