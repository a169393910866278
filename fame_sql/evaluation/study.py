"""The study: every detector on every split and seed, without leaks, resumable.

What a trial finds is kept as one JSON file a split, seed and detector in the study's folder, under
a digest of the code and settings it rests on; a study that is stopped goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fame_sql.console import Progress, SilentProgress, Step
from fame_sql.errors import InputError
from fame_sql.evaluation import students
from fame_sql.evaluation.baselines import BASELINES
from fame_sql.evaluation.definition import definition
from fame_sql.evaluation.metrics import Judged
from fame_sql.evaluation.splits import LabelledLines, Split, by_templates, by_time, read_lines
from fame_sql.evaluation.trials import JudgedLines, Trial, trial
from fame_sql.evaluation.weights import WEIGHTINGS
from fame_sql.students import StudentConfig
from fame_sql.warehouse import Warehouse

DETECTORS = ("severity", *BASELINES, *students.partitioners(0))


@dataclass(frozen=True)
class StudyPlan:
    """What a study tries.

    Parameters
    ----------
    cuts : tuple of float
        Splits by time: the share of the lines that is known.
    folds : int
        Folds of whole templates; 0 leaves none out.
    seeds : int
        Seeds of training, from 0 on.
    per_template : int
        K: labelled lines a template.
    detectors : tuple of str
        Names of :data:`DETECTORS`.
    config : StudentConfig
        Sizes of the students; the seed is replaced.
    strategy : str
        One of :data:`fame_sql.labels.STRATEGIES`; those other than K a template spend as many
        lines as that would.
    """

    cuts: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8)
    folds: int = 4
    seeds: int = 5
    per_template: int = 20
    detectors: tuple[str, ...] = DETECTORS
    config: StudentConfig = field(default_factory=StudentConfig)
    strategy: str = "per-template"

    def __post_init__(self) -> None:
        unknown = [name for name in self.detectors if name not in DETECTORS]
        if unknown:
            raise InputError(f"no detector is called {unknown[0]!r}; use {', '.join(DETECTORS)}")
        if self.seeds < 1:
            raise InputError(f"a study needs at least one seed, not {self.seeds}")


@dataclass(frozen=True)
class Finding:
    """What one detector said in one trial.

    Parameters
    ----------
    protocol, split : str
        Such as ``"time"`` and ``"60%"``.
    seed : int
        Seed of training.
    detector : str
        One of :data:`DETECTORS`.
    labels, lines_known : int
        Lines judged for training, and lines that could have been.
    scores : list of float
        One for each entry of ``judged``.
    judged : JudgedLines
        What was judged.
    domains : list of str
        The domain that each was seen in; empty of detectors that know none.
    """

    protocol: str
    split: str
    seed: int
    detector: str
    labels: int
    lines_known: int
    scores: list[float]
    judged: JudgedLines
    domains: list[str] = field(default_factory=list)

    def on(self, part: str, weighting: str = "lines") -> Judged:
        """Return scores and truth of the lines of a part: all, seen, unseen, new category.

        Parameters
        ----------
        part : str
            One of :data:`PARTS`.
        weighting : str
            One of :data:`fame_sql.evaluation.weights.WEIGHTINGS`.
        """
        weight = WEIGHTINGS[weighting](self.judged)
        judged = Judged(np.array(self.scores), self.judged.is_anomaly, weight, self.judged.block)
        chosen = {
            "all": np.ones(len(self.scores), dtype=bool),
            "seen": self.judged.seen,
            "unseen": ~self.judged.seen,
            # Normal lines have no category; they are what the alarms would be false on.
            "new category": ~self.judged.seen_category | ~self.judged.is_anomaly,
        }[part]
        return judged.where(chosen)


PARTS = ("all", "seen", "unseen", "new category")


def run_study(
    warehouse: Path, folder: Path, plan: StudyPlan, *, progress: Progress | None = None
) -> list[Finding]:
    """Run every trial of a plan that the folder does not hold yet, and return all findings.

    Parameters
    ----------
    warehouse : Path
        A warehouse with labelled lines; it is only read.
    folder : Path
        Where findings are kept.
    plan : StudyPlan
        What to try.
    progress : Progress, optional
        Where to tell how far it is.

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
    findings = []
    with (progress or SilentProgress()).step("trials", len(todo) * len(plan.detectors)) as step:
        for split, seed in todo:
            store = _Store(folder, plan, split, seed, recipe, lines)
            findings += list(_run_trial(warehouse, lines, split, seed, plan, store, step))
    return findings


