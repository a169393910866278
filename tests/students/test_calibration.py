from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fame_sql.students.calibration.calibration import (
    Calibration,
    best_temperature,
    best_threshold,
    fit_calibration,
    sigmoid,
)
from fame_sql.students.calibration.held_out import HeldOut, HeldOutEvents
from fame_sql.students.calibration.thresholds import with_thresholds
from fame_sql.students.config import DomainSpec, anomaly_columns

pytestmark = pytest.mark.any_duckdb

thresholds = st.floats(0.2, 0.8)
temperatures = st.floats(0.5, 4.0)
logits = st.floats(-1e6, 1e6)


def score(logit: float, threshold: float, temperature: float) -> float:
    return float(
        sigmoid(Calibration((threshold,), temperature).log_odds(np.array([[logit]])))[0, 0]
    )


@pytest.mark.slow
@given(thresholds, temperatures)
def test_the_threshold_is_published_as_one_half(threshold: float, temperature: float) -> None:
    logit = float(np.log(threshold / (1 - threshold)))
    assert score(logit, threshold, temperature) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.slow
@given(logits, thresholds, temperatures)
def test_scores_lie_between_0_and_1(logit: float, threshold: float, temperature: float) -> None:
    assert 0 <= score(logit, threshold, temperature) <= 1


@given(st.floats(-40, 40), st.floats(1e-6, 40), thresholds, temperatures)
def test_scores_keep_the_order(
    logit: float, more: float, threshold: float, temperature: float
) -> None:
    assert score(logit, threshold, temperature) <= score(logit + more, threshold, temperature)


@given(st.floats(-30, 30), thresholds, temperatures)
def test_the_score_is_above_one_half_where_the_probability_is_above_the_threshold(
    logit: float, threshold: float, temperature: float
) -> None:
    probability = float(sigmoid(np.array(logit)))
    if abs(probability - threshold) > 1e-9:
        above = score(logit, threshold, temperature) > 0.5
        assert above == (probability > threshold)


def test_no_calibration_changes_nothing() -> None:
    raw = np.array([[-3.0, 0.0, 2.0]])
    assert (sigmoid(Calibration.none(3).log_odds(raw)) == sigmoid(raw)).all()


@pytest.mark.parametrize(
    ("probability", "anomalous", "lines", "expected"),
    [
        ([0.1, 0.3, 0.5, 0.9], [0, 0, 1, 1], [1, 1, 1, 1], 0.4),  # the middle of the gap
        ([0.01, 0.02, 0.1, 0.1], [0, 0, 1, 1], [1, 1, 1, 1], 0.2),  # never below 0.2
        ([0.9, 0.95, 0.99], [0, 0, 1], [1, 1, 1], 0.8),  # never above 0.8
        ([0.3, 0.5, 0.7], [1, 0, 1], [1, 1, 1], 0.2),  # catching both costs one false alarm
        ([0.3, 0.5, 0.7], [1, 0, 1], [1, 100, 1], 0.6),  # a frequent event weighs more
        ([0.3, 0.3, 0.3], [1, 0, 1], [1, 1, 1], 0.2),  # ties cannot be cut
        ([0.3, 0.6], [0.1, 0.9], [10, 10], 0.45),  # events labelled both ways
    ],
)
def test_best_threshold(
    probability: list[float], anomalous: list[float], lines: list[float], expected: float
) -> None:
    found = best_threshold(np.array(probability), np.array(anomalous), np.array(lines))
    assert found == pytest.approx(expected)


events = st.lists(
    st.tuples(st.floats(0.2, 0.8), st.sampled_from([0.0, 0.25, 1.0]), st.integers(1, 1000)),
    min_size=2,
    max_size=30,
)


@given(events)
@example([(0.2, 0.0, 1), (0.20000000000000004, 0.25, 1)])
def test_no_other_threshold_has_a_higher_f1(found: list[tuple[float, float, int]]) -> None:
    probability, anomalous, lines = (np.array(column, float) for column in zip(*found, strict=True))

    def f1(threshold: float) -> float:
        alarm = probability >= threshold
        hits = (lines * anomalous)[alarm].sum()
        return float(2 * hits / (lines[alarm].sum() + (lines * anomalous).sum()))

    if (anomalous > 0).any() and (anomalous < 1).any():
        best = f1(best_threshold(probability, anomalous, lines))
        assert all(f1(other) <= best + 1e-9 for other in probability)


