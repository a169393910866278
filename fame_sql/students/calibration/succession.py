"""The calibration of a student of which only some domains were retrained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fame_sql.students.calibration.calibration import Calibration, fit_calibration, has_enough
from fame_sql.students.calibration.thresholds import with_thresholds

if TYPE_CHECKING:
    from fame_sql.students.calibration.held_out import HeldOut
    from fame_sql.students.examples import LabelledEvents
    from fame_sql.students.generations import Succession
    from fame_sql.students.student import Student

Mask = npt.NDArray[np.bool_]
Logits = Callable[[Mask, Mask], npt.NDArray[np.float64]]
"""Returns the logits of events, by heads that are fitted to other events: (fitted, scored)."""


def succeeding_calibration(
    parent: Student,
    succession: Succession,
    examples: LabelledEvents,
    held_out: HeldOut,
    logits: Logits,
    target: float | None,
) -> Calibration:
    """Return the parent's calibration with new thresholds of the changed domains and the unseen.

    Parameters
    ----------
    parent : Student
        Its other thresholds, and the threshold and temperature of known templates, are kept.
    succession : Succession
        What is kept of it.
    examples : LabelledEvents
        All labelled events.
    held_out : HeldOut
        The new held-out events, to which the scale of unseen templates is fitted.
    logits : callable
        Fits the shared head and the heads of the changed domains to some events, and returns
        the logits of others.
    target : float or None
        Maximum false alarms per million lines.
    """
    names = [domain.name for domain in parent.domains]
    before = dict(zip(names, parent.calibration.thresholds, strict=True))
    fitted = iter(_fitted(parent, succession, examples, logits))
    thresholds = tuple(
        next(fitted) if domain.name in succession.changed else before[domain.name]
        for domain in succession.domains
    )
    scaled = with_thresholds(replace(parent.calibration, thresholds=thresholds), held_out, target)
    return replace(scaled, known_threshold=parent.calibration.known_threshold)


def _fitted(
    parent: Student, succession: Succession, examples: LabelledEvents, logits: Logits
) -> tuple[float, ...]:
    """Fit thresholds with heads that have not seen the slice, if the slice is large enough."""
    changed = succession.changed_at
    specs = [succession.domains[at] for at in changed]
    early = ~examples.calibration
    here = examples.calibrates & np.isin(examples.domain, changed)
    later, least = examples.where(here), parent.config.calibration_events
    enough = has_enough(later.is_anomaly, least)
    if not enough or not has_enough(examples.where(early).is_anomaly, 1):
        return Calibration.none(len(specs)).thresholds
    return fit_calibration(
        logits(early, here),
        later.is_anomaly,
        later.weight,
        np.searchsorted(changed, later.domain),
        specs,
        least,
    ).thresholds
