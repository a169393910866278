"""From an anomaly head's logit to the published score, whose threshold is 0.5 everywhere.

Every domain has a threshold on its head's raw probability, and all share one temperature:

    the head's log-odds = (logit - logit(threshold)) / temperature

The score of a known template is computed from the mean of these and the lexical head's log-odds.
Threshold and temperature are fitted on the last slice of the training period, from which the
network that is evaluated there did not learn. Each event counts with its lines, because labels
limited to K per template have lost the proportions that a threshold depends on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.students.config import DomainSpec, anomaly_columns

Floats = npt.NDArray[np.float64]

# On a slice of a few events the best threshold can be anywhere.
LOWEST, HIGHEST = 0.2, 0.8
UNCALIBRATED = 0.5

_TEMPERATURES = np.geomspace(0.5, 4.0, 61)
_ENDS = (float(_TEMPERATURES[0]), float(_TEMPERATURES[-1]))

# The names of these fields in model folders.
_STORED_NAMES = {"known_threshold": "known_line", "unseen_threshold": "unseen_line"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become scores.

    Parameters
    ----------
    thresholds : tuple of float
        For each domain, the raw probability in (0, 1) at which its head's log-odds are zero.
    temperature : float
        A value above 1 moves scores towards 0.5, a value below 1 away from it.
    known_threshold : float
        Log-odds of a message of a known template that are published as a score of 0.5; 0 unless
        a false-alarm target moves it.
    unseen_threshold, unseen_temperature : float
        The same for messages of unseen templates, from held-out templates.
    """

    thresholds: tuple[float, ...]
    temperature: float = 1.0
    known_threshold: float = 0.0
    unseen_threshold: float = 0.0
    unseen_temperature: float = 1.0

    @classmethod
    def none(cls, domains: int) -> Calibration:
        """Return the calibration that changes nothing."""
        return cls((UNCALIBRATED,) * domains)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Calibration:
        """Return what :meth:`to_json` wrote; values that older folders lack have no effect."""
        names = {key: name for name, key in _STORED_NAMES.items()}
        values = {names.get(key, key): value for key, value in stored.items()}
        thresholds = tuple(float(threshold) for threshold in values.pop("thresholds"))
        return cls(thresholds, **{name: float(value) for name, value in values.items()})

    def to_json(self) -> dict[str, Any]:
        """Return the calibration as it is stored in model folders."""
        return {_STORED_NAMES.get(name, name): value for name, value in asdict(self).items()}

    def log_odds(self, logits: Floats) -> Floats:
        """Return the heads' log-odds for raw logits, both [texts, domains]."""
        thresholds = np.array(self.thresholds)
        decision = np.log(thresholds) - np.log1p(-thresholds)
        return np.asarray((logits - decision) / self.temperature)

    @property
    def unseen_probability(self) -> float:
        """The lexical head's probability that is published as 0.5 for unseen templates."""
        return float(sigmoid(np.array(self.unseen_threshold)))

    def is_sound(self) -> bool:
        """Return whether thresholds are finite and in range, and temperatures above 0."""
        shifts = np.array([self.known_threshold, self.unseen_threshold])
        temperatures = np.array([self.temperature, self.unseen_temperature])
        in_range = all(0 < threshold < 1 for threshold in self.thresholds)
        return bool(in_range and np.isfinite(shifts).all() and (temperatures > 0).all())

    def failed_fits(self) -> list[str]:
        """Return a sentence for each temperature at an end of its range: the fit has failed."""
        fitted = {"known": self.temperature, "unseen": self.unseen_temperature}
        return [
            f"the temperature of {name} templates is {value:g}, an end of the range that is "
            "searched: the fit has failed, and scores are not as frequent as they say"
            for name, value in fitted.items()
            if value in _ENDS
        ]

    def known(self, log_odds: Floats) -> Floats:
        """Return the published log-odds of messages of known templates."""
        return np.asarray(log_odds - self.known_threshold)

    def unseen(self, log_odds: Floats) -> Floats:
        """Return the published log-odds for unseen templates, from the lexical head's log-odds."""
        return np.asarray((log_odds - self.unseen_threshold) / self.unseen_temperature)


