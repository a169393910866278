"""The policy for unseen templates, and thresholds from a false-alarm target."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import fame_sql
from fame_sql import models
from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.scoring.policy import (
    UNSEEN,
    action,
    measured_costs,
    read_target,
    read_unseen,
    report,
    set_unseen,
    store_target,
)
from fame_sql.scoring.scoring import score_events
from fame_sql.students import StudentConfig, load_student
from fame_sql.students.calibration.calibration import (
    Calibration,
    expected_calibration_error,
    sigmoid,
)
from fame_sql.students.calibration.held_out import HeldOut, HeldOutEvents, hold_out_templates
from fame_sql.students.calibration.thresholds import (
    needed,
    threshold_for,
    thresholds_for,
    thresholds_in_force,
    upper_bound,
    with_thresholds,
)
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.words.training import unseen_log_odds
from fame_sql.training.false_alarm_target import set_target
from fame_sql.training.training import train_students
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse


def held_out_events(
    log_odds: list[float], anomalous: list[float], lines: list[float]
) -> HeldOutEvents:
    return HeldOutEvents(
        np.array(log_odds), np.array(anomalous), np.array(lines), np.arange(len(log_odds))
    )


# ---- thresholds and bounds


@pytest.mark.parametrize(
    ("alarms", "size"), [(0, 10), (0, 299_572), (3, 100), (50, 50), (0.4, 2.5)]
)
def test_the_upper_bound_is_that_of_a_one_sided_95_percent_interval(
    alarms: float, size: float
) -> None:
    from scipy.special import betainc

    bound = float(upper_bound(np.array([alarms]), size)[0])
    if alarms == size:
        assert bound == 1
    else:
        assert betainc(alarms + 1, size - alarms, bound) == pytest.approx(0.95)


@pytest.mark.parametrize(("target", "lines"), [(10, 299_572), (1000, 2995), (100_000, 29)])
def test_the_rule_of_three_gives_the_lines_that_a_target_needs(target: float, lines: int) -> None:
    assert needed(target) == lines
    assert upper_bound(np.array([0.0]), lines)[0] <= target / 1e6
    assert upper_bound(np.array([0.0]), lines - 1)[0] > target / 1e6


def test_a_supported_target_is_met_by_the_lowest_threshold() -> None:
    held_out = held_out_events([-2, 0, 1, 3, -1], [0, 0, 0, 0, 1], [1e6, 1e6, 100, 1, 50])
    assert (
        threshold_for(held_out, 1_000_000 - 1, 2e6, 0).log_odds == -1.5
    )  # not lower than the lowest anomaly
    assert threshold_for(held_out, 100, 2e6, 0).log_odds == 0.5
    assert threshold_for(held_out, 10, 2e6, 0).log_odds == 2
    assert threshold_for(held_out, 2, 2e6, 0).log_odds == 4
    assert threshold_for(held_out, 2, 2e6, 0).meets(2)


def test_without_enough_events_the_threshold_is_the_most_cautious() -> None:
    held_out = held_out_events([-3, 1, 2], [0, 0, 1], [10, 10, 10])
    threshold = threshold_for(held_out, 10, 20, 0)
    assert (threshold.log_odds, threshold.false_alarms) == (1.5, 0)
    assert not threshold.meets(10)
    assert threshold_for(held_out_events([-3, -1], [0, 1], [10, 10]), 10, 10, 0).log_odds == 0
    nothing = threshold_for(HeldOutEvents.none(), 10, 0, 0.7)
    assert (nothing.log_odds, nothing.at_most) == (0.7, None)


events = st.lists(
    st.tuples(st.floats(-8, 8), st.sampled_from([0.0, 0.5, 1.0]), st.integers(1, 100_000)),
    min_size=1,
    max_size=30,
)


@given(events, st.floats(1, 500_000))
def test_a_threshold_that_reports_the_target_as_met_meets_it(
    found: list[tuple[float, float, int]], target: float
) -> None:
    held_out = held_out_events(*map(list, zip(*found, strict=True)))  # type: ignore[arg-type]
    size = float(held_out.normal_lines.sum())
    threshold = threshold_for(held_out, target, size, 0)
    above = held_out.normal_lines[held_out.log_odds > threshold.log_odds].sum()
    if threshold.meets(target):
        assert above / size * 1e6 <= target
    else:
        assert above == 0


@given(events, st.floats(1, 1000), st.floats(1, 1000))
def test_a_stricter_target_never_lowers_the_threshold(
    found: list[tuple[float, float, int]], one: float, other: float
) -> None:
    held_out = held_out_events(*map(list, zip(*found, strict=True)))  # type: ignore[arg-type]
    size = float(held_out.normal_lines.sum())
    strict, loose = (threshold_for(held_out, t, size, 0) for t in sorted((one, other)))
    if strict.meets(one) and strict.meets(other):
        assert strict.log_odds >= loose.log_odds


def test_one_frequent_template_is_one_observation() -> None:
    alike = HeldOutEvents(np.zeros(10), np.zeros(10), np.ones(10), np.arange(10))
    assert alike.effective_templates() == pytest.approx(10)
    frequent = HeldOutEvents(np.zeros(10), np.zeros(10), np.array([1e6] + [1.0] * 9), np.arange(10))
    assert frequent.effective_templates() == pytest.approx(1, abs=1e-4)
    together = HeldOutEvents(np.zeros(10), np.zeros(10), np.ones(10), np.zeros(10, dtype=np.int64))
    assert together.effective_templates() == 1
    assert together.effective_events() == pytest.approx(10)


@pytest.mark.parametrize("beats", [1, 400_000])
def test_a_repeated_line_is_one_observation(beats: int) -> None:
    """A heartbeat of 400,000 lines is no evidence about other messages."""
    log_odds = [-8.0, *np.linspace(-6, -0.5, 30).tolist()]
    held_out = HeldOut(
        held_out_events(log_odds, [0.0] * 31, [beats] + [1.0] * 30), HeldOutEvents.none()
    )
    known, unseen = thresholds_for(held_out, 10, 0.0)
    assert known.size == pytest.approx(31 if beats == 1 else 1, rel=1e-3)
    assert known.at_most == pytest.approx(1e6 * (1 - 0.05 ** (1 / known.size)))
    assert not known.meets(10)
    assert unseen.at_most is None
    calibration = replace(Calibration.none(1), known_threshold=known.log_odds)
    assert thresholds_in_force(held_out, calibration)[0] == known


def test_many_events_of_equal_frequency_support_a_target() -> None:
    many = held_out_events([-3.0] * 4000, [0.0] * 4000, [7.0] * 4000)
    [known, _] = thresholds_for(HeldOut(many, HeldOutEvents.none()), 1000, 0.0)
    assert known.size == pytest.approx(4000)
    assert known.meets(1000)


def test_templates_are_scored_by_a_head_trained_on_the_others() -> None:
    texts = [f"{word} disk {kind}" for word in "abcdefghijkl" for kind in ("up", "failed")]
    share = np.array([0.0, 1.0] * 12)
    examples = LabelledEvents(
        texts, share, np.zeros(24), np.ones(24), np.zeros(24), np.arange(24) // 2
    )
    held_out = hold_out_templates(examples, unseen_log_odds)
    assert len(held_out.log_odds) == 24
    assert ((held_out.log_odds > 0) == (share > 0)).all()
    # A word that occurs in one template only cannot be learned from the others.
    alone = LabelledEvents(
        ["fan stops", "disk up", "link up"], np.array([1.0, 0, 0]), [0] * 3, [1] * 3, [0] * 3
    )  # type: ignore[arg-type]
    assert hold_out_templates(alone, unseen_log_odds).log_odds[0] < 0


def test_with_few_templates_unseen_scores_are_not_calibrated() -> None:
    few = held_out_events([5.0] * 4 + [-5.0] * 40, [1.0] * 4 + [0.0] * 40, [1.0] * 44)
    assert with_thresholds(
        Calibration.none(1), HeldOut(HeldOutEvents.none(), few)
    ) == Calibration.none(1)
    some = held_out_events([1.0] * 10 + [-5.0] * 40, [1.0] * 10 + [0.0] * 40, [1.0] * 50)
    scaled = with_thresholds(Calibration.none(1), HeldOut(HeldOutEvents.none(), some))
    assert (scaled.unseen_threshold, scaled.unseen_temperature) == (0, 0.5)
    many = held_out_events([0.5] * 50 + [0.1] * 50, [1.0] * 50 + [0.0] * 50, [1.0] * 100)
    moved = with_thresholds(Calibration.none(1), HeldOut(HeldOutEvents.none(), many))
    assert 0.1 < moved.unseen_threshold < 0.5


def test_the_calibration_error_by_hand() -> None:
    score = np.array([0.05, 0.95, 0.95])
    found = expected_calibration_error(score, np.array([0.0, 1.0, 0.0]), np.array([2.0, 1.0, 1.0]))
    assert found == pytest.approx((2 * 0.05 + abs(1 - 1.9)) / 4)
    assert expected_calibration_error(score[:0], score[:0], score[:0]) is None


@pytest.mark.parametrize("target", [0, -1, 1e6, float("nan"), float("inf")])
def test_an_impossible_target_is_refused(opened: Warehouse, target: float) -> None:
    with pytest.raises(InputError, match="above 0 and below 1000000"):
        set_target(opened, target)
    assert read_target(opened) is None


# ---- the policy


@pytest.mark.parametrize("unseen", UNSEEN)
def test_views_live_and_stored_functions_follow_the_policy(copied: Path, unseen: str) -> None:
    with Warehouse.open(copied) as warehouse:
        set_unseen(warehouse, unseen)
    connection = fame_sql.connect(copied)
    try:
        found = connection.execute(
            "SELECT v.is_anomaly, v.known_template, fame_action(logs.body), "
            "fame.action(logs.body), logs.log_id IN (SELECT log_id FROM anomalies), "
            "events.event_hash IN (SELECT event_hash FROM label_queue) "
            "FROM logs INNER JOIN events ON logs.event_id = events.event_id "
            "INNER JOIN scored_logs AS v ON v.log_id = logs.log_id"
        ).fetchall()
    finally:
        release(connection)
        connection.close()
    assert {known for _, known, *_ in found} == {True, False}
    for is_anomaly, known, live, stored, alerted, queued in found:
        expected = action(unseen, is_anomaly=is_anomaly, known_template=known)
        assert live == stored == expected
        assert alerted == (expected in ("alert", "both"))
        assert not queued or expected in ("queue", "both")


def test_a_label_removes_a_row_from_the_queue(opened: Warehouse) -> None:
    before = opened.records("SELECT * FROM label_queue")
    unseen = opened.value("SELECT count(*) FROM fame.verdicts WHERE NOT known_template")
    assert sum(row["events"] for row in before) == unseen > 0
    suspicion = [row["suspicion"] for row in before]
    assert suspicion == sorted(suspicion, reverse=True)
    opened.connection.execute(
        "INSERT INTO fame.labels "
        "SELECT NULL, event_id, NULL, true, NULL, 'human', 'me', NULL, now() "
        "FROM fame.events WHERE event_hash = ?",
        [before[0]["event_hash"]],
    )
    after = opened.records("SELECT * FROM label_queue")
    assert before[0] not in after
    assert len(after) == len(before) - 1


@pytest.mark.parametrize(
    ("stored", "means"), [("both", "queue"), ("queue", "queue-only"), ("alert", "alert")]
)
def test_a_policy_of_an_earlier_version_means_what_it_meant(
    empty: Warehouse, stored: str, means: str
) -> None:
    settings.write(empty.connection, "unseen", stored)
    assert read_unseen(empty.connection) == means
    set_unseen(empty, "queue")
    assert read_unseen(empty.connection) == "queue"


def test_an_unknown_policy_is_refused(opened: Warehouse) -> None:
    with pytest.raises(InputError, match="alert, queue-only, queue"):
        set_unseen(opened, "ignore")


def test_the_costs_are_counted_on_the_lines(opened: Warehouse) -> None:
    alert, queue_only, queue = measured_costs(opened)
    count = "SELECT count(*) FROM fame.log_periods AS l JOIN fame.scored_logs AS v USING (log_id) "
    later = "WHERE l.period = 'later'"
    assert alert["false_alarms"] == opened.value(
        f"{count} {later} AND v.is_anomaly AND l.label = '-'"
    )
    assert queue_only["false_alarms"] == opened.value(
        f"{count} {later} AND v.is_anomaly AND v.known_template AND l.label = '-'"
    )
    assert queue_only["queued_lines"] == opened.value(f"{count} {later} AND NOT v.known_template")
    assert (alert["queued_lines"], queue["false_alarms"]) == (0, alert["false_alarms"])


# ---- the target


def published_scores(warehouse: Warehouse) -> dict[bool, np.ndarray]:
    """Return the scores of known and of unseen events, ordered by event."""
    select = "SELECT score FROM fame.verdicts WHERE known_template = ? ORDER BY event_id"
    return {k: np.array(warehouse.rows(select, [k]))[:, 0] for k in (True, False)}


@pytest.mark.slow
def test_a_target_moves_the_threshold_and_keeps_the_order_of_scores(opened: Warehouse) -> None:
    before = models.champion(opened)
    scores = published_scores(opened)
    record = set_target(opened, 10, author="me")
    assert record is not None
    assert record.model_version != before.model_version
    assert record.metrics["max_false_alarms"] == 10
    assert opened.rows("SELECT author, reason FROM fame.promotions ORDER BY promoted_at")[-1] == (
        "me",
        "at most 10 false alarms a million lines",
    )
    student = models.load(record.folder).student
    assert student.calibration.known_threshold >= 0
    assert student.calibration.unseen_threshold >= 0
    known, unseen = student.held_out.scores(student.calibration)
    for published, part in ((known, student.held_out.known), (unseen, student.held_out.unseen)):
        assert not ((published > 0.5) & (part.anomalous < 1)).any()
    score_events(opened)
    for known, old in scores.items():
        new = published_scores(opened)[known]
        order = np.lexsort((new, old))
        assert (np.diff(new[order]) >= 0).all()
        assert (new <= old).all()
    back = set_target(opened, None)
    assert back is not None
    assert back.model_version == before.model_version


def test_an_unsupported_target_is_reported_with_the_events_it_needs(opened: Warehouse) -> None:
    set_target(opened, 10)
    found = report(opened)
    assert found.max_false_alarms == 10
    assert [cost.unseen for cost in found.costs] == list(UNSEEN)
    assert all("299572" in sentence for sentence in found.unsupported())
    assert len(found.unsupported()) == 2
    alert, queue_only, queue = found.costs
    assert alert.at_most is not None
    assert queue_only.at_most is not None
    assert queue_only.at_most <= alert.at_most == queue.at_most
    assert (alert.queued, queue_only.queued) == (0, queue.queued)


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_training_with_a_target_gives_the_same_model_as_setting_it_later(
    opened: Warehouse, tiny: StudentConfig
) -> None:
    moved = set_target(opened, 1000)
    assert moved is not None
    assert not train_students(opened, config=tiny).trained
    again = train_students(opened, config=tiny, again=True)
    assert again.model_version == moved.model_version
    store_target(opened, 2000)
    assert train_students(opened, config=tiny).trained


def test_an_older_student_without_held_out_events_still_loads(opened: Warehouse) -> None:
    student = models.load(models.champion(opened).folder).student
    assert len(student.held_out.unseen.lines) > 20
    assert sigmoid(np.array(0.0)) == 0.5
    folder = models.champion(opened).folder
    facts = json.loads((folder / "student.json").read_text())
    for name in ("known_line", "unseen_line", "unseen_temperature"):
        facts["calibration"].pop(name)
    (folder / "student.json").write_text(json.dumps(facts))
    (folder / "held_out.safetensors").unlink()
    older = load_student(folder)
    assert older.calibration.unseen_temperature == 1
    assert not len(older.held_out.known.lines)


@pytest.mark.slow
def test_the_command_line(copied: Path) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(main, [*words, "--warehouse", str(copied)])
        assert result.exit_code == 0, result.output
        return result.output

    assert "queue (in force)" in run("policy", "show")
    assert "queue-only" in run("policy", "set", "--unseen", "queue-only")
    output = run("policy", "set", "--max-false-alarms", "10")
    assert "next: fame score" in output
    run("score")
    shown = run("policy", "show")
    assert "queue-only (in force)" in shown
    assert "takes 299572 without one" in shown
    assert json.loads(run("policy", "show", "--json"))["unseen"] == "queue-only"
    run("policy", "set", "--unseen", "both")  # the former name
    assert json.loads(run("policy", "show", "--json"))["unseen"] == "queue"
    assert "queued templates" in run("evaluate")
    assert len(json.loads(run("evaluate", "--json"))["policies"]) == 3
    wrong = CliRunner().invoke(main, ["policy", "set", "--unseen", "x", "--warehouse", str(copied)])
    assert wrong.exit_code == 2
    assert "is not one of 'alert', 'queue-only', 'queue'" in wrong.output
