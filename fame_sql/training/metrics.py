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
from fame_sql.verdict import THRESHOLD
from fame_sql.warehouse.warehouse import Warehouse

DIGITS = 6


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
    """Count what the decision line finds of the evidence, and what it reports wrongly."""
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
        "false_alarms": _rounded(line.false_alarms),
        "false_alarms_at_most": _rounded(line.at_most),
        "calibration_error": _rounded(error),
    }


def _average_precision(evidence: Evidence, scores: Floats) -> float | None:
    """Return the average precision by lines; None where only one class was held out."""
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
