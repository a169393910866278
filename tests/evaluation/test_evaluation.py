from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.errors import InputError
from fame_sql.evaluation.metrics import (
    ScoredLines,
    average_precision,
    calibration_error,
    measure,
    recall_bound,
    with_intervals,
)
from fame_sql.evaluation.presentation.page import Section, html_page
from fame_sql.evaluation.study import students
from fame_sql.evaluation.study.baselines import BASELINES
from fame_sql.evaluation.study.label_curve import label_curve
from fame_sql.evaluation.study.splits import LabelledLines, by_templates, by_time, read_lines
from fame_sql.evaluation.study.study import StudyPlan, run_study
from fame_sql.evaluation.study.summary import (
    confusion,
    group_results,
    label_costs,
    measure_groups,
    worst_mistakes,
)
from fame_sql.evaluation.study.trials import EvaluatedLines, trial
from fame_sql.evaluation.study.weightings import WEIGHTINGS
from fame_sql.ingest import ingest_file
from fame_sql.students import StudentConfig
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

FAME = Path(sys.executable).with_name("fame")


@pytest.fixture(scope="module")
def lines(compiled: Path) -> LabelledLines:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        return read_lines(warehouse)


def _judged(score, is_anomaly, lines=None, block=None) -> ScoredLines:
    count = len(score)
    return ScoredLines(
        np.array(score, dtype=float),
        np.array(is_anomaly, dtype=bool),
        np.ones(count) if lines is None else np.array(lines, dtype=float),
        np.arange(count) if block is None else np.array(block),
    )


ENTRIES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.7, 0.7001, 1.0]), st.booleans(), st.integers(1, 9)),
    min_size=1,
    max_size=40,
)


@given(ENTRIES)
def test_average_precision_is_that_of_scikit_learn(entries) -> None:
    from sklearn.metrics import average_precision_score

    score, truth, lines = (list(column) for column in zip(*entries, strict=True))
    found = average_precision(_judged(score, truth, lines))
    if not any(truth):
        assert found is None
    else:
        expected = average_precision_score(truth, score, sample_weight=lines)
        assert found == pytest.approx(expected)


@given(ENTRIES)
def test_precision_recall_and_f1_are_those_of_scikit_learn(entries) -> None:
    from sklearn.metrics import precision_recall_fscore_support

    score, truth, lines = (np.array(column) for column in zip(*entries, strict=True))
    found = measure(_judged(score, truth, lines))
    expected = precision_recall_fscore_support(
        truth, score > 0.5, sample_weight=lines, average="binary", zero_division=np.nan
    )
    for name, value in zip(("precision", "recall", "f1"), expected[:3], strict=True):
        defined = not np.isnan(value) and (name == "precision" or truth.any())
        assert found[name] == (value if defined else None)


@given(ENTRIES)
def test_an_entry_of_n_lines_counts_as_n_entries(entries) -> None:
    score, truth, lines = (list(column) for column in zip(*entries, strict=True))
    repeated = [(s, t) for s, t, n in entries for _ in range(n)]
    once = measure(_judged(score, truth, lines))
    each = measure(_judged(*zip(*repeated, strict=True)))
    assert once == pytest.approx(each, nan_ok=True)


def test_measures_by_hand() -> None:
    found = measure(_judged([0.9, 0.8, 0.4, 0.1], [True, False, True, False], [3, 1, 2, 94]))
    assert found["precision"] == 0.75
    assert found["recall"] == 0.6
    assert found["f1"] == pytest.approx(6 / 9)
    assert found["false_alarms_per_million"] == 10_000
    # One normal line of 95 lies above the second anomaly: more than 1 %, and less than 5 %.
    assert found["recall_bound"] == 0.6
    assert found["recall_bound_5"] == 1


