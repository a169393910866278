"""Moving a model's decision lines to another target without training it anew.

The weights stay; the scale moves so that 0.5 is the target's line. That changes scores, so it is a
new model: older scores keep naming the model that gave them.
"""

from __future__ import annotations

from typing import Any

from fame_sql import models
from fame_sql.errors import MissingStageError
from fame_sql.scoring.policy import read_target, store_target
from fame_sql.students import StudentConfig
from fame_sql.students.calibration.targets import with_lines
from fame_sql.students.student import write_calibration
from fame_sql.training.metrics import calibration_facts
from fame_sql.training.training import inputs_hash
from fame_sql.warehouse.warehouse import Warehouse


def set_target(
    warehouse: Warehouse, target: float | None, *, author: str | None = None
) -> models.ModelRecord | None:
    """Aim at a number of false alarms a million lines, and make the champion do so.

    Parameters
    ----------
    warehouse : Warehouse
        Where the target is kept, for this model and those trained later.
    target : float or None
        False alarms a million lines, at most; None for the lines without a target.
    author : str, optional
        Who wants it, kept in ``fame.promotions``; the system's user if None.

    Returns
    -------
    ModelRecord or None
        The champion now; None if no model is published yet.

    Raises
    ------
    InputError
        If the target is no number above 0 and below a million.
    """
    before = read_target(warehouse)
    try:
        record = models.champion(warehouse)
    except MissingStageError:
        store_target(warehouse, target)
        return None
    student = models.load(record.folder).student
    calibration = with_lines(student.calibration, student.held_out, target)
    is_current = record.metrics.get("inputs") == _inputs(warehouse, record)
    store_target(warehouse, target)
    if calibration == student.calibration and before == target:
        return record
    metrics = {**record.metrics, **calibration_facts(student.held_out, calibration, target)}
    # With nothing held out of known templates, the next training has to hold some out.
    if is_current and (target is None or len(student.held_out.known.lines)):
        metrics["inputs"] = _inputs(warehouse, record)
    version = models.derive(
        record.folder, lambda made: write_calibration(made, calibration), metrics
    )
    reason = "no target" if target is None else f"at most {target:g} false alarms a million lines"
    models.publish(warehouse, version, metrics, author=author, reason=reason)
    return models.champion(warehouse)


def _inputs(warehouse: Warehouse, record: models.ModelRecord) -> str | None:
    config: dict[str, Any] | None = record.metrics.get("config")
    return None if config is None else inputs_hash(warehouse, StudentConfig(**config))
