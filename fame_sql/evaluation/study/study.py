"""The study: every detector on every split and seed, without leaks, resumable.

The result of each split, seed and detector is one JSON file in the study's folder, named by a
digest of the code and the settings it depends on. A stopped study resumes from these files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fame_sql.console import Progress, SilentProgress, Step
from fame_sql.errors import InputError
from fame_sql.evaluation.study import students
from fame_sql.evaluation.study.baselines import BASELINES
from fame_sql.evaluation.study.results import DetectorResult, ResultStore
from fame_sql.evaluation.study.splits import (
    LabelledLines,
    Split,
    by_templates,
    by_time,
    check_cuts,
    read_lines,
)
from fame_sql.evaluation.study.trials import Trial, trial
from fame_sql.labels import PER_TEMPLATE
from fame_sql.students import StudentConfig
from fame_sql.warehouse.severities import SEVERITIES
from fame_sql.warehouse.warehouse import Warehouse

BY_SEVERITY = {"severity": SEVERITIES["FATAL"], "errors": SEVERITIES["ERROR"]}
"""The detectors that read only the severity, with the lowest OpenTelemetry number they report."""
DETECTORS = (*BY_SEVERITY, *BASELINES, *students.groupers(0))


@dataclass(frozen=True)
class StudyPlan:
    """The splits, seeds and detectors of a study.

    Parameters
    ----------
    cuts : tuple of float
        Splits by time: the share of the lines that are known.
    folds : int
        Folds of whole templates; 0 leaves none out.
    seeds : int
        Number of seeds of training; the first is 0.
    per_template : int
        K: maximum labelled lines per template.
    detectors : tuple of str
        Names of :data:`DETECTORS`.
    config : StudentConfig
        Settings of the students; the seed is replaced.
    strategy : str
        One of :data:`fame_sql.labels.STRATEGIES`; all label as many lines as K per template would.
    """

    cuts: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8)
    folds: int = 4
    seeds: int = 5
    per_template: int = PER_TEMPLATE
    detectors: tuple[str, ...] = DETECTORS
    config: StudentConfig = field(default_factory=StudentConfig)
    strategy: str = "per-template"

    def __post_init__(self) -> None:
        unknown = [name for name in self.detectors if name not in DETECTORS]
        if unknown:
            raise InputError(f"no detector is called {unknown[0]!r}; use {'; '.join(DETECTORS)}")
        if len(set(self.detectors)) < len(self.detectors):
            raise InputError(f"a detector is given twice in {'; '.join(self.detectors)}")
        if self.seeds < 1:
            raise InputError(f"a study needs at least one seed, not {self.seeds}")
        if self.per_template < 1:
            raise InputError(f"K must be 1 or more, not {self.per_template}")
        if not self.cuts and not self.folds:
            raise InputError("a study needs a split: give --cuts 0.5,0.8, or --folds 4")
        check_cuts(self.cuts)


def run_study(
    warehouse: Path, folder: Path, plan: StudyPlan, *, progress: Progress | None = None
) -> list[DetectorResult]:
    """Run every trial of a plan whose result is not in the folder yet, and return all results.

    Parameters
    ----------
    warehouse : Path
        A warehouse with labelled lines; it is only read.
    folder : Path
        Where results are kept.
    plan : StudyPlan
        The splits, seeds and detectors.
    progress : Progress, optional
        Where to report progress.

    Raises
    ------
    InputError
        If the warehouse has no labelled lines of both kinds.
    """
    with Warehouse.open(warehouse, read_only=True) as opened:
        lines = read_lines(opened)
        recipe = opened.recipe().version
    folder.mkdir(parents=True, exist_ok=True)
    todo = list(_splits(lines, plan))
    results = []
    with (progress or SilentProgress()).step("trials", len(todo) * len(plan.detectors)) as step:
        for split, seed in todo:
            depends_on = [plan.per_template, plan.strategy, recipe, lines.digest]
            store = ResultStore(folder, split, seed, depends_on)
            results += list(_run_trial(warehouse, lines, split, seed, plan, store, step))
    return results


def _splits(lines: LabelledLines, plan: StudyPlan) -> Iterator[tuple[Split, int]]:
    for seed in range(plan.seeds):
        for split in by_time(lines, plan.cuts):
            yield split, seed
        if plan.folds:
            for split in _folds(lines, plan.folds, seed):
                yield split, seed


def _folds(lines: LabelledLines, folds: int, seed: int) -> list[Split]:
    found = list(by_templates(lines, folds, seed))
    if not found:
        raise InputError(
            f"no fold of {folds} leaves templates out: the log has too few templates; use "
            "--folds 0 and cuts by time"
        )
    return found


def _settings(plan: StudyPlan, name: str) -> dict[str, Any]:
    """Return the settings that a detector's scores depend on: empty except for students."""
    return plan.config.settings() if name in students.groupers(0) else {}


def _run_trial(
    warehouse: Path,
    lines: LabelledLines,
    split: Split,
    seed: int,
    plan: StudyPlan,
    store: ResultStore,
    step: Step,
) -> Iterator[DetectorResult]:
    missing = [n for n in plan.detectors if not store.has(n, _settings(plan, n))]
    if missing:
        with (
            tempfile.TemporaryDirectory() as folder,
            trial(
                warehouse, Path(folder), lines, split, plan.per_template, plan.strategy, seed
            ) as made,
        ):
            for name in missing:
                scores, domains = _detect(made, name, seed, plan.config)
                store.write(name, _settings(plan, name), made, scores, domains)
    for name in plan.detectors:
        step.advance()
        yield store.read(name, _settings(plan, name))


def _detect(
    trial: Trial, name: str, seed: int, config: StudentConfig
) -> tuple[list[float], list[str]]:
    """Return a detector's score of every test entry, and its domain if the detector has domains."""
    if name in BY_SEVERITY:
        return (trial.judged.severity >= BY_SEVERITY[name]).astype(float).tolist(), []
    events = sorted(trial.texts)
    found = _fit(trial, name, seed, config)([trial.texts[event] for event in events])
    places = np.searchsorted(np.array(events), trial.judged.event_id)
    domains = [found.domains[place] for place in places.tolist()] if found.domains else []
    return found.scores[places].tolist(), domains


def _fit(
    trial: Trial, name: str, seed: int, config: StudentConfig
) -> Callable[[Sequence[str]], students.Detections]:
    if name in BASELINES:
        score = BASELINES[name](trial)
        return lambda texts: students.Detections(score(texts), ())
    settings = replace(config, seed=seed)
    return students.fit(trial, students.groupers(seed)[name], settings)