def test_the_recall_bound_by_hand() -> None:
    found = _judged([0.9, 0.8, 0.4, 0.3], [True, False, True, False], [3, 1, 2, 99])
    assert recall_bound(found, 0.01) == 1
    assert recall_bound(found, 0.009) == 0.6
    tied = _judged([0.9, 0.9], [True, False])
    assert recall_bound(tied) == 0


@given(ENTRIES)
def test_no_threshold_exceeds_the_recall_bound(entries) -> None:
    score, truth, lines = (np.array(column) for column in zip(*entries, strict=True))
    bound = recall_bound(_judged(score, truth, lines), 0.1)
    for threshold in np.unique(score):
        reported = score >= threshold
        if lines[reported & ~truth].sum() <= 0.1 * lines[~truth].sum() and truth.any():
            assert lines[reported & truth].sum() / lines[truth].sum() <= bound + 1e-9


def test_the_weight_of_a_line() -> None:
    judged = EvaluatedLines(
        event_id=np.array([1, 1, 1, 2, 3]),
        block=np.array([0, 1, 1, 1, 2]),
        is_anomaly=np.array([True, True, False, True, False]),
        severity=np.zeros(5, dtype=np.int64),
        seen=np.ones(5, dtype=bool),
        seen_category=np.ones(5, dtype=bool),
        category=np.array(["A", "A", None, "B", None], dtype=object),
        lines=np.array([6.0, 2.0, 5.0, 2.0, 1.0]),
    )
    assert WEIGHTINGS["lines"](judged).tolist() == [6, 2, 5, 2, 1]
    assert WEIGHTINGS["distinct"](judged).tolist() == [0.75, 0.25, 1, 1, 1]
    assert WEIGHTINGS["categories"](judged).tolist() == [3.75, 1.25, 5, 5, 1]


def test_intervals_contain_the_value_and_shrink_with_more_blocks() -> None:
    random = np.random.default_rng(1)

    def spread(count: int) -> float:
        truth = random.random(count) < 0.3
        score = np.clip(truth * 0.5 + random.random(count) * 0.6, 0, 1)
        measured = with_intervals([_judged(score, truth)])["f1"]
        assert measured.low <= measured.value <= measured.high
        return measured.high - measured.low

    assert spread(2000) < spread(50)


def test_calibration_error_by_hand() -> None:
    assert calibration_error(_judged([0.95] * 4, [True] * 4)) == pytest.approx(0.05)
    assert calibration_error(_judged([0.95] * 4, [False] * 4)) == pytest.approx(0.95)


def test_time_splits_do_not_overlap_and_keep_the_order(lines: LabelledLines) -> None:
    for split in by_time(lines, (0.5, 0.8)):
        assert split.known.max() < split.judged.min()
        assert len(split.known) + len(split.judged) == len(lines)


def test_folds_share_no_event_and_judge_each_line_once(lines: LabelledLines) -> None:
    seen = np.zeros(len(lines))
    for split in by_templates(lines, 4, seed=3):
        known, judged = lines.event_id[split.known], lines.event_id[split.judged]
        assert not set(known.tolist()) & set(judged.tolist())
        assert lines.is_anomaly[split.judged].any()
        seen[split.judged] += 1
    assert (seen == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["time", "templates"])
def test_no_test_line_reaches_a_trial(
    compiled: Path, lines: LabelledLines, tmp_path: Path, protocol: str
) -> None:
    splits = by_time(lines, (0.6,)) if protocol == "time" else by_templates(lines, 4, seed=0)
    split = next(iter(splits))
    with trial(compiled, tmp_path, lines, split, 20) as made:
        known = set(lines.log_id[split.known].tolist())
        in_logs = {row[0] for row in made.warehouse.rows("SELECT log_id FROM fame.logs")}
        in_labels = {row[0] for row in made.warehouse.rows("SELECT log_id FROM fame.labels")}
        assert in_logs == known
        assert in_labels <= known
        events = set(lines.event_id[split.known].tolist())
        in_events = {row[0] for row in made.warehouse.rows("SELECT event_id FROM fame.events")}
        assert in_events == events
        assert all(made.templates.match(made_text) for made_text in _texts(made.warehouse))
        if protocol == "templates":
            assert not made.judged.seen.all()
        assert made.judged.lines.sum() == len(split.judged)