def test_temperature_cools_what_is_too_sure_and_warms_what_is_not() -> None:
    random = np.random.default_rng(0)
    true = random.normal(0, 2, 4000)
    anomalous = (random.random(4000) < sigmoid(true)).astype(float)
    half, one = np.full(4000, 0.5), np.ones(4000)
    assert best_temperature(true * 3, half, anomalous, one) == pytest.approx(3, rel=0.15)
    assert best_temperature(true * 0.7, half, anomalous, one) == pytest.approx(0.7, rel=0.15)


DOMAINS = [
    DomainSpec("rich", "mixed"),
    DomainSpec("calm", "normal"),
    DomainSpec("poor", "mixed"),
    DomainSpec("crash", "anomalous"),
]


def test_each_domain_is_judged_by_its_own_head() -> None:
    assert anomaly_columns(DOMAINS).tolist() == [1, 0, 2, 0]


def test_a_domain_with_enough_events_gets_its_own_threshold() -> None:
    domain = np.array([0] * 40 + [2] * 2 + [1] * 3)
    anomalous = np.array([0.0, 1.0] * 21 + [0.0] * 3)
    raw = np.zeros((45, 3))
    raw[:, 0] = np.where(anomalous > 0, 2.0, -2.0)
    raw[:40, 1] = np.where(anomalous[:40] > 0, 1.6, 0.4)  # the cut lies above 0.5
    raw[40:42, 2] = [-3.0, -1.0]
    lines = np.where(domain == 2, 1000.0, 1.0)  # so the experts together cut elsewhere
    found = fit_calibration(raw, anomalous, lines, domain, DOMAINS, least=20)
    rich = (sigmoid(np.array(1.6)) + sigmoid(np.array(0.4))) / 2
    assert found.thresholds == pytest.approx((rich, 0.5, 0.2, 0.5))
    sparse = fit_calibration(raw, anomalous, lines, domain, DOMAINS, least=21)
    assert sparse.thresholds == pytest.approx((0.2, 0.5, 0.2, 0.5))
    assert fit_calibration(raw, anomalous, lines, domain, DOMAINS, least=22) == Calibration.none(4)


@pytest.mark.parametrize("anomalous", [[0.0, 0.0], [1.0, 1.0], []])
def test_a_slice_of_one_class_calibrates_nothing(anomalous: list[float]) -> None:
    count = len(anomalous)
    found = fit_calibration(
        np.ones((count, 3)),
        np.array(anomalous),
        np.ones(count),
        np.zeros(count, dtype=np.int64),
        DOMAINS,
        least=1,
    )
    assert found == Calibration.none(4)


@pytest.mark.parametrize(("templates", "fitted"), [(99, False), (100, True)])
def test_no_threshold_for_the_unseen_is_fitted_on_few_templates(
    templates: int, fitted: bool
) -> None:
    place = np.arange(templates)
    anomalous = (place % 2).astype(np.float64)
    # Separated at log-odds of -1, so that 0 is not the best threshold.
    log_odds = np.where(anomalous > 0, -0.8, -1.2)
    events = HeldOutEvents(log_odds, anomalous, np.ones(templates), place)
    held_out = HeldOut(HeldOutEvents.none(), events)
    found = with_thresholds(Calibration.none(1), held_out)
    assert (found.unseen_threshold != 0) == fitted


@pytest.mark.parametrize(("scale", "failed"), [(0.01, True), (1.0, False), (100.0, True)])
def test_a_temperature_at_the_end_of_its_range_is_a_failed_fit(scale: float, failed: bool) -> None:
    random = np.random.default_rng(0)
    true_odds = random.normal(0, 2, 4000)
    anomalous = (random.random(4000) < sigmoid(true_odds)).astype(np.float64)
    temperature = best_temperature(true_odds * scale, np.full(4000, 0.5), anomalous, np.ones(4000))
    found = Calibration((0.5,), temperature, unseen_temperature=temperature).failed_fits()
    assert len(found) == (2 if failed else 0)
    assert all("the fit has failed" in sentence for sentence in found)
