"""Giving a model another runtime, without training it anew.

Weights and lines stay; scores may differ in their last digit. So it is a new model, and older
scores keep naming the model that gave them.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from fame_sql import models
from fame_sql.errors import InputError
from fame_sql.students.network.onnx_network import GRAPH
from fame_sql.students.network.runtimes import Runtime
from fame_sql.warehouse.warehouse import Warehouse


def convert(
    warehouse: Warehouse,
    version: str,
    runtime: Runtime,
    *,
    promote: bool = False,
    author: str | None = None,
    reason: str | None = None,
) -> models.ModelRecord:
    """Make a model that is like another one, on another runtime.

    Parameters
    ----------
    warehouse : Warehouse
        Where the model is published.
    version : str
        The model's version, or the first letters of it.
    runtime : Runtime
        What the new one is to run on.
    promote : bool
        Make it the champion; otherwise it is a candidate.
    author, reason : str, optional
        Who wants it and why, kept in ``fame.promotions`` if it is promoted; by default the
        system's user, and the runtime.

    Returns
    -------
    ModelRecord
        The new model.

    Raises
    ------
    InputError
        If the model runs on this already.
    ModelError
        If there is no such model, a package is missing, or the exported graph does not say what
        torch says.
    """
    record = models.find(warehouse, version)
    if runtime == runtime_of(record):
        raise InputError(
            f"model {record.model_version} runs on {runtime} already: name another runtime, or "
            f"run 'fame models promote {record.model_version}' to put it in force"
        )
    metrics = {**record.metrics, "runtime": asdict(runtime)}
    model = models.load_published(warehouse, record.model_version)
    texts = [example.text for example in model.examples.examples]
    texts += [template.text for template in model.templates.templates]
    student = model.student.on(runtime, texts)

    def change(made: Path) -> None:
        (made / GRAPH).unlink(missing_ok=True)
        student.save(made)

    made = models.derive(record.folder, change, metrics)
    why = reason or f"model {record.model_version} on {runtime}"
    models.publish(warehouse, made, metrics, author=author, reason=why, promote=promote)
    return models.find(warehouse, made)


def runtime_of(record: models.ModelRecord) -> Runtime:
    """Return what a published model runs on."""
    return Runtime(**record.metrics.get("runtime", {}))
