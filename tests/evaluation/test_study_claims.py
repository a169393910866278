from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fame_sql.evaluation import evaluate
from fame_sql.evaluation.metrics import Estimate, ScoredLines, difference, measure
from fame_sql.evaluation.study import results
from fame_sql.evaluation.study.claims import Claim, claims, sentences
from fame_sql.evaluation.study.code_digest import without_comments
from fame_sql.evaluation.study.study import StudyPlan, run_study
from fame_sql.students.calibration.calibration import expected_calibration_error
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

FAME = Path(sys.executable).with_name("fame")
LINES = 400


def _seeds(noise: float, count: int = 3, start: int = 0) -> list[ScoredLines]:
    """Return the scores of a detector on the same lines; more noise makes it worse."""
    truth = np.random.default_rng(7).random(LINES) < 0.3
    made = []
    for seed in range(start, start + count):
        random = np.random.default_rng(seed)
        score = np.clip(0.4 * truth + 0.3 + noise * random.normal(size=LINES), 0, 1)
        made.append(ScoredLines(score, truth, np.ones(LINES), np.arange(LINES) * 20 // LINES))
    return made


def test_a_detector_differs_from_itself_by_nothing() -> None:
    assert difference(_seeds(0.3), _seeds(0.3), "f1") == Estimate(0, 0, 0)


def test_a_difference_is_that_of_the_means_and_changes_sign_when_swapped() -> None:
    good, bad = _seeds(0.1), _seeds(0.5, start=10)
    found, turned = difference(good, bad, "f1"), difference(bad, good, "f1")
    each = [measure(one)["f1"] - measure(other)["f1"] for one, other in zip(good, bad, strict=True)]
    assert found.value == pytest.approx(np.mean(each))
    assert 0 < found.low < found.value < found.high
    assert (turned.value, turned.low, turned.high) == pytest.approx(
        (-found.value, -found.high, -found.low)
    )


def test_paired_differences_separate_detectors_whose_intervals_overlap() -> None:
    """One detector finds more lines than the other, in a log whose blocks differ a lot."""
    block = np.repeat(np.arange(20), 20)
    truth = np.random.default_rng(1).random(400) < np.where(block % 5, 0.05, 0.6)
    hard = np.arange(400) % 2 == 0
    weak = ScoredLines(np.where(truth & ~hard, 0.9, 0.1), truth, np.ones(400), block)
    more = truth & (~hard | (np.arange(400) % 10 == 0))
    strong = ScoredLines(np.where(more, 0.9, 0.1), truth, np.ones(400), block)
    assert difference([strong], [weak], "recall").low > 0
    assert difference([weak], [strong], "recall").high < 0


def test_differences_are_undefined_without_anomalies() -> None:
    empty = [
        ScoredLines(one.score, one.is_anomaly & False, one.lines, one.block) for one in _seeds(0.1)
    ]
    assert difference(empty, empty, "average_precision") == Estimate(None, None, None)


def _groups(**noise: float) -> dict[tuple[str, str, str], list[ScoredLines]]:
    return {
        ("80%", name.replace("_", " "), part): _seeds(loud, start=10 * number)
        for number, (name, loud) in enumerate(noise.items())
        for part in ("all", "seen", "unseen")
    }


def test_a_claim_stands_where_the_baseline_is_beaten() -> None:
    found = claims(_groups(fame=0.1, one_student=0.6, new_event=0.1))
    stands = {(claim.baseline, claim.measure): claim.stands for claim in found}
    assert stands == {
        ("one student", "F1 on all lines"): True,
        ("one student", "AP on unseen"): True,
        ("new event", "F1 on all lines"): False,
        ("new event", "AP on unseen"): False,
    }
    shown = sentences(found)
    assert shown[0].startswith("A claim for the experts and router stands at 80% only: F1 on all")
    assert shown[2].startswith("80%, F1 on all lines: fame beats one student (+0.")
    assert "Not beaten: new event" in shown[2]


@pytest.mark.parametrize(
    ("low", "stands"), [(0.001, True), (0.0, False), (-0.1, False), (None, False)]
)
def test_a_claim_stands_where_its_whole_interval_is_above_zero(low, stands) -> None:
    claim = Claim("80%", "one student", "F1 on all lines", Estimate(0.1, low, 0.2))
    assert claim.stands is stands
    assert claim.to_dict()["stands"] is stands


def test_a_claim_for_the_grouping_must_beat_every_other_grouping() -> None:
    gains = {"fame, random domains": 0.1, "fame, components": 0.1, "fame, k-means": -0.1}
    found = [
        Claim("80%", name, "F1 on all lines", Estimate(0.2, low, 0.3))
        for name, low in gains.items()
    ]
    assert sentences(found)[0] == (
        "No claim for the grouping stands: F1 on all lines does not beat "
        "fame, random domains, fame, components, fame, k-means on any split."
    )


def test_nothing_is_claimed_without_fame() -> None:
    assert claims(_groups(new_event=0.1, one_student=0.2)) == []
    assert sentences([]) == []


def test_comments_and_docstrings_are_not_part_of_the_code_digest() -> None:
    plain = "def f(x):\n    return x + 1\n"
    documented = 'def f(x):\n    """Add one."""\n    return (x + 1)  # one\n'
    assert without_comments(plain) == without_comments(documented)
    assert without_comments(plain) != without_comments(plain.replace("1", "2"))


@pytest.mark.slow
def test_results_of_other_code_are_computed_again(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = StudyPlan(cuts=(0.8,), folds=0, seeds=1, detectors=("severity", "new event"))
    run_study(compiled, tmp_path, plan)
    first = set(tmp_path.rglob("*.json"))
    run_study(compiled, tmp_path, plan)
    assert set(tmp_path.rglob("*.json")) == first
    monkeypatch.setattr(results, "code_digest", lambda: "other code")
    run_study(compiled, tmp_path, plan)
    later = set(tmp_path.rglob("*.json")) - first
    assert len(later) == len(first) == 2
    assert {path.parent for path in later} == {path.parent for path in first}


@pytest.mark.slow
def test_the_study_lists_its_claims(copied: Path, tmp_path: Path) -> None:
    words = ["--study", "--cuts", "0.8", "--folds", "0", "--seeds", "1", "--json"]
    words += ["--detectors", "severity; new event", "--warehouse", str(copied)]
    done = subprocess.run([FAME, "evaluate", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["claims"] == []


def test_evaluation_reports_the_calibration_error(opened: Warehouse) -> None:
    parts = evaluate(opened).to_dict()["outcomes"]
    rows = opened.rows(
        "SELECT v.score, p.label NOT IN ('-', 'normal', '0', 'false', '') "
        "FROM fame.log_periods p JOIN fame.scored_logs v USING (log_id) "
        "WHERE p.period = 'later' AND p.label IS NOT NULL"
    )
    score, truth = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    expected = expected_calibration_error(score, truth, np.ones(len(score)))
    assert parts["fame"]["all"]["calibration_error"] == pytest.approx(expected)
    assert parts["severity"]["all"]["calibration_error"] is None
