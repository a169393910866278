"""Two presets side by side, on held-out templates and blocks of time of a warehouse's own labels.

Each preset is trained several times on a part of the labelled events, and judges the rest: whole
templates that it has not seen, or the events that come later. The intervals come from drawing
templates with replacement, because all events of a template are right or wrong together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError
from fame_sql.evaluation.metrics import Estimate, ScoredLines, difference, with_intervals
from fame_sql.students import DomainSpec, LabelledEvents, Student, StudentConfig, train
from fame_sql.students.calibration.held_out import fold_templates
from fame_sql.training.context import read_texts
from fame_sql.training.labelled import read_labelled
from fame_sql.warehouse.warehouse import Warehouse

MEASURES = ("average_precision", "f1", "precision", "recall")
TEMPLATES, TIME = "held-out templates", "later blocks of time"
FOLDS = 5

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HeldOutRow:
    """One measure of two presets on the same held-out events.

    Parameters
    ----------
    held_out : str
        What was held out: templates, or blocks of time.
    measure : str
        The measure, by lines.
    first, second : Estimate
        Its value for each preset.
    difference : Estimate
        The second minus the first, paired.
    """

    held_out: str
    measure: str
    first: Estimate
    second: Estimate
    difference: Estimate

    @property
    def is_noise(self) -> bool:
        """Whether the interval of the difference contains 0, or there is no interval."""
        low, high = self.difference.low, self.difference.high
        return low is None or high is None or low <= 0 <= high

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {**asdict(self), "is_noise": self.is_noise}


def compare_presets(
    warehouse: Warehouse,
    first: StudentConfig,
    second: StudentConfig,
    *,
    folds: int = FOLDS,
    progress: Progress | None = None,
) -> list[HeldOutRow]:
    """Train and judge two presets on the labels of a warehouse; nothing is stored.

    Parameters
    ----------
    warehouse : Warehouse
        Where events are labelled and grouped into domains.
    first, second : StudentConfig
        The settings of the two.
    folds : int
        Number of parts into which templates, and the events in time order, are divided.
    progress : Progress, optional
        Shows every training.

    Raises
    ------
    MissingStageError
        If there are no labels or no domains.
    InputError
        If there are too few labelled events, or no anomalous one.
    """
    labelled = read_labelled(warehouse)
    _check(labelled.events, folds)
    presets = (first, second)
    texts = read_texts(warehouse) if any(config.has_encoder for config in presets) else []
    data = _Data(labelled.events, labelled.domains, texts, warehouse.recipe().placeholders)
    parts = {
        TEMPLATES: list(_by_templates(data.events, folds)),
        TIME: list(_by_time(data.events, folds)),
    }
    count = len(presets) * sum(map(len, parts.values()))
    rows: list[HeldOutRow] = []
    with (progress or SilentProgress()).step("training on parts of the labels", count) as step:
        for name, splits in parts.items():
            judged = [_judged(data, config, splits, step.advance) for config in presets]
            rows += _rows(name, *judged)
    return rows


@dataclass(frozen=True, slots=True)
class _Data:
    """What every training reads."""

    events: LabelledEvents
    domains: Sequence[DomainSpec]
    texts: list[str]
    placeholders: Sequence[str]

    def train(self, learned: Mask, config: StudentConfig) -> Student:
        """Train on some events, the last fifth of which is the calibration slice."""
        events = self.events.where(learned)
        late = replace(events, calibration=np.arange(len(events)) >= 0.8 * len(events))
        silent = SilentProgress()
        return train(late, self.texts, self.domains, config, self.placeholders, silent)


def _judged(
    data: _Data,
    config: StudentConfig,
    splits: Sequence[tuple[Mask, Mask]],
    advance: Callable[[], None],
) -> ScoredLines:
    """Train on each split, and return its held-out events with their scores."""
    found = []
    for learned, held_out in splits:
        found.append(_judge(data.train(learned, config), data.events, learned, held_out))
        advance()
    return ScoredLines(
        *(
            np.concatenate([getattr(part, field.name) for part in found])
            for field in fields(ScoredLines)
        )
    )


def _check(events: LabelledEvents, folds: int) -> None:
    anomalous = len(np.unique(events.template[events.is_anomaly > 0]))
    if len(events) < 2 * folds or anomalous < 2:
        raise InputError(
            f"{len(events)} labelled events with {anomalous} anomalous templates are too few to "
            f"hold parts of them out: label at least {2 * folds} events and 2 anomalous templates, "
            "with 'fame label export FILE'"
        )


def _by_templates(events: LabelledEvents, folds: int) -> Iterator[tuple[Mask, Mask]]:
    fold = fold_templates(events, folds, seed=0)
    for number in np.unique(fold):
        yield fold != number, fold == number


def _by_time(events: LabelledEvents, folds: int) -> Iterator[tuple[Mask, Mask]]:
    """Yield the events before each block but the first, and those in it; events are in order."""
    block = np.arange(len(events)) * folds // len(events)
    for number in range(1, folds):
        yield block < number, block == number


def _judge(student: Student, events: LabelledEvents, learned: Mask, held_out: Mask) -> ScoredLines:
    """Score held-out events as the model would, whose templates are those of the learned ones."""
    judged = events.where(held_out)
    prediction = student.predict(judged.canonical)
    own = prediction.scores[np.arange(len(judged)), judged.domain]
    known = np.isin(judged.template, events.template[learned])
    score = np.where(known, own, prediction.unseen)
    normal = 1 - judged.is_anomaly
    lines = np.concatenate([judged.weight * judged.is_anomaly, judged.weight * normal])
    both = ScoredLines(
        np.tile(score, 2), np.arange(len(lines)) < len(judged), lines, np.tile(judged.template, 2)
    )
    return both.where(lines > 0)


def _rows(name: str, first: ScoredLines, second: ScoredLines) -> Iterator[HeldOutRow]:
    one, other = with_intervals([first]), with_intervals([second])
    for measure in MEASURES:
        yield HeldOutRow(
            name, measure, one[measure], other[measure], difference([second], [first], measure)
        )
