"""Comparison of calibrations of the lexical head on unseen templates.

Splits a labelled log by time and by whole templates, fits the lexical head on the known lines, and
scores the lines of unseen templates with several calibrations, each fitted on templates held out
from the known lines.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from fame_sql.evaluation.metrics import ScoredLines, measure
from fame_sql.evaluation.study.splits import LabelledLines, Split, by_templates, by_time, read_lines
from fame_sql.evaluation.study.trials import Trial, trial
from fame_sql.ingest import ingest_file
from fame_sql.students.calibration.calibration import (
    Calibration,
    best_temperature,
    best_threshold,
    expected_calibration_error,
    sigmoid,
)
from fame_sql.students.calibration.held_out import HeldOutEvents, hold_out_templates
from fame_sql.students.calibration.thresholds import threshold_for
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.words.training import unseen_log_odds
from fame_sql.warehouse.warehouse import Warehouse

FEWEST = 10


def main() -> None:
    """Print one row per split and calibration, then the means of each calibration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path, help="a labelled log, such as BGL_2k.log")
    parser.add_argument("--format", default="auto")
    parser.add_argument(
        "--seeds", type=int, default=2, help="random assignments of templates to folds"
    )
    parser.add_argument("-k", "--per-template", type=int, default=20)
    given = parser.parse_args()
    found: dict[str, list[tuple[float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "whole.duckdb"
        with Warehouse.open(source, create=True) as warehouse:
            ingest_file(warehouse, given.log, format=given.format)
            lines = read_lines(warehouse)
        for number, split in enumerate(_splits(lines, given.seeds)):
            place = Path(folder) / str(number)
            place.mkdir()
            with trial(source, place, lines, split, given.per_template) as made:
                for name, figures in _judge(made):
                    found.setdefault(name, []).append(figures)
                    _print_figures(f"{split.protocol} {split.name}, {name}", figures)
    for name, rows in found.items():
        _print_figures(f"mean of {len(rows)}, {name}", tuple(np.mean(rows, axis=0).tolist()))


def _splits(lines: LabelledLines, seeds: int) -> Iterator[Split]:
    yield from by_time(lines, (0.5, 0.6, 0.7, 0.8))
    for seed in range(seeds):
        yield from by_templates(lines, 4, seed)


def _judge(made: Trial) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield recall, false alarms per million lines and calibration error of each calibration."""
    examples = _examples(made)
    judged, unseen = made.judged, ~made.judged.seen
    texts = [made.texts[e] for e in judged.event_id.tolist()]
    log_odds = unseen_log_odds(examples, texts)
    for name, calibration in _calibrations(hold_out_templates(examples, unseen_log_odds)):
        score = sigmoid(calibration.unseen(log_odds))
        part = ScoredLines(score, judged.is_anomaly, judged.lines, judged.block).where(unseen)
        measures = measure(part)
        error = expected_calibration_error(part.score, part.is_anomaly.astype(float), part.lines)
        alarms = measures["false_alarms_per_million"]
        yield name, (measures["recall"] or 0.0, alarms or 0.0, error or 0.0)


def _examples(made: Trial) -> LabelledEvents:
    count = len(made.labelled)
    return LabelledEvents(
        [event.canonical for event in made.labelled],
        np.array([event.share for event in made.labelled]),
        np.zeros(count, dtype=np.int64),
        np.array([event.lines for event in made.labelled], dtype=np.float64),
        np.zeros(count, dtype=bool),
        np.unique([event.template_id for event in made.labelled], return_inverse=True)[1],
    )


def _calibrations(held_out: HeldOutEvents) -> Iterator[tuple[str, Calibration]]:
    """Yield the calibrations to compare; thresholds are fitted on ``FEWEST`` or more templates."""
    plain = Calibration.none(1)
    log_odds, anomalous, lines = held_out.log_odds, held_out.anomalous, held_out.lines
    temperature = best_temperature(log_odds, np.full(len(log_odds), 0.5), anomalous, lines)
    yield "uncalibrated", plain
    yield "temperature", replace(plain, unseen_temperature=temperature)
    best = plain
    if min(held_out.templates()) >= FEWEST:
        threshold = best_threshold(sigmoid(log_odds), anomalous, lines)
        unseen_threshold = float(np.log(threshold) - np.log1p(-threshold))
        heat = best_temperature(log_odds, np.full(len(log_odds), threshold), anomalous, lines)
        best = replace(plain, unseen_threshold=unseen_threshold, unseen_temperature=heat)
    yield "threshold of the highest F1", best
    target = threshold_for(held_out, 10_000, held_out.effective_templates(), best.unseen_threshold)
    yield "at most 1 % false alarms", replace(best, unseen_threshold=target.log_odds)


def _print_figures(name: str, figures: tuple[float, ...]) -> None:
    recall, alarms, error = figures
    print(f"{name}: recall {recall:.2f}, false alarms {alarms:,.0f}, calibration error {error:.3f}")


if __name__ == "__main__":
    main()
