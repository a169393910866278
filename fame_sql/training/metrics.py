"""What a training records about its model: for ``metrics.json``, the card and ``fame.models``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from fame_sql.students import Student
from fame_sql.students.calibration.calibration import Calibration, Floats
from fame_sql.students.calibration.held_out import Evidence, HeldOut
from fame_sql.students.calibration.thresholds import Threshold, thresholds_in_force
from fame_sql.training.context import TrainingContext
from fame_sql.training.plan import TrainingPlan
from fame_sql.verdict import THRESHOLD

DIGITS = 6


def training_metrics(
    context: TrainingContext, plan: TrainingPlan, student: Student
) -> dict[str, Any]:
    """Return the metrics of a model that has just been trained.

    Parameters
    ----------
    context : TrainingContext
        What the training read.
    plan : TrainingPlan
        What was trained.
    student : Student
        The trained student.
    """
    return {
        "config": context.config.settings(),
        **context.labelled.counts,
        "labels": context.label_counts,
        "split": _split(context.split),
        **calibration_metrics(student.held_out, student.calibration, context.target),
        "known_held_out_of": _judged_first(context, plan),
        "domain_inputs": context.domain_inputs,
        "moved_templates": plan.moved,
        "training": asdict(plan),
        "runtime": asdict(student.runtime),
        "inputs": context.inputs,
    }


def calibration_metrics(
    held_out: HeldOut, calibration: Calibration, target: float | None
) -> dict[str, Any]:
    """Return the part of a model's metrics that depends on its calibration.

    Parameters
    ----------
    held_out : HeldOut
        Labelled events that the student did not learn from.
    calibration : Calibration
        The scale in force.
    target : float or None
        Maximum false alarms per million lines.
    """
    errors = held_out.calibration_errors(calibration)
    known, unseen = held_out.scores(calibration)
    at_known, at_unseen = thresholds_in_force(held_out, calibration)
    return {
        "max_false_alarms": target,
        "calibration_error": errors,
        "held_out_events": {
            "known": len(held_out.known.lines),
            "unseen": len(held_out.unseen.lines),
        },
        "held_out": {
            "known": _figures(held_out.known, known, at_known, errors["known"]),
            "unseen": _figures(held_out.unseen, unseen, at_unseen, errors["unseen"]),
        },
    }


def _figures(
    evidence: Evidence, scores: Floats, threshold: Threshold, error: float | None
) -> dict[str, Any]:
    """Return how well the threshold separates the held-out events."""
    anomalous = evidence.lines * evidence.anomalous
    reported = scores > THRESHOLD
    hits, alarms = anomalous[reported].sum(), evidence.normal_lines[reported].sum()
    with_anomalies, with_normal = evidence.templates()
    return {
        "events": len(evidence.lines),
        "lines": _rounded(evidence.lines.sum()),
        "anomalous_events": int((evidence.anomalous > 0).sum()),
        "normal_templates": with_normal,
        "anomalous_templates": with_anomalies,
        "precision": _ratio(hits, hits + alarms),
        "recall": _ratio(hits, anomalous.sum()),
        "f1": _ratio(2 * hits, hits + alarms + anomalous.sum()),
        "average_precision": _average_precision(evidence, scores),
        "false_alarms": _rounded(threshold.false_alarms),
        "false_alarms_at_most": _rounded(threshold.at_most),
        "calibration_error": _rounded(error),
    }


def _average_precision(evidence: Evidence, scores: Floats) -> float | None:
    """Return the average precision by lines; None if only one class was held out."""
    from sklearn.metrics import average_precision_score

    weights = np.concatenate([evidence.lines * evidence.anomalous, evidence.normal_lines])
    truth = np.arange(len(weights)) < len(scores)
    if not weights[truth].sum() or not weights[~truth].sum():
        return None
    found = average_precision_score(truth, np.tile(scores, 2), sample_weight=weights)
    return _rounded(float(found))


def _ratio(part: float, whole: float) -> float | None:
    return round(float(part / whole), DIGITS) if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), DIGITS)


def _split(split: dict[str, Any]) -> dict[str, Any]:
    """Return the training period with its times as text."""
    begin = split["from_time"]
    return {
        **split,
        "from_time": None if begin is None else str(begin),
        "until_time": str(split["until_time"]),
    }


def _judged_first(context: TrainingContext, plan: TrainingPlan) -> str | None:
    """Return the model whose held-out events of known templates are still in use."""
    if context.champion is None or plan.parent is None:
        return None
    return str(context.champion.metrics.get("known_held_out_of") or plan.parent)
