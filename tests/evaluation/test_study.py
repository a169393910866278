from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.cli.options.study import StudyOptions
from fame_sql.errors import InputError
from fame_sql.evaluation import Outcome
from fame_sql.evaluation.metrics import ScoredLines, average_precision, measure
from fame_sql.evaluation.presentation.curves import (
    calibrated_rows,
    first_seeds,
    precision_recall,
    ranked_rows,
)
from fame_sql.evaluation.study import code_digest
from fame_sql.evaluation.study.results import DetectorResult
from fame_sql.evaluation.study.splits import by_time, read_lines
from fame_sql.evaluation.study.study import StudyPlan, run_study
from fame_sql.evaluation.study.summary import group_results, measure_groups, worst_mistakes
from fame_sql.evaluation.study.trials import EvaluatedLines
from fame_sql.ingest import Hints, ingest_file
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

CHEAP = ("severity", "errors", "new event")


def _log(path: Path, *, bad: str = "disk alpha broken", **every_line: str) -> Path:
    """Ingest 100 lines into a new warehouse; every tenth is anomalous and an ERROR."""
    log = path.with_suffix(".jsonl")
    with log.open("w") as file:
        for i in range(100):
            line = {
                "timestamp": f"2024-01-01T{i // 60:02d}:{i % 60:02d}:00",
                "severity_text": "ERROR" if i % 10 == 7 else "INFO",
                "service_name": "db",
                "body": bad if i % 10 == 7 else ("service a started", "cache flushed")[i % 2],
                "label": "alert" if i % 10 == 7 else "normal",
            }
            file.write(json.dumps({**line, **every_line}) + "\n")
    path.unlink(missing_ok=True)
    with Warehouse.open(path, create=True) as warehouse:
        ingest_file(warehouse, log, format="jsonl", hints=Hints(label_key="label"))
    return path


def _digest(path: Path) -> str:
    with Warehouse.open(path, read_only=True) as warehouse:
        return read_lines(warehouse).digest


