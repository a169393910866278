"""A warehouse whose lines and verdicts are written down, without files and without a training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fame_sql.warehouse.warehouse import Warehouse

START = datetime(2026, 5, 4, 10)
MODEL = "written-down"

_ADD_MODEL = """
INSERT INTO fame.models VALUES
(?, 'nowhere', '', '', '{}', 'champion', TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-01')
"""
_ADD_EVENT = """
INSERT INTO fame.events
SELECT coalesce(max(event_id), 0) + 1, md5($text), $text, $text, NULL, $log_id, $at, $at, 0
FROM fame.events
"""
_ADD_LINE = """
INSERT INTO fame.logs (
    log_id, timestamp, observed_timestamp, severity_number, service_name, host_name, body, event_id,
    source_path, line_number, byte_offset, line_count, ingest_id, parser
)
SELECT $log_id, $at, $at, $severity, $service, $host, $body,
    (SELECT event_id FROM fame.events WHERE canonical = $text), 'a.log', $log_id, 0, 1, 1, 'text'
"""
_SCORE = """
INSERT INTO fame.scores
SELECT 'written-down', event_id, $score, $domain, 1, 0, NULL, false, 0.5, TIMESTAMP '2026-01-01'
FROM fame.events WHERE canonical = $text
"""
_NOTICE = """
INSERT INTO fame.provisional_events
SELECT event_id, fame.provisional_id(canonical) FROM fame.events
WHERE canonical = $text
"""


@dataclass(frozen=True)
class Line:
    """A line of a log: seconds after :data:`START`, and what it says."""

    second: float
    text: str = "disk failed"
    service: str | None = "cart"
    severity: int | None = 17
    host: str = "h1"
    body: str = ""
    score: float | None = 0.99

    @property
    def at(self) -> datetime:
        """The time of the line."""
        return START + timedelta(seconds=self.second)


def new_warehouse(path: Path) -> Warehouse:
    """Return an open warehouse with a champion and nothing else."""
    warehouse = Warehouse.open(path, create=True)
    warehouse.connection.execute(_ADD_MODEL, [MODEL])
    return warehouse


def add_lines(warehouse: Warehouse, lines: Iterable[Line]) -> None:
    """Add lines as if they had been read and scored, except those without a score."""
    with warehouse.transaction():
        for line in lines:
            _add(warehouse, line)


def empty(warehouse: Warehouse) -> None:
    """Delete all lines, verdicts and incidents."""
    tables = ("logs", "events", "scores", "provisional_events", "feedback", "stored_incidents")
    for table in (*tables, *(f"incident_{n}" for n in ("events", "counts", "changes", "waiting"))):
        warehouse.connection.execute(f"DELETE FROM fame.{table}")
    warehouse.connection.execute("DELETE FROM fame.settings WHERE key = 'incidents_read'")


def score(warehouse: Warehouse, text: str, score: float, domain: str = "storage") -> None:
    """Store the verdict on a text."""
    warehouse.connection.execute(_SCORE, {"text": text, "score": score, "domain": domain})
    warehouse.connection.execute(_NOTICE, {"text": text})


def _add(warehouse: Warehouse, line: Line) -> None:
    log_id = warehouse.value("SELECT coalesce(max(log_id), 0) + 1 FROM fame.logs")
    known = warehouse.value("SELECT count(*) FROM fame.events WHERE canonical = ?", [line.text])
    if not known:
        event = {"text": line.text, "log_id": log_id, "at": line.at}
        warehouse.connection.execute(_ADD_EVENT, event)
        if line.score is not None:
            score(warehouse, line.text, line.score)
    facts = {
        "log_id": log_id,
        "at": line.at,
        "severity": line.severity,
        "service": line.service,
        "host": line.host,
        "body": line.body or line.text,
        "text": line.text,
    }
    warehouse.connection.execute(_ADD_LINE, facts)
