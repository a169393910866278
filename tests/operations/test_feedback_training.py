"""Feedback as labels: a dismissed class of false alarm is gone, and little else moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from fame_sql.operations.feedback import Named, Said, find, give, withdraw
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.scoring.scoring import score_events
from fame_sql.warehouse.warehouse import Warehouse, utc_now

pytestmark = pytest.mark.any_duckdb

MOVES = 0.01
"""How far the scores of other events may move on average, and the share whose verdict may turn."""

_MOST_ALARMS = """
SELECT events.template_id
FROM fame.verdicts AS verdicts
JOIN fame.events AS events USING (event_id)
WHERE verdicts.is_anomaly AND events.template_id IS NOT NULL
GROUP BY events.template_id ORDER BY sum(events.lines) DESC, events.template_id LIMIT 1
"""
_SCORES = """
SELECT event_id, events.template_id = ?, score, is_anomaly, lines
FROM fame.verdicts JOIN fame.events AS events USING (event_id)
"""


def _scores(warehouse: Warehouse, template_id: str) -> dict[bool, dict[int, tuple]]:
    rows = warehouse.rows(_SCORES, [template_id])
    return {own: {r[0]: r[2:] for r in rows if bool(r[1]) == own} for own in (True, False)}


def test_a_dismissed_class_of_false_alarm_is_gone_and_little_else_moves(opened: Warehouse) -> None:
    template_id = opened.value(_MOST_ALARMS)
    before = _scores(opened, template_id)
    assert any(alarm for _, alarm, _ in before[True].values())
    now = utc_now()
    give(opened, [Named(template_id=template_id)], Said(False, "ann", "it is harmless"), now)
    compile_model(opened)
    found = _scores(opened, template_id)

    assert not any(alarm for _, alarm, _ in found[True].values())
    moved = [abs(found[False][e][0] - score) for e, (score, _, _) in before[False].items()]
    turned = sum(found[False][e][1] != alarm for e, (_, alarm, _) in before[False].items())
    assert sum(moved) / len(moved) <= MOVES
    assert turned <= MOVES * len(moved)

    withdraw(opened, [Named(template_id=template_id)], False, "ann", utc_now())
    # A training of the changed domain alone keeps the scale that was fitted to all of them.
    compile_model(opened, full=True)
    assert _scores(opened, template_id) == before, "as if nothing had been said"


def test_a_confirmed_line_that_no_template_knows_is_learned(opened: Warehouse) -> None:
    from scored_lines import Line, add_lines

    text = "the flux capacitor has melted into the floor"
    add_lines(opened, [Line(0, text, score=None)])
    score_events(opened)
    named = find(opened, str(opened.value("SELECT max(log_id) FROM fame.logs")))
    give(opened, [named], Said(True, "ann", "it was smoke"), utc_now())
    compile_model(opened)
    statement = "SELECT is_anomaly, known_template FROM fame.verdicts WHERE canonical = ?"
    assert opened.rows(statement, [text]) == [(True, True)]


def test_labels_of_feedback_end_with_it(copied: Path) -> None:
    from datetime import timedelta

    with Warehouse.open(copied) as warehouse:
        template_id = warehouse.value(_MOST_ALARMS)
        then = utc_now() - timedelta(days=20)
        labels = "SELECT count(*) FROM fame.labels WHERE author = 'ann'"
        give(warehouse, [Named(template_id=template_id)], Said(False, "ann", "why"), then)
        assert warehouse.value(labels) > 0
        compile_model(warehouse)
        assert warehouse.value(labels) == 0, "it ended six days ago"
