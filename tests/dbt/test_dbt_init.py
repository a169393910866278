"""What ``fame dbt init`` writes and says, without dbt."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from holding import holder

from fame_sql.cli import main

pytestmark = pytest.mark.any_duckdb

ADDRESS = "https://example.com/fame-sql.git"
READER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print("held", flush=True)
    sys.stdin.read()
"""


def _init(folder: Path, warehouse: Path, *words: str) -> str:
    said = CliRunner().invoke(
        main, ["dbt", "init", str(folder), "--warehouse", str(warehouse), *words]
    )
    assert said.exit_code == 0, said.output
    return said.output


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), {"revision": "main", "subdirectory": "dbt_project"}),
        (("--revision", "v1"), {"revision": "v1", "subdirectory": "dbt_project"}),
        (("--subdirectory", "packages/dbt"), {"revision": "main", "subdirectory": "packages/dbt"}),
        (("--subdirectory", "."), {"revision": "main"}),
    ],
)
def test_a_git_address_names_the_folder_of_the_package(
    compiled: Path, tmp_path: Path, words: tuple[str, ...], expected: dict[str, str]
) -> None:
    _init(tmp_path / "mine", compiled, "--package", ADDRESS, *words)
    written = yaml.safe_load((tmp_path / "mine" / "packages.yml").read_text())
    assert written == {"packages": [{"git": ADDRESS, **expected}]}


@pytest.mark.parametrize("path", ["../..", "/etc", "a/../../b"])
def test_a_folder_outside_the_repository_is_refused(
    compiled: Path, tmp_path: Path, path: str
) -> None:
    words = ["dbt", "init", str(tmp_path / "mine"), "--warehouse", str(compiled)]
    ran = CliRunner().invoke(main, [*words, "--package", ADDRESS, "--subdirectory", path])
    assert ran.exit_code == 1
    assert "leaves the repository" in ran.output
    assert not (tmp_path / "mine").exists()


def test_without_a_model_it_says_what_comes_first(
    mined: Path, compiled: Path, tmp_path: Path
) -> None:
    advice = f"no model is published: run 'fame compile --warehouse {mined}' before dbt build"
    assert advice in _init(tmp_path / "early", mined)
    assert "no model" not in _init(tmp_path / "ready", compiled)


def test_somebody_who_reads_the_warehouse_is_not_in_the_way(copied: Path, tmp_path: Path) -> None:
    reader = holder(READER, str(copied))
    try:
        assert "dbt build" in _init(tmp_path / "mine", copied)
    finally:
        reader.communicate()


def test_the_profile_says_where_memory_and_temporary_files_are_set(
    compiled: Path, tmp_path: Path
) -> None:
    _init(tmp_path / "mine", compiled)
    text = (tmp_path / "mine" / "profiles.yml").read_text()
    uncommented = text.replace("# memory_limit", "memory_limit")
    options = yaml.safe_load(uncommented)["my_logs"]["outputs"]["warehouse"]["config_options"]
    assert options == {"memory_limit": "2GB", "temp_directory": f"{compiled}.tmp"}
