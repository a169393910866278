from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main

pytestmark = pytest.mark.slow

FAME = Path(sys.executable).with_name("fame")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [FAME, "demo", "--lines", "3000", "--warehouse", folder / "shown.duckdb"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "shown.duckdb", done.stdout


@pytest.mark.any_duckdb
def test_it_tells_all_that_it_promises(shown: tuple[Path, str]) -> None:
    path, text = shown
    for part in (
        "lines",
        "distinct messages",
        "canonical events",
        "templates",
        "labels used",
        "Failure domains",
        "mixed",
        "precision",
        "recall",
        "F1",
        "come from templates that training has not seen",
        str(path),
    ):
        assert part in text
    worst = text.split("with the highest scores")[1].splitlines()[3:13]
    assert len([line for line in worst if line.strip()]) >= 5


@pytest.mark.slow
def test_the_queries_work_when_pasted(shown: tuple[Path, str]) -> None:
    commands = [line for line in shown[1].splitlines() if " query --warehouse " in line]
    assert len(commands) == 3
    for command in commands:
        done = subprocess.run(
            shlex.split(command.replace("fame query", f"{FAME} query", 1))
            if command.strip().startswith("fame")
            else shlex.split(command),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) > 2


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_a_second_run_continues_the_first(shown: tuple[Path, str]) -> None:
    path, _ = shown
    done = subprocess.run(
        [FAME, "demo", "--lines", "3000", "--json", "--warehouse", path],
        capture_output=True,
        text=True,
    )
    facts = json.loads(done.stdout)
    assert facts["summary"]["lines"] == 3000
    assert facts["seconds"]["train"] < 2


@pytest.mark.any_duckdb
def test_another_log_into_the_same_warehouse_is_refused(shown: tuple[Path, str]) -> None:
    path, _ = shown
    done = subprocess.run(
        [FAME, "demo", "--lines", "2000", "--warehouse", path], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "contains other logs already" in done.stderr


@pytest.mark.any_duckdb
def test_a_log_that_is_missing_leaves_no_warehouse(tmp_path: Path) -> None:
    words = ["demo", "--data", str(tmp_path / "no.log"), "--warehouse", str(tmp_path / "w.duckdb")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "there is no file" in done.stderr
    assert list(tmp_path.iterdir()) == []
