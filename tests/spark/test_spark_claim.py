"""Two processes and one folder to score into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from holding import holder

from fame_sql.errors import InputError
from fame_sql.spark.claim import FILE, claimed

pytestmark = pytest.mark.any_duckdb

HOLD = """
import sys
from pathlib import Path
from fame_sql.spark.claim import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("is_killed", [False, True], ids=["ended", "killed"])
def test_claim_lasts_as_long_as_its_process(tmp_path: Path, is_killed: bool) -> None:
    folder = tmp_path / "new" / "out"
    with holder(HOLD, str(folder)) as process:
        expected = (
            rf"{folder} is being written by process {process.pid} on \S+ since \d{{4}}-.*: wait"
        )
        with pytest.raises(InputError, match=expected), claimed(folder):
            pytest.fail("the folder is claimed already")
        if is_killed:
            process.kill()
        else:
            process.communicate("")
    with claimed(folder):
        assert f"process {os.getpid()} " in (folder / FILE).read_text()
    assert (folder / FILE).read_text() == ""


def test_claim_ends_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), claimed(tmp_path):
        raise KeyboardInterrupt
    with claimed(tmp_path), pytest.raises(InputError), claimed(tmp_path):
        pytest.fail("one process holds it once")
