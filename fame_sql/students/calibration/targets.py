"""Decision lines from a target, such as at most ten false alarms a million lines.

A line is as low as the held-out evidence allows: the upper end of the 95 % interval of its rate of
false alarms lies within the target (Clopper and Pearson, Biometrika 1934; without any false alarm
among n it is about 3/n, the rule of three). What is right or wrong together counts once: of known
templates the equal lines of one event, of unseen ones all lines of a template. So events, or
templates, are counted, by their frequency. Where the evidence is too small for the target, the
line is the most cautious one that it gives: no held-out normal line above it, and never below the
line without a target.
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
from fame_sql.students.calibration.held_out import Evidence, HeldOut

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
MILLION = 1e6

LEAST_FOR_LINE, LEAST_FOR_TEMPERATURE = 30, 5
"""Anomalous templates, and normal ones, that the scale of the unseen is fitted to, at least.

A line fitted to ten of each moved by chance; a temperature helps from five on
(``docs/design/detection.md``).
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A decision line, and what the evidence says of its false alarms.

    Parameters
    ----------
    log_odds : float
        Above it is reported.
    false_alarms, at_most : float or None
        A million normal lines: measured, and the upper end of the 95 % interval; None without
        evidence.
    size : float
        Effective events, of unseen templates effective templates, that were held out: as many
        of equal frequency would tell as much.
    """

    log_odds: float
    false_alarms: float | None
    at_most: float | None
    size: float

    def meets(self, target: float) -> bool:
        """Say whether the evidence supports that the target is met."""
        return self.at_most is not None and self.at_most <= target


def check_target(target: float) -> float:
    """Return a target of false alarms a million lines.

    Raises
    ------
    InputError
        If it is no number above 0 and below a million.
    """
    if not 0 < target < MILLION:
        raise InputError(
            f"a target of {target:g} false alarms a million lines cannot be: give a number "
            "above 0 and below 1000000, such as 10"
        )
    return float(target)


def needed(target: float) -> int:
    """Return how many observations without a false alarm support a target, at least."""
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


def line_at(evidence: Evidence, log_odds: float, size: float) -> Line:
    """Return what the evidence says of a given line."""
    normal = evidence.normal_lines
    if not normal.sum() or not size:
        return Line(log_odds, None, None, size)
    rate = float(normal[evidence.log_odds > log_odds].sum() / normal.sum())
    bound = float(upper_bound(np.array([rate * size]), size)[0])
    return Line(log_odds, rate * MILLION, bound * MILLION, size)


def line_for(evidence: Evidence, target: float, size: float, otherwise: float) -> Line:
    """Return the lowest line that meets a target, or the most cautious one.

    Parameters
    ----------
    evidence : Evidence
        What was held out.
    target : float
        False alarms a million normal lines, at most.
    size : float
        Independent observations in the evidence.
    otherwise : float
        The line without a target.
    """
    normal = evidence.normal_lines
    if not normal.sum() or not size:
        return Line(otherwise, None, None, size)
    cuts, alarms = _cuts(evidence)
    met = upper_bound(alarms / normal.sum() * size, size) <= target / MILLION
    if not met.any():
        return line_at(evidence, max(float(cuts[alarms == 0][0]), otherwise), size)
    anomalous = evidence.log_odds[evidence.anomalous > 0]
    # Below the lowest anomaly a lower line finds nothing more.
    lowest = cuts[cuts < anomalous.min()].max() if len(anomalous) else otherwise
    return line_at(evidence, max(float(cuts[met][0]), float(lowest)), size)


def _cuts(evidence: Evidence) -> tuple[Floats, Floats]:
    """Return the lines that could be drawn, from low to high, and the normal lines above each."""
    levels, level = np.unique(evidence.log_odds, return_inverse=True)
    cuts = np.concatenate([levels[:1] - 1, (levels[1:] + levels[:-1]) / 2, levels[-1:] + 1])
    at = np.bincount(level, evidence.normal_lines)
    return cuts, np.append(np.cumsum(at[::-1])[::-1], 0.0)


def with_lines(
    calibration: Calibration, held_out: HeldOut, target: float | None = None
) -> Calibration:
    """Return the calibration with the lines that the evidence gives.

    Parameters
    ----------
    calibration : Calibration
        What the experts' thresholds and temperature are.
    held_out : HeldOut
        The evidence.
    target : float, optional
        False alarms a million lines, at most; without it, the line of the highest F1.
    """
    unseen_line, unseen_temperature = _best_unseen(held_out.unseen)
    known_line = 0.0
    if target is not None:
        known, unseen = lines_for(held_out, target, unseen_line)
        known_line, unseen_line = known.log_odds, unseen.log_odds
    return replace(
        calibration,
        known_line=known_line,
        unseen_line=unseen_line,
        unseen_temperature=unseen_temperature,
    )


def lines_for(held_out: HeldOut, target: float, unseen_otherwise: float) -> tuple[Line, Line]:
    """Return the lines for known and for unseen templates that meet a target each for itself.

    So the target holds whatever the share of unseen lines is.
    """
    known, unseen = held_out.known, held_out.unseen
    return (
        line_for(known, target, known.effective_events(), 0.0),
        line_for(unseen, target, unseen.effective_templates(), unseen_otherwise),
    )


def lines_in_force(held_out: HeldOut, calibration: Calibration) -> tuple[Line, Line]:
    """Return the lines of a calibration, known and unseen, with what the evidence says of them."""
    known, unseen = held_out.known, held_out.unseen
    return (
        line_at(known, calibration.known_line, known.effective_events()),
        line_at(unseen, calibration.unseen_line, unseen.effective_templates()),
    )


def _best_unseen(evidence: Evidence) -> tuple[float, float]:
    """Return the line and the temperature for the unseen; as they are where templates are few."""
    templates = min(evidence.templates())
    if templates < LEAST_FOR_TEMPERATURE:
        return 0.0, 1.0
    log_odds, anomalous, lines = evidence.log_odds, evidence.anomalous, evidence.lines
    threshold = UNCALIBRATED
    if templates >= LEAST_FOR_LINE:
        threshold = best_threshold(sigmoid(log_odds), anomalous, lines)
    thresholds = np.full(len(log_odds), threshold)
    temperature = best_temperature(log_odds, thresholds, anomalous, lines)
    return float(np.log(threshold) - np.log1p(-threshold)), temperature