def sigmoid(logits: Floats) -> Floats:
    """Return the logistic function, computed by tanh, which cannot overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits))


def has_enough(anomalous: Floats, least: int) -> bool:
    """Return whether ``least`` events have anomalous lines, and ``least`` have normal ones."""
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

    A mixed domain gets its own threshold if the slice contains at least ``least`` of its events
    of each class; otherwise the one that is best for all experts together. Domains without an
    expert get the one that is best for the shared head. If the slice has fewer than ``least``
    events even for these, the threshold is 0.5: fitted to a few events, it varies by chance.

    Parameters
    ----------
    logits : float64 array
        [events, 1 + experts] logits of the anomaly heads.
    anomalous : float64 array
        [events] share of an event's lines that were labelled anomalous.
    lines : float64 array
        [events] log lines of each event.
    domain : int64 array
        [events] index into ``domains``.
    domains : sequence of DomainSpec
        The failure domains.
    least : int
        Events of each class that a fitted threshold needs, at least 1.
    """
    columns = anomaly_columns(domains)
    own = np.take_along_axis(logits, columns[domain, None], axis=1)[:, 0]

    def threshold(judged: Floats, here: npt.NDArray[np.bool_], otherwise: float) -> float:
        if not has_enough(anomalous[here], least):
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
    if has_enough(anomalous, least):
        temperature = best_temperature(own, thresholds[domain], anomalous, lines)
    return Calibration(tuple(thresholds.tolist()), temperature)


def best_threshold(probability: Floats, anomalous: Floats, lines: Floats) -> float:
    """Return the threshold of the highest F1 over lines, in [0.2, 0.8].

    Candidates are the midpoints between neighbouring probabilities, so that separated classes
    are cut in the middle of the gap; of equally good candidates, the one nearest to 0.5 wins.
    There must be events of both classes.
    """
    levels, level = np.unique(probability, return_inverse=True)
    hits = _from_top(np.bincount(level, lines * anomalous))
    alarms = _from_top(np.bincount(level, lines * (1 - anomalous)))
    # scikit-learn's precision_recall_curve has no F1, and takes no event of which only a share of
    # the lines is anomalous.
    f1 = 2 * hits / (hits + alarms + hits[0])
    # Between two neighbouring floats the midpoint is one of them, and must be the upper one.
    between = np.maximum((levels[1:] + levels[:-1]) / 2, np.nextafter(levels[:-1], 1))
    cuts = np.concatenate([levels[:1] / 2, between])
    best = cuts[np.isclose(f1, f1.max(), rtol=1e-12, atol=0)].clip(LOWEST, HIGHEST)
    return float(best[np.argmin(np.abs(best - UNCALIBRATED))])


def best_temperature(logits: Floats, thresholds: Floats, anomalous: Floats, lines: Floats) -> float:
    """Return the temperature in [0.5, 4] that maximises the likelihood of the published scores."""
    decision = np.log(thresholds) - np.log1p(-thresholds)
    shifted = (logits - decision)[None, :] / _TEMPERATURES[:, None]
    loss = np.logaddexp(0, shifted) - anomalous * shifted
    return float(_TEMPERATURES[np.argmin((loss * lines).sum(axis=1))])


def expected_calibration_error(
    score: Floats, anomalous: Floats, lines: Floats, bins: int = 10
) -> float | None:
    """Return the expected calibration error by log lines, over bins of equal width.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017. None without lines.
    """
    if not lines.sum():
        return None
    places = np.minimum((score * bins).astype(np.int64), bins - 1)
    gap = np.bincount(places, lines * (anomalous - score), bins)
    return float(np.abs(gap).sum() / lines.sum())


def _from_top(amounts: npt.NDArray[Any]) -> Floats:
    """Return the sum of each level and all levels above it."""
    return np.cumsum(amounts[::-1], dtype=np.float64)[::-1]
