"""Labels of a log's own column: each line has one, and those of one text may conflict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fame_sql.domains.domains import group_templates, read_summaries
from fame_sql.errors import InputError
from fame_sql.evaluation.champion import evaluate
from fame_sql.ingest import Hints, ingest_file
from fame_sql.labels import (
    PER_EVENT,
    count_labels,
    export_lines,
    label_from_column,
    label_from_severity,
    label_some_from_column,
)
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.students import StudentConfig
from fame_sql.students.calibration.calibration import sigmoid
from fame_sql.students.fitting.balance import balance
from fame_sql.students.lexical import fit_lexical
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

HEARTBEAT = "heartbeat lost from peer"
# One message, an alert at first and rarely afterwards.
RARELY = [(HEARTBEAT, "normal" if i % 10 else "alert") for i in range(75)]
OTHERS = [(f"session opened for {name}", "normal") for name in ("root", "ana", "bob")]
OTHERS += [(f"disk {name} broken on rack", "alert") for name in ("alpha", "beta", "gamma")]
BESIDE_OTHERS = [line for i, said in enumerate(RARELY) for line in (said, OTHERS[i % 6])]
A_QUARTER = [("hello", "normal" if i % 4 else "alert") for i in range(200)]


@pytest.fixture
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse of the messages and labels that the test is parametrised with."""
    rows = [
        {
            "timestamp": f"2024-01-01T{i // 60:02}:{i % 60:02}:00",
            "severity_text": "INFO",
            "service_name": "mesh",
            "body": body,
            "label": label,
        }
        for i, (body, label) in enumerate(request.param)
    ]
    path = tmp_path / "mesh.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    with Warehouse.open(tmp_path / "mesh.duckdb", create=True) as warehouse:
        ingest_file(warehouse, path, format="jsonl", hints=Hints(label_key="label"))
        yield warehouse


def _labels_of_heartbeat(warehouse: Warehouse) -> tuple[int, int]:
    normal, anomalous = warehouse.rows(
        "SELECT normal_labels, anomalous_labels FROM fame.event_labels "
        "INNER JOIN fame.events USING (event_id) WHERE example = ?",
        [HEARTBEAT],
    )[0]
    return normal, anomalous


@pytest.mark.parametrize("log", [RARELY, BESIDE_OTHERS], indirect=True)
@pytest.mark.parametrize("per_template", [5, 20])
def test_k_is_spent_on_a_message_that_is_alone(log: Warehouse, per_template: int) -> None:
    mine(log, fraction=1)
    label_from_column(log, per_template=per_template)
    normal, anomalous = _labels_of_heartbeat(log)
    assert normal + anomalous == per_template
    assert normal > anomalous > 0


@pytest.mark.parametrize("log", [RARELY], indirect=True)
def test_a_conflict_shows_in_the_report_and_the_status(log: Warehouse) -> None:
    mine(log, fraction=1)
    assert label_from_column(log, per_template=1).anomalous_templates == 1
    found = label_from_column(log)
    assert (found.labels, found.conflicting_events, found.mixed_templates) == (20, 1, 1)
    spread = log.value("SELECT count(DISTINCT log_id // 15) FROM fame.labels")
    assert spread == 5


@pytest.mark.parametrize("per_template", [1, 5, 20])
def test_k_lines_of_every_template_and_no_message_twice_before_the_others(
    unlabelled: Warehouse, per_template: int
) -> None:
    label_from_column(unlabelled, per_template=per_template)
    rows = unlabelled.rows(
        """
        WITH available AS (
            SELECT template_id, event_id, count(*) AS lines,
                least(count(DISTINCT body), ?) AS messages
            FROM fame.log_periods INNER JOIN fame.events USING (event_id)
            WHERE period <> 'later' GROUP BY template_id, event_id
        ), judged AS (
            SELECT labels.template_id, count(*) AS labels, count(DISTINCT body) AS messages
            FROM fame.labels INNER JOIN fame.logs USING (log_id) GROUP BY ALL
        )
        SELECT template_id, labels, judged.messages, sum(lines), sum(available.messages)
        FROM available INNER JOIN judged USING (template_id) GROUP BY ALL
        """,
        [PER_EVENT],
    )
    for _, labels, messages, lines, distinct in rows:
        assert labels == min(per_template, lines)
        assert messages >= min(per_template, distinct)


