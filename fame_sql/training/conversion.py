"""Converting a model to another runtime without training it.

Weights and thresholds stay; scores may differ in their last digit. So the result is a new model,
and existing scores keep naming the model that gave them.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from fame_sql import models
from fame_sql.errors import InputError
from fame_sql.models import ModelRecord
from fame_sql.models.model import Model
from fame_sql.students.network.onnx_network import GRAPH
from fame_sql.students.runtime import Runtime
from fame_sql.warehouse.warehouse import Warehouse


def convert(
    warehouse: Warehouse,
    version: str,
    runtime: Runtime,
    *,
    promote: bool = False,
    author: str | None = None,
    reason: str | None = None,
) -> ModelRecord:
    """Make a copy of a model that runs on another runtime.

    Parameters
    ----------
    warehouse : Warehouse
        Where the model is published.
    version : str
        The model's version, or the first letters of it.
    runtime : Runtime
        What the new model is to run on.
    promote : bool
        Make it the champion; otherwise it is a candidate.
    author, reason : str, optional
        Who converts it and why, kept in ``fame.promotions`` if it is promoted; by default the
        system's user, and the runtime.

    Returns
    -------
    ModelRecord
        The new model.

    Raises
    ------
    InputError
        If the model runs on this runtime already.
    ModelError
        If there is no such model, a package is missing, or the exported graph does not give the
        logits that torch gives.
    """
    record = models.find(warehouse, version)
    return convert_record(warehouse, record, runtime, promote=promote, author=author, reason=reason)


def convert_record(
    warehouse: Warehouse,
    record: ModelRecord,
    runtime: Runtime,
    *,
    promote: bool = False,
    author: str | None = None,
    reason: str | None = None,
) -> ModelRecord:
    """Convert a model whose record is known already; see :func:`convert`."""
    model = models.load_record(warehouse, record)
    if model.student.runtime is None:
        raise InputError(
            f"model {record.model_version} has no network to run on {runtime}: it scores from "
            "tables of words"
        )
    if runtime == runtime_of(record):
        raise InputError(
            f"model {record.model_version} runs on {runtime} already: name another runtime, or "
            f"run 'fame models promote {record.model_version}' to put it in force"
        )
    metrics = {**record.metrics, "runtime": asdict(runtime)}
    student = model.student.on(runtime, _texts(model))

    def change(folder: Path) -> None:
        (folder / GRAPH).unlink(missing_ok=True)
        student.save(folder)

    made = models.derive(record.folder, change, metrics)
    why = reason or f"model {record.model_version} on {runtime}"
    models.publish(warehouse, made, metrics, author=author, reason=why, promote=promote)
    return models.find(warehouse, made)


def runtime_of(record: ModelRecord) -> Runtime:
    """Return what a published model runs on; the default if it has no network."""
    return Runtime(**(record.metrics.get("runtime") or {}))


def _texts(model: Model) -> list[str]:
    """Return the texts on which two runtimes are compared: labelled examples and templates."""
    examples = [example.text for example in model.examples.examples]
    return examples + [template.text for template in model.templates.templates]
