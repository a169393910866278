"""Thresholds for a target, such as at most ten false alarms per million lines.

A threshold is as low as the held-out events allow: the upper end of the 95 % interval of its
false-alarm rate lies within the target (Clopper and Pearson, Biometrika 1934; without any false
alarm among n it is about 3/n, the rule of three). Lines that are right or wrong together count
once: of known templates the equal lines of one event, of unseen templates all lines of a template.
So events, or templates, are counted, by their frequency. If there are too few of them for the
target, the threshold is the most cautious one that they support: no held-out normal line above it,
and never below the threshold without a target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fame_sql.errors import InputError
from fame_sql.students.calibration.calibration import (
    UNCALIBRATED,
    Calibration,
    best_temperature,
    best_threshold,
    sigmoid,
)
from fame_sql.students.calibration.held_out import HeldOut, HeldOutEvents

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
MILLION = 1e6

LEAST_FOR_THRESHOLD, LEAST_FOR_TEMPERATURE = 30, 5
"""Minimum of anomalous and of normal templates for fitting the scale of unseen templates.

A threshold fitted to ten of each varied by chance; a temperature helps from five on
(``docs/design/detection.md``).
"""

LEAST_TEMPLATES = 100
"""Minimum of templates for fitting the threshold of unseen ones: fitted to fewer, it did harm."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold, and what the held-out events show about its false alarms.

    Parameters
    ----------
    log_odds : float
        Messages with log-odds above it are reported.
    false_alarms, at_most : float or None
        Per million normal lines: measured, and the upper end of the 95 % interval; None without
        events.
    size : float
        Effective number of held-out events (of unseen templates: of held-out templates): that
        many of equal frequency would carry the same information.
    """

    log_odds: float
    false_alarms: float | None
    at_most: float | None
    size: float

    def meets(self, target: float) -> bool:
        """Return whether the held-out events show that the target is met."""
        return self.at_most is not None and self.at_most <= target


def check_target(target: float) -> float:
    """Return a target of false alarms per million lines, checked.

    Raises
    ------
    InputError
        If it is not above 0 and below a million.
    """
    if not 0 < target < MILLION:
        raise InputError(
            f"a target of {target:g} false alarms per million lines is impossible: give a number "
            "above 0 and below 1000000, such as 10"
        )
    return float(target)


def needed(target: float) -> int:
    """Return the least number of observations that support a target if none is a false alarm."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-target / MILLION))


def upper_bound(alarms: Floats, size: float) -> Floats:
    """Return the one-sided 95 % Clopper-Pearson bound on a rate, for alarms among ``size``.

    Both may be fractions, as weighted samples have them.
    """
    from scipy.special import betaincinv

    some = np.minimum(np.asarray(alarms, dtype=np.float64), size)
    inside = some < size
    bound = np.ones_like(some)
    bound[inside] = betaincinv(some[inside] + 1, size - some[inside], CONFIDENCE)
    return bound


def threshold_at(events: HeldOutEvents, log_odds: float, size: float) -> Threshold:
    """Return a given threshold with what the held-out events show about it."""
    normal = events.normal_lines
    if not normal.sum() or not size:
        return Threshold(log_odds, None, None, size)
    rate = float(normal[events.log_odds > log_odds].sum() / normal.sum())
    bound = float(upper_bound(np.array([rate * size]), size)[0])
    return Threshold(log_odds, rate * MILLION, bound * MILLION, size)


def threshold_for(events: HeldOutEvents, target: float, size: float, otherwise: float) -> Threshold:
    """Return the lowest threshold that meets a target, or else the most cautious one.

    Parameters
    ----------
    events : HeldOutEvents
        The held-out events.
    target : float
        Maximum false alarms per million normal lines.
    size : float
        Independent observations in the held-out events.
    otherwise : float
        The threshold without a target.
    """
    normal = events.normal_lines
    if not normal.sum() or not size:
        return Threshold(otherwise, None, None, size)
    cuts, alarms = _cuts(events)
    met = upper_bound(alarms / normal.sum() * size, size) <= target / MILLION
    if not met.any():
        return threshold_at(events, max(float(cuts[alarms == 0][0]), otherwise), size)
    anomalous = events.log_odds[events.anomalous > 0]
    # Below the lowest anomaly, a lower threshold finds nothing more.
    lowest = cuts[cuts < anomalous.min()].max() if len(anomalous) else otherwise
    return threshold_at(events, max(float(cuts[met][0]), float(lowest)), size)


def _cuts(events: HeldOutEvents) -> tuple[Floats, Floats]:
    """Return the possible thresholds, from low to high, and the normal log lines above each."""
    levels, level = np.unique(events.log_odds, return_inverse=True)
    cuts = np.concatenate([levels[:1] - 1, (levels[1:] + levels[:-1]) / 2, levels[-1:] + 1])
    at = np.bincount(level, events.normal_lines)
    return cuts, np.append(np.cumsum(at[::-1])[::-1], 0.0)


def with_thresholds(
    calibration: Calibration, held_out: HeldOut, target: float | None = None
) -> Calibration:
    """Return the calibration with the thresholds that the held-out events give.

    Parameters
    ----------
    calibration : Calibration
        Gives the experts' thresholds and the temperature.
    held_out : HeldOut
        The held-out events.
    target : float, optional
        Maximum false alarms per million lines; without it, the threshold of the highest F1.
    """
    unseen_threshold, unseen_temperature = _best_unseen(held_out.unseen)
    known_threshold = 0.0
    if target is not None:
        known, unseen = thresholds_for(held_out, target, unseen_threshold)
        known_threshold, unseen_threshold = known.log_odds, unseen.log_odds
    return replace(
        calibration,
        known_threshold=known_threshold,
        unseen_threshold=unseen_threshold,
        unseen_temperature=unseen_temperature,
    )


def thresholds_for(
    held_out: HeldOut, target: float, unseen_otherwise: float
) -> tuple[Threshold, Threshold]:
    """Return the thresholds for known and for unseen templates, each of which meets the target.

    So the target holds whatever the share of unseen lines is.
    """
    known, unseen = held_out.known, held_out.unseen
    return (
        threshold_for(known, target, known.effective_events(), 0.0),
        threshold_for(unseen, target, unseen.effective_templates(), unseen_otherwise),
    )


def thresholds_in_force(held_out: HeldOut, calibration: Calibration) -> tuple[Threshold, Threshold]:
    """Return the thresholds of a calibration, for known and for unseen templates."""
    known, unseen = held_out.known, held_out.unseen
    return (
        threshold_at(known, calibration.known_threshold, known.effective_events()),
        threshold_at(unseen, calibration.unseen_threshold, unseen.effective_templates()),
    )


def _best_unseen(events: HeldOutEvents) -> tuple[float, float]:
    """Return threshold and temperature for unseen templates; the defaults if templates are few."""
    templates = min(events.templates())
    if templates < LEAST_FOR_TEMPERATURE:
        return 0.0, 1.0
    log_odds, anomalous, lines = events.log_odds, events.anomalous, events.lines
    threshold = UNCALIBRATED
    enough = len(np.unique(events.template)) >= LEAST_TEMPLATES
    if enough and templates >= LEAST_FOR_THRESHOLD:
        threshold = best_threshold(sigmoid(log_odds), anomalous, lines)
    thresholds = np.full(len(log_odds), threshold)
    temperature = best_temperature(log_odds, thresholds, anomalous, lines)
    return float(np.log(threshold) - np.log1p(-threshold)), temperature