@pytest.mark.parametrize("log", [RARELY], indirect=True)
def test_people_and_models_are_asked_once_per_message(log: Warehouse, tmp_path: Path) -> None:
    mine(log, fraction=1)
    assert export_lines(log, tmp_path / "judge.csv") == 1
    assert export_lines(log, tmp_path / "next.csv", next_lines=9) == 1
    with pytest.raises(InputError, match="every event is"):
        label_from_severity(log, "ERROR")


@pytest.mark.parametrize("log", [BESIDE_OTHERS], indirect=True)
@pytest.mark.parametrize("lines", [8, 40, 120])
def test_an_active_choice_goes_on_with_lines_when_messages_end(log: Warehouse, lines: int) -> None:
    mine(log, fraction=1)
    assert label_some_from_column(log, lines).labels == lines
    assert log.value("SELECT count(DISTINCT log_id) FROM fame.labels") == lines
    assert log.value("SELECT count(DISTINCT event_id) FROM fame.labels") == 7
    assert sum(_labels_of_heartbeat(log)) > (lines > 8)


@pytest.mark.parametrize("log", [BESIDE_OTHERS], indirect=True)
def test_copies_of_a_message_are_no_evidence_for_an_expert(log: Warehouse) -> None:
    mine(log, fraction=1)
    label_from_column(log)
    counts = {
        summary.examples[0]: (summary.normal_labels, summary.anomalous_labels)
        for summary in read_summaries(log)
    }
    assert counts == {HEARTBEAT: (1, 1), OTHERS[0][0]: (3, 0), OTHERS[3][0]: (0, 3)}
    group_templates(log)
    kinds = log.rows(
        "SELECT DISTINCT kind FROM fame.domains INNER JOIN fame.domain_templates USING (domain) "
        "INNER JOIN fame.templates USING (template_id) WHERE status = 'mixed'"
    )
    assert kinds == [("mixed",)]


@pytest.mark.slow
@pytest.mark.parametrize("log", [RARELY, A_QUARTER, BESIDE_OTHERS], indirect=True)
def test_a_score_lies_near_the_share_of_the_labels(log: Warehouse, tiny: StudentConfig) -> None:
    compile_model(log, config=tiny)
    shares = log.rows(
        "SELECT anomalous_labels / (normal_labels + anomalous_labels), score "
        "FROM fame.event_labels INNER JOIN fame.verdicts USING (event_id)"
    )
    assert count_labels(log).conflicting_events == 1
    for share, score in shares:
        assert (score > 0.5) == (share > 0.5)
        assert score == pytest.approx(share, abs=0.2)
    assert evaluate(log).outcomes["fame"]["all"].false_positives == 0


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5, 0.8])
def test_a_text_alone_is_as_likely_anomalous_as_its_labels_say(share: float) -> None:
    odds = fit_lexical([HEARTBEAT], np.array([share])).log_odds([HEARTBEAT])
    assert sigmoid(odds)[0] == pytest.approx(share, abs=0.01)


def test_the_rarer_class_is_raised_but_not_the_rarer_labels_of_an_event() -> None:
    share = np.array([1, 0, 0, 0, 0, 0.1])
    weight = np.array([2.0, 1, 1, 1, 1, 2])
    factor = balance(share, weight)
    assert factor[0] * 2 == pytest.approx((factor * weight)[1:].sum())
    assert factor[5] == factor[1] < 1 < factor[0]
    assert balance(share, weight, most=1.5)[0] == 1.5
    assert balance(share[1:], weight[1:]).tolist() == [1] * 5
