"""Upgrades that are killed leave the old or the new warehouse."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from older_warehouse import ROWS, copies_of, older_warehouse, warehouse_state

from fame_sql.warehouse.migrations import newest_version
from fame_sql.warehouse.upgrade import upgrade

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]

NEWEST = newest_version()
KILLED = """
import os, signal, sys
from pathlib import Path
from fame_sql.warehouse import backup, upgrade

where, path = sys.argv[1], Path(sys.argv[2])
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    def run(*arguments, **named):
        function(*arguments, **named)
        die()
    return run

class Spy:
    def __init__(self, connection):
        self.connection = connection
    def __getattr__(self, name):
        return getattr(self.connection, name)
    def execute(self, statement, *rest):
        if where == "before commit" and statement == "COMMIT":
            die()
        done = self.connection.execute(statement, *rest)
        if where == "after commit" and statement == "COMMIT":
            die()
        return done

opened = upgrade.open_file
upgrade.open_file = lambda path: Spy(opened(path))
if where == "before the copy":
    upgrade.copy_file = die
elif where == "in the copy":
    backup._COPY = "import os, sys; open(sys.argv[2], 'w').write('half'); os.kill(os.getppid(), 9)"
elif where == "after the copy":
    upgrade.copy_file = after(upgrade.copy_file)
elif where == "after the steps":
    upgrade.apply_steps = after(upgrade.apply_steps)
elif where == "after the views":
    upgrade.define = after(upgrade.define)
upgrade.upgrade(path)
"""


@pytest.mark.parametrize(
    ("where", "version"),
    [
        ("before the copy", 2),
        ("in the copy", 2),
        ("after the copy", 2),
        ("after the steps", 2),
        ("after the views", 2),
        ("before commit", 2),
        ("after commit", NEWEST),
    ],
)
def test_a_killed_upgrade_leaves_the_old_or_the_new_warehouse(
    tmp_path: Path, where: str, version: int
) -> None:
    path = older_warehouse(tmp_path / "w.duckdb", 2)
    before = path.read_bytes()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, where, path], capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    copies = [name for name in copies_of(path) if not name.startswith(".")]
    assert len(copies) == (where in ("before commit", "after commit"))
    for name in copies:
        assert path.with_name(name).read_bytes() == before
    assert warehouse_state(path) == (version, ROWS)
    again = upgrade(path)
    assert again.changed == (version != NEWEST)
    assert warehouse_state(path) == (NEWEST, ROWS)
    assert [name for name in copies_of(path) if name.startswith(".")] == []


def test_an_upgrade_killed_at_any_time(tmp_path: Path) -> None:
    source = older_warehouse(tmp_path / "source.duckdb", 1)
    for attempt in range(6):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        path = Path(shutil.copy(source, folder / "w.duckdb"))
        program = (
            "import sys, threading, os\n"
            "from pathlib import Path\n"
            "from fame_sql.warehouse.upgrade import upgrade\n"
            "import sqlglot\n"
            f"threading.Timer({0.02 + 0.05 * attempt}, lambda: os.kill(os.getpid(), 9)).start()\n"
            "upgrade(Path(sys.argv[1]))\n"
        )
        subprocess.run([sys.executable, "-c", program, path], check=False, env=dict(os.environ))
        assert warehouse_state(path) in ((1, ROWS), (NEWEST, ROWS))
        upgrade(path)
        assert warehouse_state(path) == (NEWEST, ROWS)