def _texts(warehouse: Warehouse) -> list[str]:
    return [row[0] for row in warehouse.rows("SELECT canonical FROM fame.events LIMIT 50")]


def test_every_baseline_scores_in_range_and_beats_chance(
    compiled: Path, lines: LabelledLines, tmp_path: Path
) -> None:
    split = next(iter(by_time(lines, (0.8,))))
    with trial(compiled, tmp_path, lines, split, 20) as made:
        events = sorted(made.texts)
        texts = [made.texts[event] for event in events]
        for name, fit in BASELINES.items():
            scores = fit(made)(texts)
            assert scores.shape == (len(texts),), name
            assert ((scores >= 0) & (scores <= 1)).all(), name
            by_event = dict(zip(events, scores.tolist(), strict=True))
            judged = made.judged
            shown = ScoredLines(
                np.array([by_event[e] for e in judged.event_id.tolist()]),
                judged.is_anomaly,
                judged.lines,
                judged.block,
            )
            share = judged.lines[judged.is_anomaly].sum() / judged.lines.sum()
            assert (average_precision(shown) or 0) > share, name


def test_every_grouping_covers_every_template(opened: Warehouse) -> None:
    from fame_sql.domains.domains import read_summaries

    summaries = read_summaries(opened)
    ids = sorted(summary.template_id for summary in summaries)
    for name, grouper in students.groupers(0).items():
        members = [m for d in grouper(summaries).domains for m in d.template_ids]
        assert sorted(members) == ids, name


@pytest.fixture(scope="module")
def plan(tiny: StudentConfig) -> StudyPlan:
    return StudyPlan(
        cuts=(0.8,),
        folds=0,
        seeds=2,
        detectors=("severity", "word regression", "fame"),
        config=tiny,
    )


@pytest.mark.slow
def test_a_study_resumes_from_its_stored_results(
    compiled: Path, tmp_path: Path, plan: StudyPlan
) -> None:
    first = run_study(compiled, tmp_path, plan)
    assert len(first) == 6
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    again = run_study(compiled, tmp_path, plan)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")} == made
    assert [result.scores for result in again] == [result.scores for result in first]
    groups = group_results(first)
    assert {len(seeds) for seeds in groups.values()} == {2}
    whole = groups["80%", "fame", "all"][0]
    parts = [groups["80%", "fame", part][0] for part in ("seen", "unseen")]
    assert whole.lines.sum() == sum(part.lines.sum() for part in parts) == 800
    cells = confusion(first)
    assert sum(c.found + c.missed + c.false_alarms + c.passed for c in cells) == 800
    reported = whole.score > 0.5
    assert sum(c.found for c in cells) == whole.lines[reported & whole.is_anomaly].sum()
    assert sum(c.false_alarms for c in cells) == whole.lines[reported & ~whole.is_anomaly].sum()
    assert [spent.lines for spent in label_costs(first)] == [3200]


@pytest.mark.slow
def test_the_page_escapes_text_from_logs(
    compiled: Path, tmp_path: Path, plan: StudyPlan, lines: LabelledLines
) -> None:
    results = run_study(compiled, tmp_path, plan)
    texts = dict.fromkeys(lines.canonical, "<script>alert(1)</script>\x1b[2J")
    mistakes = worst_mistakes(results, texts, "word regression")
    groups = group_results(results)
    cells = [replace(cell, domain="<i>domain</i>") for cell in confusion(results)]
    measures = {"lines": measure_groups(groups)}
    section = Section("K = 20", groups, measures, cells, mistakes, ["one & two"])
    page = html_page("a <b> title", [section])
    assert mistakes
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;" in page
    assert "a &lt;b&gt; title" in page
    assert "&lt;i&gt;domain" in page
    assert "<svg" in page


