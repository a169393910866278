"""What a built package contains."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.any_duckdb

ROOT = Path(__file__).parents[2]
SOURCES = ["fame_sql", "sql", "udfs", "dbt_project", "pyproject.toml", "README.md", "LICENSE"]
MADE = ("target", "logs", "dbt_packages", "__pycache__", "package-lock.yml", ".user.yml")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything of a wheel, unpacked as pip would."""
    sources = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns(*MADE)
            shutil.copytree(ROOT / name, sources / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, sources)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--quiet"]
    command += ["--no-build-isolation", "--wheel-dir", "dist", "."]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = (sources / "dist").glob("*.whl")
    unpacked = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sources", "package"),
    [
        ("fame_sql", "fame_sql"),
        ("sql", "fame_sql/sql"),
        ("udfs", "fame_sql/udfs"),
        ("dbt_project", "fame_sql/dbt_project"),
    ],
)
def test_a_wheel_holds_every_file(installed: Path, sources: str, package: str) -> None:
    # These serve the sources' own folder.
    left_out = (
        {"profiles.yml", "requirements.txt", ".gitignore"} if sources == "dbt_project" else set()
    )
    ignored = {*MADE, *left_out}
    files = [path.relative_to(ROOT / sources) for path in (ROOT / sources).rglob("*")]
    wanted = {
        path
        for path in files
        if (ROOT / sources / path).is_file() and not ignored & set(path.parts)
    }
    found = {
        path.relative_to(installed / package)
        for path in (installed / package).rglob("*")
        if path.is_file()
    }
    assert len(wanted) > 3
    assert wanted - found == set()


def test_an_installed_package_starts_a_dbt_project(installed: Path, compiled: Path) -> None:
    # Without 'site', the editable install is not found: only the unpacked wheel is.
    libraries = [entry for entry in sys.path if entry and Path(entry) != ROOT]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), *libraries])}
    words = ["dbt", "init", "mine", "--warehouse", str(compiled)]
    done = subprocess.run(
        [sys.executable, "-S", "-c", "from fame_sql.cli import main; main()", *words],
        cwd=installed,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    packages = (installed / "mine" / "packages.yml").read_text()
    assert str(installed / "fame_sql" / "dbt_project") in packages
