"""A file that is read while its last line is half written gives the records of the whole file."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from fame_sql.ingest import ingest_files
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

TRACES = "".join(
    f"2025-01-01 00:00:{n:02d} ERROR boom {n}\n" + "  at foo.bar\n  at baz\n" * (n % 2)
    for n in range(8)
).encode()
LINES = "".join(f"2025-01-01 00:00:{n:02d} ERROR disk {n} failed\n" for n in range(8)).encode()
PLAIN = "".join(f"alpha beta {n * 7}\n" for n in range(8)).encode()
# In the middle of a line, at the beginning of a time, before a line end.
CUTS = {"traces": (TRACES, 124, 239), "lines": (LINES, 105, 250), "plain": (PLAIN, 31, 78)}


def records(path: Path, name: Path, contents: list[bytes]) -> list[tuple]:
    with Warehouse.open(path) as warehouse:
        for content in contents:
            name.write_bytes(content)
            list(ingest_files(warehouse, [name]))
        return warehouse.rows(
            "SELECT line_number, byte_offset, line_count, body, canonical FROM fame.logs "
            "JOIN fame.events USING (event_id) ORDER BY line_number, byte_offset"
        )


@pytest.mark.parametrize("kind", CUTS)
def test_every_order_of_halves_gives_the_whole(newborn: Path, tmp_path: Path, kind: str) -> None:
    whole, *cuts = CUTS[kind]
    once = Path(shutil.copy(newborn, tmp_path / "once.duckdb"))
    expected = records(once, tmp_path / "once.log", [whole])
    wrong = []
    for number, order in enumerate(itertools.permutations([*cuts, len(whole)])):
        path = Path(shutil.copy(newborn, tmp_path / f"{number}.duckdb"))
        halves = [whole[:cut] for cut in order]
        if records(path, tmp_path / f"{number}.log", [*halves, whole]) != expected:
            wrong.append(order)
    assert wrong == []
