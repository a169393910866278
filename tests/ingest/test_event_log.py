"""Event logs of Windows. The package that reads them is an extra, which the tests do without."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from fame_sql.ingest import ingest_file
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


class Events:
    """Two events, and a damaged one between them."""

    def __init__(self, file: IO[bytes]) -> None:
        self.left: list[int | None] = [6, None, 7]

    def records_json(self) -> Events:
        return self

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> dict[str, str]:
        if not self.left:
            raise StopIteration
        second = self.left.pop(0)
        if second is None:
            raise RuntimeError("a damaged\nrecord")
        time = {"#attributes": {"SystemTime": f"2024-02-03T04:05:0{second}.5Z"}}
        system = {"EventID": 16, "Level": 2, "TimeCreated": time, "Computer": "ws1"}
        return {"data": json.dumps({"Event": {"System": system, "EventData": {"A": 1}}}, indent=1)}


def test_events_are_records_and_a_damaged_one_is_flagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "evtx", SimpleNamespace(PyEvtxParser=Events))
    source = tmp_path / "System.evtx"
    source.write_bytes(b"ElfFile\x00")
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as warehouse:
        report = ingest_file(warehouse, source)
        found = warehouse.rows(
            "SELECT second(timestamp), severity_text, host_name, body FROM logs ORDER BY log_id"
        )
    assert found == [
        (6, "Error", "ws1", "EventID 16 A=1"),
        (None, None, None, "an event that cannot be read: a damaged record"),
        (7, "Error", "ws1", "EventID 16 A=1"),
    ]
    assert (report.rows, report.errors, report.format) == (3, 1, "windows")
