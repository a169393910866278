"""Evaluation on the labelled lines after the split, which no earlier stage uses.

Every figure counts lines. 'Unseen' lines are those of templates that the model does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fame_sql.errors import InputError, MissingStageError
from fame_sql.evaluation.metrics import rates
from fame_sql.models import champion
from fame_sql.students.calibration.calibration import expected_calibration_error
from fame_sql.verdict import THRESHOLD
from fame_sql.verdict.label_words import NORMAL_IN_LOGS
from fame_sql.warehouse.definitions import load_by_value
from fame_sql.warehouse.severities import SEVERITIES
from fame_sql.warehouse.warehouse import Warehouse

Row = dict[str, Any]

DETECTORS: dict[str, tuple[str, Callable[[Row], bool]]] = {
    "fame": ("the champion: score above 0.5", lambda row: row["score"] > THRESHOLD),
    "severity": ("severity FATAL is anomalous", lambda row: row["is_fatal"]),
    "errors": ("severity ERROR and above is anomalous", lambda row: row["is_error"]),
    "majority": (
        "majority of the template's labels, unseen templates anomalous",
        lambda row: row["majority_or_unseen"],
    ),
}


@dataclass(frozen=True)
class Outcome:
    """The results of a detector on a set of lines.

    Parameters
    ----------
    lines, anomalies : int
        Lines, and those that are anomalous.
    true_positives, false_positives : int
        Anomalous and normal lines that the detector reported.
    calibration_error : float or None
        Expected calibration error of the scores; None for detectors without scores.
    """

    lines: int
    anomalies: int
    true_positives: int
    false_positives: int
    calibration_error: float | None = None

    @property
    def precision(self) -> float | None:
        """Share of the reported lines that are anomalous; None if no line was reported."""
        return self._rates()["precision"]

    @property
    def recall(self) -> float | None:
        """Share of the anomalous lines that were reported; None if there are none."""
        return self._rates()["recall"]

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None if no line is anomalous."""
        return self._rates()["f1"]

    def _rates(self) -> dict[str, float | None]:
        return rates(self.true_positives, self.false_positives, self.anomalies)

    def to_dict(self) -> dict[str, float | int | None]:
        """Return counts and ratios by name."""
        return {
            "lines": self.lines,
            "anomalies": self.anomalies,
            "true_positives": self.true_positives,
            "false_positives": self.false_positives,
            **self._rates(),
            "calibration_error": self.calibration_error,
        }


@dataclass(frozen=True)
class Evaluation:
    """The result of :func:`evaluate`.

    Parameters
    ----------
    model_version : str
        The champion that was evaluated.
    outcomes : dict
        By detector, then by part of the lines: ``all``, ``seen``, ``unseen``.
    unscored : int
        Labelled lines after the split that have no verdict, and are therefore not counted.
    answered : int
        Those whose template was answered, which are not counted either: the answer decides them.
    """

    model_version: str
    outcomes: dict[str, dict[str, Outcome]]
    unscored: int
    answered: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "model_version": self.model_version,
            "unscored": self.unscored,
            "answered": self.answered,
            "outcomes": {
                detector: {part: outcome.to_dict() for part, outcome in parts.items()}
                for detector, parts in self.outcomes.items()
            },
        }


def evaluate(warehouse: Warehouse) -> Evaluation:
    """Compare the champion's verdicts with the labels of the lines after the split.

    Raises
    ------
    MissingStageError
        If no model is published or nothing is scored.
    InputError
        If no line after the split carries a label.
    """
    version = champion(warehouse).model_version
    rows = _labelled_rows(warehouse)
    answered = sum(row["lines"] for row in rows if row["is_answered"])
    scored = [row for row in rows if row["score"] is not None and not row["is_answered"]]
    if not scored:
        raise MissingStageError("no line after the split has a score", "fame score")
    parts = {
        "all": scored,
        "seen": [row for row in scored if row["known_template"]],
        "unseen": [row for row in scored if not row["known_template"]],
    }
    outcomes = {
        name: {part: _outcome(chosen, reports) for part, chosen in parts.items()}
        for name, (_, reports) in DETECTORS.items()
    }
    outcomes["fame"] = {
        part: replace(outcome, calibration_error=_calibration_error(parts[part]))
        for part, outcome in outcomes["fame"].items()
    }
    unscored = sum(row["lines"] for row in rows if row["score"] is None)
    return Evaluation(version, outcomes, unscored, answered)


def _labelled_rows(warehouse: Warehouse) -> list[Row]:
    facts = {
        "normal": list(NORMAL_IN_LOGS),
        "error": SEVERITIES["ERROR"],
        "fatal": SEVERITIES["FATAL"],
    }
    rows = warehouse.records(load_by_value(warehouse.connection, "evaluation/later_events"), facts)
    if not rows:
        raise InputError(
            "no line after the split carries a label from its source: evaluation needs logs "
            "with a label column (labels by a person are used for training only), and a split "
            "below 1 ('fame mine --split 0.8')"
        )
    return rows


def _calibration_error(rows: list[Row]) -> float | None:
    score, truth, lines = (
        np.array([row[name] for row in rows], dtype=np.float64)
        for name in ("score", "is_anomaly", "lines")
    )
    return expected_calibration_error(score, truth, lines)


def _outcome(rows: list[Row], reports: Callable[[Row], bool]) -> Outcome:
    reported = [row for row in rows if reports(row)]
    return Outcome(
        lines=sum(row["lines"] for row in rows),
        anomalies=sum(row["lines"] for row in rows if row["is_anomaly"]),
        true_positives=sum(row["lines"] for row in reported if row["is_anomaly"]),
        false_positives=sum(row["lines"] for row in reported if not row["is_anomaly"]),
    )