@pytest.mark.slow
def test_the_study_on_the_command_line(copied: Path, tmp_path: Path) -> None:
    words = ["--study", "--cuts", "0.8", "--folds", "2", "--seeds", "1", "--json"]
    words += ["--html", str(tmp_path / "s.html"), "--warehouse", str(copied)]
    names = "severity; new event; word regression"
    done = subprocess.run(
        [FAME, "evaluate", *words, "--detectors", names],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["measures"]
    assert {row["split"] for row in found} == {"80%", "templates left out"}
    assert {row["weighting"] for row in found} == {"lines", "distinct", "categories"}
    assert (tmp_path / "s.html").read_text().startswith("<!doctype html>")


def test_a_study_refuses_unknown_detectors_and_logs_without_labels(
    compiled: Path, empty: Warehouse
) -> None:
    with pytest.raises(InputError, match="no detector is called 'magic'"):
        StudyPlan(detectors=("magic",))
    with pytest.raises(InputError, match="0 labelled lines"):
        read_lines(empty)


@pytest.mark.slow
def test_every_strategy_labels_the_same_number_of_lines(compiled: Path, tmp_path: Path) -> None:
    plan = StudyPlan(cuts=(0.8,), folds=0, seeds=2, detectors=("character regression",))
    points = label_curve(compiled, tmp_path, plan, (1, 5))
    assert [(p.strategy, p.per_template) for p in points] == [
        (strategy, k) for strategy in ("active", "per-template", "random") for k in (1, 5)
    ]
    for k in (1, 5):
        assert len({p.labels for p in points if p.per_template == k}) == 1
    few, many = (p.labels for p in points if p.strategy == "active")
    assert few < many
    page = html_page("curve", [], points)
    assert "chosen" in page[page.index('class="answer"') :]
    assert page.count("F1 against lines labelled") == 1


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["active", "random"])
def test_no_strategy_labels_test_lines(
    compiled: Path, lines: LabelledLines, tmp_path: Path, strategy: str
) -> None:
    split = next(iter(by_templates(lines, 4, seed=0)))
    with trial(compiled, tmp_path, lines, split, 5, strategy) as made:
        known = set(lines.log_id[split.known].tolist())
        labelled = {row[0] for row in made.warehouse.rows("SELECT log_id FROM fame.labels")}
        assert labelled
        assert labelled <= known


@pytest.mark.slow
def test_the_label_curve_on_the_command_line(copied: Path, tmp_path: Path) -> None:
    words = ["--study", "--label-curve", "--cuts", "0.8", "--folds", "0", "--seeds", "1"]
    words += ["-k", "1,3", "--detectors", "character regression", "--warehouse", str(copied)]
    words += ["--html", str(tmp_path / "curve.html")]
    done = subprocess.run([FAME, "evaluate", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("active") == 2
    assert "F1 against lines labelled" in (tmp_path / "curve.html").read_text()


@pytest.mark.slow
def test_without_anomalies_false_alarms_are_measured(tmp_path: Path, loghub: Path) -> None:
    path = tmp_path / "thunderbird.duckdb"
    with Warehouse.open(path, create=True) as warehouse:
        ingest_file(warehouse, loghub / "Thunderbird" / "Thunderbird_2k.log", format="thunderbird")
    names = ("severity", "majority, unseen anomalous", "new event", "character regression")
    plan = StudyPlan(cuts=(0.8,), folds=2, seeds=1, detectors=names)
    found = measure_groups(group_results(run_study(path, tmp_path / "study", plan)))
    alarms = {key[1]: value["false_alarms_per_million"] for key, value in found.items()}
    assert alarms["new event"].value > 0
    assert alarms["character regression"].value == 0
    assert all(value["recall"].value is None for value in found.values())