@pytest.mark.slow
@pytest.mark.parametrize(
    "other",
    [
        {"bad": "hello world"},
        {"severity_text": "FATAL"},
        {"service_name": "web"},
        {"timestamp": "2024-01-02T00:00:00"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_log_has_another_digest(tmp_path: Path, other: dict[str, str]) -> None:
    path = tmp_path / "a.duckdb"
    first, again = _digest(_log(path)), _digest(_log(path))
    assert first == again
    assert _digest(_log(path, **other)) != first


@pytest.mark.slow
def test_another_log_at_the_same_path_gets_its_own_figures(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.duckdb", tmp_path / "a.study"
    plan = StudyPlan(cuts=(0.5,), folds=0, seeds=1, detectors=CHEAP)
    first = run_study(_log(path), folder, plan)
    second = run_study(_log(path, bad="service a started"), folder, plan)
    separate = run_study(path, tmp_path / "separate", plan)
    assert [f.scores for f in second] == [f.scores for f in separate]
    assert second[-1].judged.event_id.tolist() != first[-1].judged.event_id.tolist()
    assert len(list(folder.rglob("*.json"))) == 2 * len(CHEAP)


@pytest.mark.slow
def test_the_code_digest_covers_the_code_of_a_trial_and_the_libraries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {name for name, _ in code_digest.modules()}
    used = ("training/labelled", "domains/domains", "models/registry", "warehouse/warehouse")
    assert {f"fame_sql/{name}.py" for name in used} <= names
    assert "fame_sql/evaluation/presentation/page.py" not in names
    digest = code_digest.code_digest.__wrapped__
    before = digest()
    monkeypatch.setattr(code_digest, "version", lambda library: f"{library} 99")
    assert digest() != before


@pytest.mark.slow
def test_both_severity_rules_are_in_the_study(tmp_path: Path) -> None:
    plan = StudyPlan(cuts=(0.5,), folds=0, seeds=1, detectors=("severity", "errors"))
    found = measure_groups(
        group_results(run_study(_log(tmp_path / "a.duckdb"), tmp_path / "s", plan))
    )
    assert found["50%", "severity", "all"]["recall"].value == 0
    assert found["50%", "errors", "all"]["recall"].value == 1
    assert found["50%", "errors", "all"]["precision"].value == 1


def test_close_cuts_have_different_names(tmp_path: Path) -> None:
    with Warehouse.open(_log(tmp_path / "a.duckdb"), read_only=True) as warehouse:
        lines = read_lines(warehouse)
    names = [split.name for split in by_time(lines, (0.07, 0.499, 0.501, 0.504, 0.58))]
    assert names == ["7%", "49.9%", "50.1%", "50.4%", "58%"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cuts": (0.5, 0.5)}, "the cut 0.5 is given twice"),
        ({"cuts": (float("nan"),)}, "between 0 and 1"),
        ({"cuts": (1.0,)}, "between 0 and 1"),
        ({"cuts": (), "folds": 0}, "a study needs a split"),
        ({"per_template": 0}, "K must be 1 or more"),
        ({"detectors": ("errors", "errors")}, "given twice"),
    ],
)
def test_plans_that_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        StudyPlan(**settings)


@pytest.mark.parametrize("k", ["nan", "inf", "1.7", "0", "-3", "5,5", ",", "five"])
def test_k_is_a_whole_number(k: str) -> None:
    options = StudyOptions("0.5", k, 0, 1, None, "lines", False, None)
    with pytest.raises(InputError, match="K"):
        options.each_k()


def test_folds_that_leave_nothing_out_are_refused(tmp_path: Path) -> None:
    path = _log(tmp_path / "a.duckdb", body="hello")
    plan = StudyPlan(cuts=(), folds=9999, seeds=1, detectors=("severity",))
    with pytest.raises(InputError, match="no fold of 9999 leaves templates out"):
        run_study(path, tmp_path / "s", plan)


def test_f1_is_undefined_without_anomalies() -> None:
    nothing = ScoredLines(np.array([0.9, 0.1]), np.zeros(2, bool), np.ones(2), np.arange(2))
    assert measure(nothing)["f1"] is None
    assert measure(nothing)["precision"] == 0
    assert Outcome(10, 0, 0, 3).f1 is None
    assert Outcome(10, 2, 0, 3).f1 == 0


def _result(split: str, protocol: str, scores: list[float], events: list[int]) -> DetectorResult:
    """Return a result on entries of three lines each, all of them anomalous."""
    n = len(scores)
    judged = EvaluatedLines(
        event_id=np.array(events),
        block=np.arange(n),
        is_anomaly=np.ones(n, dtype=bool),
        severity=np.zeros(n, dtype=np.int64),
        seen=np.zeros(n, dtype=bool),
        seen_category=np.zeros(n, dtype=bool),
        category=np.array(["A"] * n, dtype=object),
        lines=np.full(n, 3.0),
    )
    return DetectorResult(protocol, split, 0, "fame", 1, 1, scores, judged)


def test_the_worst_mistakes_are_listed_by_split() -> None:
    results = [
        _result("50%", "time", [0.1, 0.1, 0.4], [1, 1, 2]),
        _result("80%", "time", [0.9, 0.2], [1, 2]),
        _result("fold 1", "templates", [0.3], [1]),
        _result("fold 2", "templates", [0.0], [2]),
    ]
    found = worst_mistakes(results, {1: "one", 2: "two"}, "fame")
    assert [(w.split, w.text, w.score, w.lines) for w in found] == [
        ("50%", "one", 0.1, 6),
        ("50%", "two", 0.4, 3),
        ("80%", "two", 0.2, 3),
        ("templates left out", "two", 0.0, 3),
        ("templates left out", "one", 0.3, 3),
    ]
    assert len(worst_mistakes(results, {1: "one", 2: "two"}, "fame", at_most=1)) == 3
    assert worst_mistakes(results, {}, "one student") == []


def test_the_area_under_the_steps_is_the_average_precision() -> None:
    score, truth = np.array([0.9, 0.7, 0.7, 0.2, 0.1]), np.array([1, 0, 1, 0, 1], dtype=bool)
    judged = ScoredLines(score, truth, np.array([1.0, 2, 3, 4, 5]), np.arange(5))
    recall, precision = np.array(precision_recall(judged)).T
    area = float((np.diff(recall) * precision[1:]).sum())
    assert area == pytest.approx(average_precision(judged))


@pytest.mark.slow
def test_every_detector_has_curves_on_seen_and_unseen(tmp_path: Path) -> None:
    plan = StudyPlan(cuts=(), folds=2, seeds=1, detectors=CHEAP)
    groups = group_results(run_study(_log(tmp_path / "a.duckdb"), tmp_path / "s", plan))
    for part in ("all", "unseen"):
        first = first_seeds(groups, "templates left out", part)
        assert {row["detector"] for row in ranked_rows(first)} == set(CHEAP)
        assert {row["detector"] for row in calibrated_rows(first)} == set(CHEAP)


@pytest.mark.slow
def test_the_page_shows_every_k_and_the_table_the_chosen_part(tmp_path: Path) -> None:
    words = ["--study", "--cuts", "0.499", "--folds", "0", "--seeds", "1", "-k", "1,3"]
    words += ["--part", "unseen-categories", "--detectors", "errors; severity"]
    words += ["--warehouse", str(_log(tmp_path / "a.duckdb")), "--html", str(tmp_path / "p.html")]
    done = CliRunner().invoke(main, ["evaluate", *words])
    assert done.exit_code == 0, done.output
    rows = [line for line in done.stdout.splitlines() if "  errors  " in line]
    assert len(rows) == 2
    assert all(row.startswith("49.9%  unseen categories  ") for row in rows)
    page = (tmp_path / "p.html").read_text()
    assert "<h2>K = 1</h2>" in page
    assert "<h3>After 49.9% of the lines</h3> <small>K = 3: curves" in page
    assert page.index('class="answer"') < page.index("<svg") < page.index("<table")
    assert "The best detector after 49.9% of the lines is errors, with F1 1.00." in page
    assert "severity, worst mistakes at 49.9%" in page
    assert "<code>disk alpha broken</code>" in page


@pytest.mark.parametrize(
    "words", [["--html", "x.html"], ["--per-template", "3"], ["--part", "all"], ["--label-curve"]]
)
def test_options_of_a_study_are_refused_without_one(words: list[str]) -> None:
    done = CliRunner().invoke(main, ["evaluate", *words])
    assert done.exit_code == 2
    assert f"{words[0]} needs --study" in done.output


@pytest.mark.parametrize("name", ["missing/page.html", "."])
def test_a_page_that_cannot_be_written_is_refused_first(tmp_path: Path, name: str) -> None:
    path = _log(tmp_path / "a.duckdb")
    words = ["evaluate", "--study", "--warehouse", str(path), "--html", str(tmp_path / name)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert "cannot be written" in done.output
    assert not (tmp_path / "a.study").exists()
