"""From an anomaly head's logit to the published score, whose decision line is 0.5 everywhere.

Every domain has a threshold on its head's raw probability, and all share one temperature:

    score = sigmoid((logit - logit(threshold)) / temperature)

Both are fitted on the last slice of the training period, which the network that is judged there
did not learn from, with each event counted by its lines: labels capped at K a template have
lost the proportions that a threshold depends on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.students.config import DomainSpec, anomaly_columns

Floats = npt.NDArray[np.float64]

# A slice of a few events can put the best threshold anywhere.
LOWEST, HIGHEST = 0.2, 0.8
UNCALIBRATED = 0.5

_TEMPERATURES = np.geomspace(0.5, 4.0, 61)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become scores.

    Parameters
    ----------
    thresholds : tuple of float
        The raw probability in (0, 1), one a domain, that is published as 0.5.
    temperature : float
        Above 1 draws scores towards 0.5, below 1 away from it.
    """

    thresholds: tuple[float, ...]
    temperature: float = 1.0

    @classmethod
    def none(cls, domains: int) -> Calibration:
        """Return the calibration that changes nothing."""
        return cls((UNCALIBRATED,) * domains)

    def scores(self, logits: Floats) -> Floats:
        """Return the published scores in [0, 1] for raw logits, both [texts, domains]."""
        return publish(logits, np.array(self.thresholds), self.temperature)


def publish(logits: Floats, thresholds: Floats, temperature: float) -> Floats:
    """Map raw logits to the published scale; ``thresholds`` broadcasts against ``logits``."""
    lines = np.log(thresholds) - np.log1p(-thresholds)
    return sigmoid((logits - lines) / temperature)


def sigmoid(logits: Floats) -> Floats:
    """Return the logistic function, which tanh gives without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits))


def fit_calibration(
    logits: Floats,
    anomalous: Floats,
    lines: Floats,
    domain: npt.NDArray[np.int64],
    domains: Sequence[DomainSpec],
    least: int,
) -> Calibration:
    """Find the thresholds and the temperature on the calibration slice.

    A mixed domain gets its own threshold where the slice holds at least ``least`` events of
    each class in it; otherwise the one that is best for all experts together. Domains that
    have no expert get the one that is best for the shared head. Where the events in question
    are all of one class, the threshold is 0.5.

    Parameters
    ----------
    logits : float64 array
        [events, 1 + experts] logits of the anomaly heads.
    anomalous : float64 array
        [events] share of an event's lines that were labelled anomalous.
    lines : float64 array
        [events] lines that each event stands for.
    domain : int64 array
        [events] index into ``domains``.
    domains : sequence of DomainSpec
        The failure domains.
    least : int
        Events of each class that a threshold of a domain's own takes.
    """
    columns = anomaly_columns(domains)
    own = np.take_along_axis(logits, columns[domain, None], axis=1)[:, 0]
    mixed = columns[domain] > 0
    shared = best_threshold(sigmoid(logits[:, 0]), anomalous, lines)
    experts = best_threshold(sigmoid(own[mixed]), anomalous[mixed], lines[mixed])
    thresholds = np.where(columns > 0, experts, shared)
    for index in np.flatnonzero(columns):
        here = domain == index
        if min(_counts(anomalous[here])) >= least:
            thresholds[index] = best_threshold(sigmoid(own[here]), anomalous[here], lines[here])
    temperature = best_temperature(own, thresholds[domain], anomalous, lines)
    return Calibration(tuple(float(line) for line in thresholds), temperature)


def best_threshold(probability: Floats, anomalous: Floats, lines: Floats) -> float:
    """Return the threshold of the highest F1 over lines, in [0.2, 0.8].

    Candidates are the midpoints between neighbouring probabilities, so that classes that are
    apart are cut in the middle of their gap; of equally good ones, that nearest to 0.5.
    Without events of both classes the answer is 0.5.
    """
    if min(_counts(anomalous)) == 0:
        return UNCALIBRATED
    levels, level = np.unique(probability, return_inverse=True)
    hits = _from_top(np.bincount(level, lines * anomalous))
    alarms = _from_top(np.bincount(level, lines * (1 - anomalous)))
    f1 = 2 * hits / (hits + alarms + hits[0])
    cuts = np.concatenate([levels[:1] / 2, (levels[1:] + levels[:-1]) / 2])
    best = cuts[np.isclose(f1, f1.max(), rtol=1e-12)].clip(LOWEST, HIGHEST)
    return float(best[np.argmin(np.abs(best - UNCALIBRATED))])


def best_temperature(logits: Floats, thresholds: Floats, anomalous: Floats, lines: Floats) -> float:
    """Return the temperature in [0.5, 4] under which the published scores are likeliest."""
    if min(_counts(anomalous)) == 0:
        return 1.0
    lines_at = np.log(thresholds) - np.log1p(-thresholds)
    shifted = (logits - lines_at)[None, :] / _TEMPERATURES[:, None]
    loss = np.logaddexp(0, shifted) - anomalous * shifted
    return float(_TEMPERATURES[np.argmin((loss * lines).sum(axis=1))])


def _counts(anomalous: Floats) -> tuple[int, int]:
    """Count the events with anomalous and with normal lines."""
    return int((anomalous > 0).sum()), int((anomalous < 1).sum())


def _from_top(amounts: npt.NDArray[Any]) -> Floats:
    """Sum each level with all levels above it."""
    return np.cumsum(amounts[::-1], dtype=np.float64)[::-1]
