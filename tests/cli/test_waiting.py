"""Waiting for a warehouse that another process holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main

pytestmark = pytest.mark.any_duckdb

HOLD = (
    "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); "
    "sys.stdin.readline()"
)


def test_a_query_waits_for_the_process_that_holds_the_warehouse(
    newborn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "held.duckdb"
    path.write_bytes(newborn.read_bytes())
    words = ["query", "SELECT 42 AS n", "--warehouse", str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=pipe, stdout=pipe, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for wait in ([], ["--wait", "0.1"]):
            refused = CliRunner().invoke(main, [*words, *wait])
            assert refused.exit_code == 1
            assert f"held by process {holder.pid}" in refused.stderr
            assert "--wait 60" in refused.stderr

        def let_go(_: float) -> None:
            if holder.poll() is None:
                holder.communicate("\n")

        monkeypatch.setattr("fame_sql.cli.waiting.time.sleep", let_go)
        done = CliRunner().invoke(main, [*words, "--wait", "30", "--csv"])
    assert (done.exit_code, done.stdout) == (0, "n\n42\n")
