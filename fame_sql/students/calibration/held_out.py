"""What is known of a student's errors: its log-odds on labelled events that it did not learn from.

Two sets, because two things are judged. Events of *known* templates are held out in time: those of
the calibration slice whose templates the events before it have. Events of *unseen* templates are
held out by whole templates, for held-out lines of templates that were learned say nothing about
those that were not. Every event counts with its lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.students.calibration.calibration import (
    Calibration,
    expected_calibration_error,
    sigmoid,
)
from fame_sql.students.examples import LabelledEvents
from fame_sql.students.lexical import fit_lexical

Floats = npt.NDArray[np.float64]

FILE = "held_out.safetensors"
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """Labelled events that were held out, as columns of equal length.

    Parameters
    ----------
    log_odds : float64 array
        What the student said, before any line or temperature was fitted to it.
    anomalous : float64 array
        Share of the event's labelled lines that are anomalous.
    lines : float64 array
        Lines that the event stands for.
    template : int64 array
        A number for each template.
    """

    log_odds: Floats
    anomalous: Floats
    lines: Floats
    template: npt.NDArray[np.int64]

    @classmethod
    def none(cls) -> Evidence:
        """Return no evidence at all."""
        return cls(np.empty(0), np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))

    @property
    def normal_lines(self) -> Floats:
        """Normal lines that each event stands for."""
        return self.lines * (1 - self.anomalous)

    def templates(self) -> tuple[int, int]:
        """Return how many templates have anomalous lines, and how many have normal ones."""
        return (
            len(np.unique(self.template[self.anomalous > 0])),
            len(np.unique(self.template[self.anomalous < 1])),
        )

    def effective_events(self) -> float:
        """Return how many events of equal frequency would tell as much about normal lines.

        The lines of one event are the same text, right or wrong together: however often a
        heartbeat is repeated, it is one observation.
        """
        return _effective_size(self.normal_lines)

    def effective_templates(self) -> float:
        """Return how many templates of equal frequency would tell as much about normal lines.

        The lines of an unseen template are right or wrong together, whatever their wildcards.
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
    """The evidence on known templates, and that on unseen ones.

    Parameters
    ----------
    known : Evidence
        Log-odds of the events of the calibration slice, of templates that were known before it.
    unseen : Evidence
        The lexical head's log-odds of events whose templates it did not learn from.
    """

    known: Evidence
    unseen: Evidence

    @classmethod
    def none(cls) -> HeldOut:
        """Return no evidence on either."""
        return cls(Evidence.none(), Evidence.none())

    def published(self, calibration: Calibration) -> tuple[Floats, Floats]:
        """Return the scores that these events would be published with, known and unseen."""
        return (
            sigmoid(calibration.known(self.known.log_odds)),
            sigmoid(calibration.unseen(self.unseen.log_odds)),
        )

    def calibration_errors(self, calibration: Calibration) -> dict[str, float | None]:
        """Return the expected calibration error on known and on unseen templates."""
        known, unseen = self.published(calibration)
        return {
            "known": expected_calibration_error(known, self.known.anomalous, self.known.lines),
            "unseen": expected_calibration_error(unseen, self.unseen.anomalous, self.unseen.lines),
        }

    def save(self, folder: Path) -> None:
        """Write ``held_out.safetensors`` into a folder."""
        from safetensors.numpy import save

        columns = {
            f"{part}.{field.name}": np.ascontiguousarray(getattr(evidence, field.name))
            for part, evidence in (("known", self.known), ("unseen", self.unseen))
            for field in fields(Evidence)
        }
        (folder / FILE).write_bytes(save(columns))

    @classmethod
    def load(cls, folder: Path) -> HeldOut:
        """Read what :meth:`save` wrote; nothing where the folder is of an older fame-sql.

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
            parts = (
                Evidence(*(columns[f"{part}.{field.name}"] for field in fields(Evidence)))
                for part in ("known", "unseen")
            )
            return cls(*parts)
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): train anew with 'fame train'"
            ) from None


def hold_out_templates(examples: LabelledEvents, folds: int = FOLDS, seed: int = 0) -> Evidence:
    """Judge every event by a lexical head that learned from other templates alone.

    Parameters
    ----------
    examples : LabelledEvents
        All labelled events.
    folds : int
        Parts that whole templates are dealt to, those with anomalous lines for themselves.
    seed : int
        Seed of the deal.
    """
    log_odds = np.zeros(len(examples))
    fold = _deal(examples, folds, seed)
    judged = np.zeros(len(examples), dtype=bool)
    for here in _parts(fold):
        others = examples.where(~here)
        if len(others):
            head = fit_lexical(others.canonical, others.is_anomaly)
            log_odds[here] = head.log_odds(examples.where(here).canonical)
            judged |= here
    found = Evidence(log_odds, examples.is_anomaly, examples.weight, examples.template)
    return Evidence(*(getattr(found, field.name)[judged] for field in fields(Evidence)))


def _parts(fold: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.bool_]]:
    for number in np.unique(fold):
        yield fold == number


def _deal(examples: LabelledEvents, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the fold of each event: that of its template."""
    templates, place = np.unique(examples.template, return_inverse=True)
    anomalous = np.bincount(place, examples.is_anomaly) > 0
    random = np.random.default_rng(seed)
    dealt = np.zeros(len(templates), dtype=np.int64)
    for kind in (True, False):
        members = random.permutation(np.flatnonzero(anomalous == kind))
        dealt[members] = np.arange(len(members)) % folds
    return np.asarray(dealt[place])
