"""Reading of keys without a terminal."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.any_duckdb

PROGRAM = "from fame_sql.cli.keys import read_key; read_key('fame label export FILE')"


def test_without_a_terminal_the_command_for_a_file_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert "no terminal to read keys from: run 'fame label export FILE'" in done.stderr
