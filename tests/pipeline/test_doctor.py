"""What the doctor finds when partitions, room or a fresh model are missing."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.operations.drift import Drift
from fame_sql.pipeline import doctor
from fame_sql.storage.partitions import move_lines
from fame_sql.warehouse.warehouse import Warehouse

_Usage = namedtuple("_Usage", "total used free")


def found(warehouse: Warehouse) -> dict[str, str]:
    return {finding.command: finding.what for finding in doctor.examine(warehouse)}


def test_partitions_that_are_away_are_named_with_their_place(copied: Path, tmp_path: Path) -> None:
    place = tmp_path / "days"
    with Warehouse.open(copied) as warehouse:
        last = warehouse.value("SELECT max(timestamp) FROM fame.logs")
        move_lines(warehouse, datetime(last.year, last.month, last.day), place=str(place))
        assert "fame partition place FOLDER" not in found(warehouse)
        gone = next(place.rglob("*.parquet"))
        shutil.move(gone, tmp_path / "elsewhere.parquet")
        said = found(warehouse)["fame partition place FOLDER"]
    assert gone.parent.name in said
    assert said.startswith("1 of ")


def test_a_full_disk_and_a_stale_model_are_named_with_what_mends_them(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = Drift("stale", "nothing is known of SHOP", "fame compile", None, [], [])
    monkeypatch.setattr(doctor, "read_drift", lambda _: stale)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10, 9, 1_000_000))
    with Warehouse.open(compiled, read_only=True) as warehouse:
        said = found(warehouse)
    assert said["fame compile"] == "the model is stale: nothing is known of SHOP"
    assert "has 1 MB left" in said["fame partition move --older-than 30d"]


@pytest.mark.parametrize(
    ("findings", "code", "said"),
    [
        ([], 0, "nothing is wrong"),
        ([("a level was missed", False)], 0, "nothing is wrong"),
        ([("a level was missed", False), ("a model is gone", True)], 1, "a model is gone"),
    ],
)
def test_cron_learns_of_problems_and_not_of_remarks(
    compiled: Path, monkeypatch: pytest.MonkeyPatch, findings: list, code: int, said: str
) -> None:
    given = [doctor.Finding(what, "fame x", is_problem) for what, is_problem in findings]
    monkeypatch.setattr(doctor, "examine", lambda *_, **__: given)
    at = ["--warehouse", str(compiled)]
    done = CliRunner().invoke(main, ["doctor", *at])
    assert done.exit_code == code
    assert said in done.output
    assert done.output.startswith("a model is gone") == bool(code)
    assert done.output.count("remark: a level was missed") == ("level" in str(findings))
    assert CliRunner().invoke(main, ["doctor", "--json", *at]).exit_code == code
