"""Moving a model's thresholds to another false-alarm target without training it.

The weights stay; the scale moves so that a score of 0.5 lies at the target's threshold. That
changes scores, so the result is a new model: existing scores keep naming the model that gave them.
"""

from __future__ import annotations

from typing import Any

from fame_sql import models
from fame_sql.models import ModelRecord
from fame_sql.scoring.policy import read_target, store_target
from fame_sql.students import Student, StudentConfig
from fame_sql.students.calibration.thresholds import check_target, with_thresholds
from fame_sql.students.facts import write_calibration
from fame_sql.training.context import hash_inputs, read_champion, read_inputs
from fame_sql.training.metrics import calibration_metrics
from fame_sql.warehouse.warehouse import Warehouse


def set_target(
    warehouse: Warehouse, target: float | None, *, author: str | None = None
) -> ModelRecord | None:
    """Set the maximum of false alarms per million lines, and move the champion's thresholds to it.

    Parameters
    ----------
    warehouse : Warehouse
        Where the target is stored, for this model and those trained later.
    target : float or None
        Maximum false alarms per million lines; None for the thresholds without a target.
    author : str, optional
        Who sets it, kept in ``fame.promotions``; the system's user if None.

    Returns
    -------
    ModelRecord or None
        The champion now; None if no model is published yet.

    Raises
    ------
    InputError
        If the target is not above 0 and below a million.
    """
    if target is not None:
        check_target(target)
    record, before = read_champion(warehouse), read_target(warehouse)
    if record is None:
        store_target(warehouse, target)
        return None
    student = models.load(record.folder).student
    calibration = with_thresholds(student.calibration, student.held_out, target)
    stored = read_inputs(warehouse)
    store_target(warehouse, target)
    if calibration == student.calibration and before == target:
        return record
    metrics = {
        **record.metrics,
        **calibration_metrics(student.held_out, calibration, target),
        **_inputs(record, student, stored, before, target),
    }
    version = models.derive(
        record.folder, lambda folder: write_calibration(folder, calibration), metrics
    )
    reason = "no target" if target is None else f"at most {target:g} false alarms a million lines"
    models.publish(warehouse, version, metrics, author=author, reason=reason)
    return models.champion(warehouse)


def _inputs(
    record: ModelRecord, student: Student, stored: str, before: float | None, target: float | None
) -> dict[str, Any]:
    """Return the new hash of the inputs if the model needs no training for the target.

    It needs one if it was out of date before, or if no events of known templates are held out:
    then the next training has to hold some out.
    """
    metrics = record.metrics
    needs_evidence = target is not None and not len(student.held_out.known.lines)
    if needs_evidence or metrics.get("config") is None:
        return {}
    config = StudentConfig(**metrics["config"])
    if metrics.get("inputs") != hash_inputs(stored, config, before):
        return {}
    return {"inputs": hash_inputs(stored, config, target)}
