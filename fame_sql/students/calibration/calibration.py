"""From an anomaly head's logit to the published score, whose decision line is 0.5 everywhere.

Every domain has a threshold on its head's raw probability, and all share one temperature:

    the head's log-odds = (logit - logit(threshold)) / temperature

A known template's score is made of the mean of these and the lexical head's log-odds. Threshold
and temperature are fitted on the last slice of the training period, which the network that is
judged there did not learn from, with each event counted by its lines: labels capped at K a template
have lost the proportions that a threshold depends on.
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
        The raw probability in (0, 1) of each domain's head that speaks for neither side: its
        log-odds are 0.
    temperature : float
        Above 1 draws scores towards 0.5, below 1 away from it.
    known_line : float
        Log-odds of a message of a known template that are published as 0.5; not 0 where a
        target of false alarms asks for it.
    unseen_line, unseen_temperature : float
        The same for messages of unseen templates, from held-out templates.
    """

    thresholds: tuple[float, ...]
    temperature: float = 1.0
    known_line: float = 0.0
    unseen_line: float = 0.0
    unseen_temperature: float = 1.0

    @classmethod
    def none(cls, domains: int) -> Calibration:
        """Return the calibration that changes nothing."""
        return cls((UNCALIBRATED,) * domains)

    def log_odds(self, logits: Floats) -> Floats:
        """Return the heads' log-odds for raw logits, both [texts, domains].

        At 0 a head speaks for neither side, in every domain.
        """
        thresholds = np.array(self.thresholds)
        decision = np.log(thresholds) - np.log1p(-thresholds)
        return np.asarray((logits - decision) / self.temperature)

    @property
    def unseen_threshold(self) -> float:
        """The probability by words alone that is published as 0.5 for the unseen."""
        return float(sigmoid(np.array(self.unseen_line)))

    def is_sound(self) -> bool:
        """Say whether scores can be made with it: finite lines, temperatures above 0."""
        lines = np.array([self.known_line, self.unseen_line])
        temperatures = np.array([self.temperature, self.unseen_temperature])
        return bool(np.isfinite(lines).all() and (temperatures > 0).all())

    def known(self, log_odds: Floats) -> Floats:
        """Return the published log-odds of messages of known templates."""
        return np.asarray(log_odds - self.known_line)

    def unseen(self, log_odds: Floats) -> Floats:
        """Return the published log-odds of messages of unseen templates, from the words' own."""
        return np.asarray((log_odds - self.unseen_line) / self.unseen_temperature)


def sigmoid(logits: Floats) -> Floats:
    """Return the logistic function, which tanh gives without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits))


def enough(anomalous: Floats, least: int) -> bool:
    """Say whether ``least`` events have anomalous lines, and ``least`` have normal ones."""
    return int(min(np.sum(anomalous > 0), np.sum(anomalous < 1))) >= least


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
    have no expert get the one that is best for the shared head. Where even those are fewer
    than ``least``, the threshold is 0.5: fitted to a handful it moves by chance.

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
        Events of each class that a fitted threshold takes, at least 1.
    """
    columns = anomaly_columns(domains)
    own = np.take_along_axis(logits, columns[domain, None], axis=1)[:, 0]

    def threshold(judged: Floats, here: npt.NDArray[np.bool_], otherwise: float) -> float:
        if not enough(anomalous[here], least):
            return otherwise
        return best_threshold(sigmoid(judged[here]), anomalous[here], lines[here])

    shared = threshold(logits[:, 0], np.ones(len(own), dtype=bool), UNCALIBRATED)
    experts = threshold(own, columns[domain] > 0, UNCALIBRATED)
    thresholds = np.array(
        [
            threshold(own, domain == index, experts) if column else shared
            for index, column in enumerate(columns)
        ]
    )
    temperature = 1.0
    if enough(anomalous, least):
        temperature = best_temperature(own, thresholds[domain], anomalous, lines)
    return Calibration(tuple(thresholds.tolist()), temperature)


def best_threshold(probability: Floats, anomalous: Floats, lines: Floats) -> float:
    """Return the threshold of the highest F1 over lines, in [0.2, 0.8].

    Candidates are the midpoints between neighbouring probabilities, so that classes that are
    apart are cut in the middle of their gap; of equally good ones, that nearest to 0.5. There
    must be events of both classes.
    """
    levels, level = np.unique(probability, return_inverse=True)
    hits = _from_top(np.bincount(level, lines * anomalous))
    alarms = _from_top(np.bincount(level, lines * (1 - anomalous)))
    # scikit-learn's precision_recall_curve has no F1, and takes no event of which only a share of
    # the lines is anomalous.
    f1 = 2 * hits / (hits + alarms + hits[0])
    cuts = np.concatenate([levels[:1] / 2, (levels[1:] + levels[:-1]) / 2])
    best = cuts[np.isclose(f1, f1.max(), rtol=1e-12, atol=0)].clip(LOWEST, HIGHEST)
    return float(best[np.argmin(np.abs(best - UNCALIBRATED))])


def best_temperature(logits: Floats, thresholds: Floats, anomalous: Floats, lines: Floats) -> float:
    """Return the temperature in [0.5, 4] under which the published scores are likeliest."""
    decision = np.log(thresholds) - np.log1p(-thresholds)
    shifted = (logits - decision)[None, :] / _TEMPERATURES[:, None]
    loss = np.logaddexp(0, shifted) - anomalous * shifted
    return float(_TEMPERATURES[np.argmin((loss * lines).sum(axis=1))])


def expected_calibration_error(
    score: Floats, anomalous: Floats, lines: Floats, bins: int = 10
) -> float | None:
    """Return by how much scores miss the share of anomalous lines, over equal bins of the score.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017; by lines. None without lines.
    """
    if not lines.sum():
        return None
    places = np.minimum((score * bins).astype(np.int64), bins - 1)
    gap = np.bincount(places, lines * (anomalous - score), bins)
    return float(np.abs(gap).sum() / lines.sum())


def _from_top(amounts: npt.NDArray[Any]) -> Floats:
    """Sum each level with all levels above it."""
    return np.cumsum(amounts[::-1], dtype=np.float64)[::-1]
