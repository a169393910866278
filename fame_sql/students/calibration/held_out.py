"""Held-out events: a student's log-odds on labelled events that it did not learn from.

There are two sets, for known and for unseen templates. Events of *known* templates are held out
in time: those of the calibration slice whose templates occur in the events before it. Events of
*unseen* templates are held out by whole templates, because held-out lines of learned templates
show nothing about unseen ones. Every event counts with its lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.students.calibration.calibration import (
    Calibration,
    expected_calibration_error,
    sigmoid,
)
from fame_sql.students.examples import LabelledEvents

Floats = npt.NDArray[np.float64]

FILE = "held_out.safetensors"
FOLDS = 5

Fit = Callable[[LabelledEvents, Sequence[str]], Floats]
"""Returns the log-odds of texts, by a head that learns from labelled events: (events, texts)."""


@dataclass(frozen=True, slots=True)
class HeldOutEvents:
    """Labelled events that were held out, as columns of equal length.

    Parameters
    ----------
    log_odds : float64 array
        The student's log-odds, before any threshold or temperature was fitted to them.
    anomalous : float64 array
        Share of the event's labelled lines that are anomalous.
    lines : float64 array
        Log lines of the event.
    template : int64 array
        A number for each template.
    """

    log_odds: Floats
    anomalous: Floats
    lines: Floats
    template: npt.NDArray[np.int64]

    @classmethod
    def none(cls) -> HeldOutEvents:
        """Return no events."""
        nothing = np.empty(0)
        return cls(nothing, nothing, nothing, template=np.empty(0, dtype=np.int64))

    @classmethod
    def of(cls, log_odds: Floats, examples: LabelledEvents) -> HeldOutEvents:
        """Return labelled events with their log-odds."""
        return cls(log_odds, examples.is_anomaly, examples.weight, examples.template)

    @property
    def normal_lines(self) -> Floats:
        """Normal log lines of each event."""
        return self.lines * (1 - self.anomalous)

    def templates(self) -> tuple[int, int]:
        """Return the number of templates with anomalous lines, and of those with normal lines."""
        return (
            len(np.unique(self.template[self.anomalous > 0])),
            len(np.unique(self.template[self.anomalous < 1])),
        )

    def effective_events(self) -> float:
        """Return the effective number of events as regards normal lines.

        All lines of an event have the same text, and so the same verdict: a heartbeat is one
        observation, however often it is repeated.
        """
        return _effective_size(self.normal_lines)

    def effective_templates(self) -> float:
        """Return the effective number of templates as regards normal lines.

        The lines of an unseen template are right or wrong together, whatever their wildcards are.
        """
        if not len(self.template):
            return 0.0
        place = np.unique(self.template, return_inverse=True)[1]
        return _effective_size(np.asarray(np.bincount(place, self.normal_lines), np.float64))


def _effective_size(weights: Floats) -> float:
    """Return the effective size of a weighted sample (Kish, Survey Sampling, 1965)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The held-out events of known templates, and those of unseen templates.

    Parameters
    ----------
    known : HeldOutEvents
        Log-odds on those events of the calibration slice whose templates were known before it.
    unseen : HeldOutEvents
        Log-odds of the head for unseen templates, on events whose templates it did not learn from.
    """

    known: HeldOutEvents
    unseen: HeldOutEvents

    @classmethod
    def none(cls) -> HeldOut:
        """Return no events of either."""
        return cls(HeldOutEvents.none(), HeldOutEvents.none())

    def scores(self, calibration: Calibration) -> tuple[Floats, Floats]:
        """Return the scores of these events under a calibration, known and unseen."""
        return (
            sigmoid(calibration.known(self.known.log_odds)),
            sigmoid(calibration.unseen(self.unseen.log_odds)),
        )

    def calibration_errors(self, calibration: Calibration) -> dict[str, float | None]:
        """Return the expected calibration error on known and on unseen templates."""
        known, unseen = self.scores(calibration)
        return {
            "known": expected_calibration_error(known, self.known.anomalous, self.known.lines),
            "unseen": expected_calibration_error(unseen, self.unseen.anomalous, self.unseen.lines),
        }

    def save(self, folder: Path) -> None:
        """Write ``held_out.safetensors`` into a folder."""
        from safetensors.numpy import save

        columns = {
            f"{part}.{field.name}": np.ascontiguousarray(getattr(events, field.name))
            for part, events in (("known", self.known), ("unseen", self.unseen))
            for field in fields(HeldOutEvents)
        }
        (folder / FILE).write_bytes(save(columns))

    @classmethod
    def load(cls, folder: Path) -> HeldOut:
        """Read what :meth:`save` wrote; nothing if an older fame-sql made the folder.

        Raises
        ------
        ModelError
            If the file cannot be read.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        path = folder / FILE
        if not path.exists():
            return cls.none()
        try:
            columns = load(path.read_bytes())
            return cls(
                known=_held_out_events(columns, "known"), unseen=_held_out_events(columns, "unseen")
            )
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): train again with 'fame train --full'"
            ) from None


def _held_out_events(columns: dict[str, npt.NDArray[Any]], part: str) -> HeldOutEvents:
    return HeldOutEvents(
        **{field.name: columns[f"{part}.{field.name}"] for field in fields(HeldOutEvents)}
    )


def hold_out_templates(
    examples: LabelledEvents, fit: Fit, folds: int = FOLDS, seed: int = 0
) -> HeldOutEvents:
    """Score every event by a head for unseen templates that learned only from other templates.

    Parameters
    ----------
    examples : LabelledEvents
        All labelled events.
    fit : callable
        Fits the head to labelled events and returns its log-odds of texts.
    folds : int
        Number of folds; templates with anomalous lines are spread evenly over them.
    seed : int
        Seed of the random assignment of templates to folds.
    """
    log_odds = np.zeros(len(examples))
    fold = fold_templates(examples, folds, seed)
    is_scored = np.zeros(len(examples), dtype=bool)
    for here in (fold == number for number in np.unique(fold)):
        others = examples.where(~here)
        if len(others):
            log_odds[here] = fit(others, examples.where(here).canonical)
            is_scored |= here
    return HeldOutEvents.of(log_odds[is_scored], examples.where(is_scored))


def fold_templates(examples: LabelledEvents, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the fold of each event, [n]: that of its template.

    Parameters
    ----------
    examples : LabelledEvents
        The events.
    folds : int
        Number of folds; templates with anomalous lines are spread evenly over them.
    seed : int
        Seed of the random assignment of templates to folds.
    """
    templates, place = np.unique(examples.template, return_inverse=True)
    anomalous = np.bincount(place, examples.is_anomaly) > 0
    random = np.random.default_rng(seed)
    chosen = np.zeros(len(templates), dtype=np.int64)
    for kind in (True, False):
        members = random.permutation(np.flatnonzero(anomalous == kind))
        chosen[members] = np.arange(len(members)) % folds
    return np.asarray(chosen[place])