def _splits(lines: LabelledLines, plan: StudyPlan) -> Iterator[tuple[Split, int]]:
    for seed in range(plan.seeds):
        for split in by_time(lines, plan.cuts):
            yield split, seed
        if plan.folds:
            for split in by_templates(lines, plan.folds, seed):
                yield split, seed


def _run_trial(
    warehouse: Path,
    lines: LabelledLines,
    split: Split,
    seed: int,
    plan: StudyPlan,
    store: _Store,
    step: Step,
) -> Iterator[Finding]:
    missing = [name for name in plan.detectors if not store.path(name).exists()]
    if missing:
        with (
            tempfile.TemporaryDirectory() as folder,
            trial(
                warehouse, Path(folder), lines, split, plan.per_template, plan.strategy, seed
            ) as made,
        ):
            for name in missing:
                said = _say(made, name, seed, plan.config)
                store.write(name, made, *said, len(split.known))
    for name in plan.detectors:
        step.advance()
        yield store.read(name)


def _say(
    trial: Trial, name: str, seed: int, config: StudentConfig
) -> tuple[list[float], list[str]]:
    """Return what a detector says of every judged entry: scores, and domains if it has any."""
    if name == "severity":
        return [float(is_fatal) for is_fatal in trial.judged.is_fatal], []
    events = sorted(trial.texts)
    said = _fit(trial, name, seed, config)([trial.texts[event] for event in events])
    places = np.searchsorted(np.array(events), trial.judged.event_id)
    domains = [said.domains[place] for place in places.tolist()] if said.domains else []
    return said.scores[places].tolist(), domains


def _fit(
    trial: Trial, name: str, seed: int, config: StudentConfig
) -> Callable[[Sequence[str]], students.Said]:
    if name in BASELINES:
        score = BASELINES[name](trial)
        return lambda texts: students.Said(score(texts), ())
    settings = replace(config, seed=seed)
    return students.fit(trial, students.partitioners(seed)[name], settings)


class _Store:
    """Keeps the findings of one split and seed as JSON files."""

    def __init__(
        self,
        folder: Path,
        plan: StudyPlan,
        split: Split,
        seed: int,
        recipe: str,
        lines: LabelledLines,
    ) -> None:
        content = [plan.per_template, plan.strategy, recipe, split.protocol, split.name]
        digest = hashlib.md5(json.dumps(content).encode())
        for column in (split.known, split.judged, lines.log_id, lines.is_anomaly):
            digest.update(column.tobytes())
        self._folder = folder / f"{split.protocol}-{digest.hexdigest()[:12]}"
        self._split = split
        self._seed = seed
        self._settings = json.dumps(plan.config.settings())

    def path(self, detector: str) -> Path:
        """Return where a finding lies: under the definition of its detector and its settings."""
        trained = detector in students.partitioners(0)
        made_of = definition(trained=trained) + (self._settings if trained else "")
        digest = hashlib.md5(made_of.encode()).hexdigest()[:12]
        name = detector.replace(", ", "-").replace(" ", "-")
        return self._folder / f"{name}-{self._seed}-{digest}.json"

    def write(
        self,
        detector: str,
        trial: Trial,
        scores: list[float],
        domains: list[str],
        lines_known: int,
    ) -> None:
        self._folder.mkdir(exist_ok=True)
        judged = {name: column.tolist() for name, column in vars(trial.judged).items()}
        content = {
            "labels": trial.labels,
            "lines_known": lines_known,
            "scores": scores,
            "domains": domains,
            "judged": judged,
        }
        half = self.path(detector).with_suffix(".half")
        half.write_text(json.dumps(content), encoding="utf-8")
        half.rename(self.path(detector))

    def read(self, detector: str) -> Finding:
        content: dict[str, Any] = json.loads(self.path(detector).read_text(encoding="utf-8"))
        judged = {
            name: np.array(column, dtype=object if name == "category" else None)
            for name, column in content.pop("judged").items()
        }
        return Finding(
            protocol=self._split.protocol,
            split=self._split.name,
            seed=self._seed,
            detector=detector,
            judged=JudgedLines(**judged),
            **content,
        )
