"""What a training knows of its model: for ``metrics.json``, the card and ``fame.models``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from fame_sql import models, sql
from fame_sql.scoring.policy import read_target
from fame_sql.students import Student, StudentConfig
from fame_sql.students.calibration.calibration import Calibration, Floats
from fame_sql.students.calibration.held_out import Evidence, HeldOut
from fame_sql.students.calibration.targets import Line, lines_in_force
from fame_sql.training.plan import Plan, domain_inputs
from fame_sql.warehouse.warehouse import Warehouse

DIGITS = 6
_RATES = ("precision", "recall", "f1", "average_precision")


def training_metrics(
    warehouse: Warehouse,
    config: StudentConfig,
    plan: Plan,
    student: Student,
    counts: Mapping[str, int],
) -> dict[str, Any]:
    """Return what is known of a model that has just been trained.

    Parameters
    ----------
    warehouse : Warehouse
        Where its labels and domains lie.
    config : StudentConfig
        The settings that were asked for.
    plan : Plan
        What was trained.
    student : Student
        What came out.
    counts : mapping of str to int
        Labelled events, domains, experts.
    """
    return {
        "config": config.settings(),
        **counts,
        "labels": warehouse.records(sql.load("training/label_counts")),
        "split": _split(warehouse),
        **calibration_facts(student.held_out, student.calibration, read_target(warehouse)),
        "known_held_out_of": _judged_first(warehouse, plan),
        "domain_inputs": domain_inputs(warehouse),
        "moved_templates": plan.moved,
        "training": asdict(plan),
        "runtime": asdict(student.runtime),
    }


def calibration_facts(
    held_out: HeldOut, calibration: Calibration, target: float | None
) -> dict[str, Any]:
    """Return what a model's metrics say of its calibration.

    Parameters
    ----------
    held_out : HeldOut
        Labelled events that the student did not learn from.
    calibration : Calibration
        The scale in force.
    target : float or None
        False alarms a million lines that are aimed at.
    """
    errors = held_out.calibration_errors(calibration)
    known, unseen = held_out.published(calibration)
    known_line, unseen_line = lines_in_force(held_out, calibration)
    return {
        "max_false_alarms": target,
        "calibration_error": errors,
        "held_out_events": {
            "known": len(held_out.known.lines),
            "unseen": len(held_out.unseen.lines),
        },
        "held_out": {
            "known": _figures(held_out.known, known, known_line, errors["known"]),
            "unseen": _figures(held_out.unseen, unseen, unseen_line, errors["unseen"]),
        },
    }


def _figures(evidence: Evidence, scores: Floats, line: Line, error: float | None) -> dict[str, Any]:
    """Count what the threshold finds of the evidence, and what it reports wrongly."""
    with_anomalies, with_normal = evidence.templates()
    return {
        "events": len(evidence.lines),
        "lines": _rounded(evidence.lines.sum()),
        "anomalous_events": int((evidence.anomalous > 0).sum()),
        "normal_templates": with_normal,
        "anomalous_templates": with_anomalies,
        **_rates(evidence, scores),
        "false_alarms": _rounded(line.false_alarms),
        "false_alarms_at_most": _rounded(line.at_most),
        "calibration_error": _rounded(error),
    }


def _rates(evidence: Evidence, scores: Floats) -> dict[str, float | None]:
    """Return precision, recall, F1 and average precision by lines; None where not defined.

    An event of which a share is anomalous counts once as anomalous and once as normal.
    """
    from sklearn.metrics import average_precision_score, precision_recall_fscore_support

    if not len(scores):
        return dict.fromkeys(_RATES)
    weights = np.concatenate([evidence.lines * evidence.anomalous, evidence.normal_lines])
    truth, twice = np.arange(len(weights)) < len(scores), np.tile(scores, 2)
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, twice > 0.5, sample_weight=weights, average="binary", zero_division=np.nan
    )
    both = weights[truth].any() and weights[~truth].any()
    ranked = average_precision_score(truth, twice, sample_weight=weights) if both else None
    found = (precision, recall, f1, ranked)
    return {name: _rounded(value) for name, value in zip(_RATES, found, strict=True)}


def _rounded(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), DIGITS)


def _split(warehouse: Warehouse) -> dict[str, Any]:
    row = warehouse.records(sql.load("training/split"))[0]
    begin = row["from_time"]
    return {
        **row,
        "from_time": None if begin is None else str(begin),
        "until_time": str(row["until_time"]),
    }


def _judged_first(warehouse: Warehouse, plan: Plan) -> str | None:
    """Return the model whose events of known templates are still the held-out ones."""
    if plan.parent is None:
        return None
    before = models.find(warehouse, plan.parent).metrics.get("known_held_out_of")
    return str(before or plan.parent)
