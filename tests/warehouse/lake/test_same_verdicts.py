"""A lake gives the verdicts that a file gives, under the same names."""

from __future__ import annotations

from pathlib import Path

import pytest

import fame_sql

# Numbers of lines and events differ; everything else is the same.
STATEMENTS = (
    "SELECT line_number, score, domain, template, is_anomaly FROM scored_logs ORDER BY ALL",
    "SELECT line_number, body, score FROM anomalies ORDER BY ALL",
    "SELECT * EXCLUDE (event_id, first_log_id) FROM events ORDER BY ALL",
    "SELECT template_id, template, status, events, lines FROM templates ORDER BY ALL",
    "SELECT body, fame.score(body), fame.domain(body) FROM logs ORDER BY ALL",
    "SELECT line_number FROM logs WHERE fame_score(body) > 0.5 ORDER BY ALL",
    "SELECT day, lines, is_anomaly, template FROM fame.daily_verdicts ORDER BY ALL",
    "SELECT source, state, rows, errors, line_end FROM fame.ingests ORDER BY ALL",
    "FROM fame.timeline('2000-01-01', '2100-01-01') ORDER BY ALL",
    "SELECT * EXCLUDE (log_id) FROM fame.first_seen('2000-01-01', '2100-01-01') ORDER BY ALL",
    "SELECT source, count(*) FROM fame.labels GROUP BY ALL ORDER BY ALL",
)


@pytest.fixture
def both(compiled: Path, compiled_lake: Path) -> tuple[Path, Path]:
    """The warehouse in a file, and one in a lake that went through the same stages."""
    return compiled, compiled_lake


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("plan", [True, False])
def test_answers_alike(both: tuple[Path, Path], statement: str, plan: bool) -> None:
    answers = []
    for path in both:
        connection = fame_sql.connect(path, read_only=True, plan=plan)
        answers.append(connection.execute(statement).fetchall())
        connection.close()
    assert answers[0] == answers[1]
    assert answers[0]
