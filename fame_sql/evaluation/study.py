"""The study: every detector on every split and seed, without leaks, resumable.

What a trial finds is kept as one JSON file a split, seed and detector in the study's folder; a
study that is stopped goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fame_sql.console import Progress, SilentProgress, Step
from fame_sql.errors import InputError
from fame_sql.evaluation import students
from fame_sql.evaluation.baselines import BASELINES, Scorer
from fame_sql.evaluation.metrics import Judged
from fame_sql.evaluation.splits import LabelledLines, Split, by_templates, by_time, read_lines
from fame_sql.evaluation.trials import JudgedLines, Trial, trial
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
    """

    cuts: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8)
    folds: int = 4
    seeds: int = 5
    per_template: int = 20
    detectors: tuple[str, ...] = DETECTORS
    config: StudentConfig = field(default_factory=StudentConfig)

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
    """

    protocol: str
    split: str
    seed: int
    detector: str
    labels: int
    lines_known: int
    scores: list[float]
    judged: JudgedLines

    def on(self, part: str) -> Judged:
        """Return scores and truth of the lines of a part: all, seen, unseen, new category."""
        judged = Judged(
            np.array(self.scores), self.judged.is_anomaly, self.judged.lines, self.judged.block
        )
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
            trial(warehouse, Path(folder), lines, split, plan.per_template) as made,
        ):
            for name in missing:
                scores = _scores(made, name, seed, plan.config)
                store.write(name, made, scores, len(split.known))
    for name in plan.detectors:
        step.advance()
        yield store.read(name)


def _scores(trial: Trial, name: str, seed: int, config: StudentConfig) -> list[float]:
    if name == "severity":
        return [float(is_fatal) for is_fatal in trial.judged.is_fatal]
    events = sorted(trial.texts)
    score = _fit(trial, name, seed, config)
    by_event = dict(zip(events, score([trial.texts[e] for e in events]).tolist(), strict=True))
    return [by_event[event] for event in trial.judged.event_id.tolist()]


def _fit(trial: Trial, name: str, seed: int, config: StudentConfig) -> Scorer:
    if name in BASELINES:
        return BASELINES[name](trial)
    settings = StudentConfig(**{**asdict(config), "seed": seed})
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
        content = [asdict(plan.config), plan.per_template, recipe, split.protocol, split.name]
        digest = hashlib.md5(json.dumps(content).encode())
        for column in (split.known, split.judged, lines.log_id, lines.is_anomaly):
            digest.update(column.tobytes())
        self._folder = folder / f"{split.protocol}-{digest.hexdigest()[:12]}"
        self._split = split
        self._seed = seed

    def path(self, detector: str) -> Path:
        return self._folder / f"{detector.replace(', ', '-').replace(' ', '-')}-{self._seed}.json"

    def write(self, detector: str, trial: Trial, scores: list[float], lines_known: int) -> None:
        self._folder.mkdir(exist_ok=True)
        judged = {name: column.tolist() for name, column in vars(trial.judged).items()}
        content = {
            "labels": trial.labels,
            "lines_known": lines_known,
            "scores": scores,
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


def gathered(findings: Sequence[Finding]) -> dict[tuple[str, str, str], list[Judged]]:
    """Gather findings by protocol, split and detector into one list of seeds a part.

    Folds over templates are pooled: each line is judged once a seed.

    Returns
    -------
    dict
        From (protocol and split, detector, part) to a :class:`Judged` a seed.
    """
    groups: dict[tuple[str, str], dict[int, list[Finding]]] = {}
    for finding in findings:
        name = finding.split if finding.protocol == "time" else "templates left out"
        by_seed = groups.setdefault((name, finding.detector), {})
        by_seed.setdefault(finding.seed, []).append(finding)
    return {
        (name, detector, part): [
            Judged.pooled([finding.on(part) for finding in members]) for members in seeds.values()
        ]
        for (name, detector), seeds in groups.items()
        for part in PARTS
    }


def most_wrong(
    findings: Sequence[Finding], texts: dict[int, str], at_most: int = 20
) -> list[tuple[str, float, bool, int]]:
    """Return what the method judged most wrongly, weighed by lines: text, score, label, lines."""
    found: dict[tuple[int, bool], tuple[float, float]] = {}
    for finding in findings:
        if finding.detector != "fame" or finding.seed != 0 or finding.protocol != "time":
            continue
        columns = (finding.judged.event_id, finding.judged.is_anomaly, finding.judged.lines)
        for event, truth, lines, score in zip(*columns, finding.scores, strict=True):
            key = (int(event), bool(truth))
            found[key] = (float(score), found.get(key, (0.0, 0.0))[1] + float(lines))
    wrong = [
        (texts[event], score, truth, int(lines))
        for (event, truth), (score, lines) in found.items()
        if (score > 0.5) != truth
    ]
    return sorted(wrong, key=lambda row: (-row[3] * abs(row[1] - row[2]), row[0]))[:at_most]
