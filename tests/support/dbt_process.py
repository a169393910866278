"""Runs the real dbt in a process of its own, as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dbt_project"
# dbt needs a pathspec that mypy refuses, so 'make test' installs it into a folder of its own.
OWN_FOLDER = ROOT / "build" / "dbt"
IN_ONE_PROCESS = """
import json, os
from dbt.cli.main import dbtRunner
for slice_, words in json.loads(os.environ["COMMANDS"]):
    os.environ["CONSUMER_SLICE"] = slice_
    assert dbtRunner().invoke(words).success, words
"""
_manifests: dict[Path, bytes] = {}
COMMAND = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "--no-use-colors"]


@dataclass(frozen=True)
class Run:
    """What a run of dbt said."""

    code: int
    said: str
    results: dict[str, str]


class Dbt:
    """dbt on one project; what it writes lies in ``scratch``.

    It runs in the folder of ``warehouse`` and reads its name alone. dbt reads all models again when
    the environment of a profile changes, and so reads those of the package only once for all tests.
    """

    def __init__(
        self, project: Path, scratch: Path, warehouse: Path | None = None, **environment: str
    ) -> None:
        self.project, self.scratch = project, scratch
        self.folder = project if warehouse is None else warehouse.parent
        if warehouse is not None:
            environment["FAME_WAREHOUSE"] = warehouse.name
        paths = [str(OWN_FOLDER), os.environ.get("PYTHONPATH", "")]
        self.environment = {
            **os.environ,
            **environment,
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            "DBT_TARGET_PATH": str(scratch / "target"),
            "DBT_LOG_PATH": str(scratch / "logs"),
            "DBT_PROFILES_DIR": str(project),
            "DBT_PROJECT_DIR": str(project),
            "HF_HUB_OFFLINE": "1",
        }

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __call__(self, *words: str, **environment: str) -> Run:
        found = self.scratch / "target" / "run_results.json"
        found.unlink(missing_ok=True)
        self._borrow_manifest()
        process = self.start(*words, **environment)
        said, _ = process.communicate(timeout=300)
        if "--vars" not in words:  # dbt reads all models again for other variables.
            self._lend_manifest()
        results = json.loads(found.read_text())["results"] if found.exists() else []
        statuses = {r["unique_id"].split(".", 2)[2]: r["status"] for r in results}
        return Run(process.returncode, said, statuses)

    def several(self, *commands: tuple[str, Sequence[str]]) -> None:
        """Run commands in one process, for it takes long to start: each with a slice of lines."""
        self._borrow_manifest()
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", IN_ONE_PROCESS],
            cwd=self.folder,
            env={**self.environment, "COMMANDS": json.dumps(commands)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        self._lend_manifest()

    def _borrow_manifest(self) -> None:
        """Begin with what another test read of the package."""
        mine = self._manifest()
        if self.project in _manifests and not mine.exists():
            mine.parent.mkdir(parents=True, exist_ok=True)
            mine.write_bytes(_manifests[self.project])

    def _lend_manifest(self) -> None:
        if self.project == PACKAGE and self._manifest().exists():
            _manifests.setdefault(self.project, self._manifest().read_bytes())

    def _manifest(self) -> Path:
        return self.scratch / "target" / "partial_parse.msgpack"


def require_dbt() -> None:
    """Skip where dbt is not installed: 'make unit' and 'make dbt' install it."""
    if not (OWN_FOLDER / "dbt").is_dir():
        pytest.importorskip("dbt.adapters.duckdb", reason="dbt is not here: run 'make dbt'")
