"""A small log with traces, services and hosts, in which something happens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fame_sql.ingest import Hints, ingest_file
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse


def _lines() -> Iterator[dict[str, object]]:
    """Yield two hours of requests, and a disk that is full from the second hour on."""
    for i in range(240):
        hour, minute, second = 1 + i // 120, i // 2 % 60, 30 * (i % 2)
        base = {"service_name": "api", "host_name": f"api-{i % 2}", "trace_id": f"t{i // 4}"}
        status = 503 if i == 199 else 200 if i % 3 else 404
        yield {
            **base,
            "timestamp": f"2024-01-01T{hour:02d}:{minute:02d}:{second:02d}",
            "severity_text": "INFO",
            "body": f"request finished with status {status} today",
        }
        if i >= 120 and i % 10 == 0:
            yield {
                **base,
                "service_name": "db",
                "timestamp": f"2024-01-01T{hour:02d}:{minute:02d}:{second + 1:02d}",
                "severity_text": "ERROR",
                "body": "could not extend file because the disk is full",
            }
        if i % 10 == 0:
            yield {
                **base,
                "service_name": "cron",
                "timestamp": f"2024-01-01T{hour:02d}:{minute:02d}:{second + 2:02d}",
                "severity_text": "INFO",
                "body": "cleaned the cache",
            }


@pytest.fixture(scope="session")
def story(newborn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with the log and its templates, without a model; not to be changed."""
    folder = tmp_path_factory.mktemp("story")
    log = folder / "story.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in _lines()))
    path = Path(shutil.copy(newborn, folder / "story.duckdb"))
    with Warehouse.open(path) as warehouse:
        ingest_file(warehouse, log, format="jsonl", hints=Hints())
        mine(warehouse)
    return path


@pytest.fixture
def told(story: Path) -> Iterator[Warehouse]:
    """The warehouse of the story, read-only."""
    with Warehouse.open(story, read_only=True) as warehouse:
        yield warehouse
