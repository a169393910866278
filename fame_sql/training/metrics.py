"""What a training records about its model: for ``metrics.json``, the card and ``fame.models``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from fame_sql.students import Student
from fame_sql.students.calibration.calibration import Calibration, Floats
from fame_sql.students.calibration.held_out import HeldOut, HeldOutEvents
from fame_sql.students.calibration.thresholds import Threshold, thresholds_in_force
from fame_sql.training.context import TrainingContext
from fame_sql.training.plan import TrainingPlan
from fame_sql.verdict import THRESHOLD

DIGITS = 6
_RATES = ("precision", "recall", "f1", "average_precision")


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
        "runtime": None if student.runtime is None else asdict(student.runtime),
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
        "failed_fits": calibration.failed_fits(),
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
    events: HeldOutEvents, scores: Floats, threshold: Threshold, error: float | None
) -> dict[str, Any]:
    """Return how well the threshold separates the held-out events."""
    with_anomalies, with_normal = events.templates()
    return {
        "events": len(events.lines),
        "lines": _rounded(events.lines.sum()),
        "anomalous_events": int((events.anomalous > 0).sum()),
        "normal_templates": with_normal,
        "anomalous_templates": with_anomalies,
        **_rates(events, scores),
        "false_alarms": _rounded(threshold.false_alarms),
        "false_alarms_at_most": _rounded(threshold.at_most),
        "calibration_error": _rounded(error),
    }


def _rates(events: HeldOutEvents, scores: Floats) -> dict[str, float | None]:
    """Return precision, recall, F1 and average precision by lines; None where not defined.

    An event of which a share is anomalous counts once as anomalous and once as normal.
    """
    from sklearn.metrics import average_precision_score, precision_recall_fscore_support

    if not len(scores):
        return dict.fromkeys(_RATES)
    weights = np.concatenate([events.lines * events.anomalous, events.normal_lines])
    truth, twice = np.arange(len(weights)) < len(scores), np.tile(scores, 2)
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, twice > THRESHOLD, sample_weight=weights, average="binary", zero_division=np.nan
    )
    both = weights[truth].any() and weights[~truth].any()
    ranked = average_precision_score(truth, twice, sample_weight=weights) if both else None
    found = (precision, recall, f1, ranked)
    return {name: _rounded(value) for name, value in zip(_RATES, found, strict=True)}


def _rounded(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), DIGITS)


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
