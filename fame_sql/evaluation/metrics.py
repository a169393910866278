"""Precision, recall, F1, average precision and false alarms, with intervals by time block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fame_sql.students.calibration.calibration import expected_calibration_error
from fame_sql.verdict import THRESHOLD

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

MEASURES = (
    "precision",
    "recall",
    "f1",
    "average_precision",
    "false_alarms_per_million",
    "calibration_error",
    "recall_bound",
)
FALSE_ALARMS = 0.01
"""The share of normal lines that may be reported where ``recall_bound`` is taken."""


@dataclass(frozen=True)
class Judged:
    """Scores beside the truth, as columns of equal length.

    Parameters
    ----------
    score : float64 array
        Above 0.5 is reported.
    is_anomaly : bool array
        The truth.
    lines : float64 array
        Lines that each entry stands for.
    block : int64 array
        The block of time it lies in.
    """

    score: Floats
    is_anomaly: Booleans
    lines: Floats
    block: npt.NDArray[np.int64]

    def where(self, chosen: Booleans) -> Judged:
        """Return the chosen entries."""
        return Judged(
            self.score[chosen], self.is_anomaly[chosen], self.lines[chosen], self.block[chosen]
        )

    @classmethod
    def pooled(cls, parts: Sequence[Judged]) -> Judged:
        """Return several sets of entries as one, their blocks kept apart."""
        blocks, start = [], 0
        for part in parts:
            blocks.append(part.block + start)
            start += int(part.block.max(initial=-1)) + 1
        return cls(
            np.concatenate([part.score for part in parts]),
            np.concatenate([part.is_anomaly for part in parts]),
            np.concatenate([part.lines for part in parts]),
            np.concatenate(blocks),
        )


@dataclass(frozen=True)
class Measured:
    """A measure with its interval.

    Parameters
    ----------
    value : float or None
        None where it is not defined, such as the precision of nothing reported.
    low, high : float or None
        The 95 % interval from the bootstrap.
    """

    value: float | None
    low: float | None
    high: float | None


def measure(judged: Judged) -> dict[str, float | None]:
    """Return every measure of :data:`MEASURES` by name; None where it is not defined."""
    reported = judged.score > THRESHOLD
    hits = float(judged.lines[reported & judged.is_anomaly].sum())
    alarms = float(judged.lines[reported & ~judged.is_anomaly].sum())
    anomalies = float(judged.lines[judged.is_anomaly].sum())
    return {
        "precision": _ratio(hits, hits + alarms),
        "recall": _ratio(hits, anomalies),
        "f1": _ratio(2 * hits, anomalies + hits + alarms) if anomalies else None,
        "average_precision": average_precision(judged),
        "false_alarms_per_million": _ratio(alarms * 1e6, float(judged.lines.sum())),
        "calibration_error": calibration_error(judged),
        "recall_bound": recall_bound(judged),
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def average_precision(judged: Judged) -> float | None:
    """Return the area under the precision-recall steps, equal scores taken together.

    None where there is nothing to find.
    """
    hits, reported = by_threshold(judged)
    if not len(hits) or hits[-1] == 0:
        return None
    gained = np.diff(hits, prepend=0.0) / hits[-1]
    return float((hits / reported * gained).sum())


def recall_bound(judged: Judged, false_alarms: float = FALSE_ALARMS) -> float | None:
    """Return the recall that the ranking allows at so many false alarms, at most.

    The threshold is the best for the very lines that are judged: an upper bound, which no
    threshold fixed beforehand can pass. None where there is nothing to find.

    Parameters
    ----------
    judged : Judged
        Scores and truth.
    false_alarms : float
        Share of the normal lines that may be reported.
    """
    hits, reported = by_threshold(judged)
    if not len(hits) or hits[-1] == 0:
        return None
    # Sums of weights differ in their last bits, and a budget of whole lines must hold them.
    budget = false_alarms * (reported[-1] - hits[-1]) + 1e-9
    allowed = hits[reported - hits <= budget]
    return float(allowed.max(initial=0.0) / hits[-1])


def by_threshold(judged: Judged) -> tuple[Floats, Floats]:
    """Return anomalous lines and all lines above each distinct score, the highest first."""
    order = np.argsort(-judged.score, kind="stable")
    score, lines = judged.score[order], judged.lines[order]
    if not len(score):
        return lines, lines
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    return np.cumsum(lines * judged.is_anomaly[order])[last], np.cumsum(lines)[last]


def with_intervals(
    seeds: Sequence[Judged], *, resamples: int = 300, seed: int = 0
) -> dict[str, Measured]:
    """Return every measure, averaged over seeds, with 95 % bootstrap intervals.

    Each resample draws one of the seeds and then blocks of time with replacement, so that the
    interval holds both the luck of training and that of the period.

    Parameters
    ----------
    seeds : sequence of Judged
        The same lines as models trained with different seeds judge them.
    resamples : int
        Bootstrap resamples.
    seed : int
        Seed of the bootstrap.
    """
    random = np.random.default_rng(seed)
    values = [measure(judged) for judged in seeds]
    drawn = [_resampled(seeds[int(random.integers(len(seeds)))], random) for _ in range(resamples)]
    return {name: _measured(name, values, drawn) for name in MEASURES}


def difference(
    ours: Sequence[Judged],
    theirs: Sequence[Judged],
    name: str,
    *,
    resamples: int = 300,
    seed: int = 0,
) -> Measured:
    """Return by how much a measure is higher for one detector than for another, paired.

    Each resample draws one seed and one set of time blocks for both, so that what is hard for
    both cancels out.

    Parameters
    ----------
    ours, theirs : sequence of Judged
        The same lines in the same order, a set for each seed.
    name : str
        One of :data:`MEASURES`.
    resamples : int
        Bootstrap resamples.
    seed : int
        Seed of the bootstrap.
    """
    random = np.random.default_rng(seed)
    pairs = list(zip(ours, theirs, strict=True))
    drawn = []
    for _ in range(resamples):
        one, other = pairs[int(random.integers(len(pairs)))]
        times = _times_drawn(one.block, random)
        drawn.append({name: _gap(_repeated(one, times), _repeated(other, times), name)})
    return _measured(name, [{name: _gap(one, other, name)} for one, other in pairs], drawn)


def _gap(one: Judged, other: Judged, name: str) -> float | None:
    high, low = measure(one)[name], measure(other)[name]
    return None if high is None or low is None else high - low


def _resampled(judged: Judged, random: np.random.Generator) -> dict[str, float | None]:
    if not len(judged.block):
        return dict.fromkeys(MEASURES)
    return measure(_repeated(judged, _times_drawn(judged.block, random)))


def _times_drawn(block: npt.NDArray[np.int64], random: np.random.Generator) -> Floats:
    """Draw as many blocks as there are, with replacement; return how often each entry's came."""
    blocks = np.unique(block)
    if not len(blocks):
        return np.zeros(0)
    drawn = np.searchsorted(blocks, random.choice(blocks, len(blocks)))
    times = np.bincount(drawn, minlength=len(blocks))
    return times[np.searchsorted(blocks, block)].astype(np.float64)


def _repeated(judged: Judged, times: Floats) -> Judged:
    lines = judged.lines * times
    drawn = Judged(judged.score, judged.is_anomaly, lines, judged.block)
    return drawn.where(lines > 0)


def _measured(
    name: str, values: Sequence[dict[str, float | None]], drawn: Sequence[dict[str, float | None]]
) -> Measured:
    found = [v for value in values if (v := value[name]) is not None]
    spread = [v for value in drawn if (v := value[name]) is not None]
    if not found or not spread:
        return Measured(float(np.mean(found)) if found else None, None, None)
    low, high = np.percentile(spread, [2.5, 97.5])
    return Measured(float(np.mean(found)), float(low), float(high))


def calibration_error(judged: Judged) -> float | None:
    """Return the expected calibration error of the scores, line-weighted; None without lines."""
    truth = judged.is_anomaly.astype(np.float64)
    return expected_calibration_error(judged.score, truth, judged.lines)
