"""Drift on simulated weeks: ``python benchmarks/drift.py [SEEDS]``.

A model learns a week of a small system whose services have busy hours of their own. Then comes a
week in which nothing changes, once for each seed, or a deploy that renames two of the three
messages of one service. Prints what the quiet weeks are called, and what drift says after how many
lines of the deploy.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from fame_sql.ingest import ingest_file
from fame_sql.labels.sources import label_from_severity
from fame_sql.operations.drift import read_drift
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.scoring.scoring import score_events
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

START = datetime(2025, 3, 3)
LINES = {
    "cart": {"item added to cart": 60, "cart opened by customer": 30, "payment failed": 10},
    "search": {"query answered from index": 80, "query answered from cache": 40},
    "mail": {"message queued for delivery": 30, "message delivered": 30, "relay refused": 2},
}
"""Lines in an hour, by service and message."""
RENAMED = {"item added to cart": "basket got product", "payment failed": "charge was not accepted"}


def week(seed: int, start: datetime) -> list[dict[str, str]]:
    """Draw the lines of a week; each service is busy at hours of its own."""
    random = np.random.default_rng(seed)
    rows = []
    for phase, (service, messages) in enumerate(LINES.items()):
        for message, rate in messages.items():
            for hour in range(168):
                busy = 1 + 0.8 * np.sin(2 * np.pi * (hour + 5 * phase) / 24)
                for second in random.uniform(0, 3600, random.poisson(rate * busy)):
                    time = start + timedelta(hours=hour, seconds=float(second))
                    level = "ERROR" if "failed" in message or "refused" in message else "INFO"
                    row = {"timestamp": f"{time.isoformat()}Z", "level": level}
                    rows.append({**row, "service": service, "message": message})
    return sorted(rows, key=lambda row: row["timestamp"])


def deploy(seed: int, start: datetime) -> list[dict[str, str]]:
    """Draw a week in which two of the three messages of a service have another text."""
    rows = week(seed, start)
    return [{**row, "message": RENAMED.get(row["message"], row["message"])} for row in rows]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """Write lines as JSON."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def after(base: Path, rows: list[dict[str, str]]) -> str:
    """Return what drift says after lines have come."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copytree(base, Path(folder) / "w")) / "w.duckdb"
        with Warehouse.open(path) as warehouse:
            ingest_file(warehouse, write(Path(folder) / "later.jsonl", rows))
            score_events(warehouse)
            return read_drift(warehouse).freshness


def main() -> None:
    """Print what quiet weeks and a deploy are called."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        base.mkdir()
        with Warehouse.open(base / "w.duckdb", create=True) as warehouse:
            ingest_file(warehouse, write(base / "log.jsonl", week(0, START)))
            mine(warehouse)
            label_from_severity(warehouse, "ERROR")
            compile_model(warehouse)
        later = START + timedelta(days=7)
        for lines in (1000, 2000, 3000, 4000, 6000, 10_000):
            found = after(base, deploy(1, later)[:lines])
            print(f"{lines} lines after a deploy: {found}", flush=True)
        noticed = Counter(after(base, deploy(s, later)[:10_000]) for s in range(1, seeds + 1))
        print(f"{seeds} deploys after 10,000 lines: {dict(noticed)}", flush=True)
        quiet = Counter(after(base, week(seed, later)[-12_000:]) for seed in range(1, seeds + 1))
        print(f"{seeds} quiet weeks: {dict(quiet)}")


if __name__ == "__main__":
    main()
