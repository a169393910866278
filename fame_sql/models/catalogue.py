"""The models that a warehouse has published, which of them is the champion, and since when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fame_sql import sql
from fame_sql.canonical.canonical import Recipe
from fame_sql.errors import InputError, MissingStageError, ModelError
from fame_sql.models.folder import load
from fame_sql.models.manifest import MODEL, check, hash_of
from fame_sql.models.model import Model
from fame_sql.warehouse.author import system_user
from fame_sql.warehouse.warehouse import Warehouse, utc_now


@dataclass(frozen=True)
class ModelRecord:
    """A row of ``fame.models``."""

    model_version: str
    folder: Path
    manifest_hash: str
    recipe_version: str
    metrics: dict[str, Any]
    stage: str
    created_at: datetime


def publish(
    warehouse: Warehouse,
    version: str,
    metrics: dict[str, Any],
    *,
    author: str | None = None,
    reason: str = "trained",
    crown: bool = True,
) -> None:
    """Enter a saved model in the warehouse, and make it the champion unless that is not wanted.

    One that was entered before keeps its stage then. Without an author it is the system's user.
    """
    folder = warehouse.models_folder / version
    manifest = check(folder)
    recipe = json.loads((folder / MODEL).read_text(encoding="utf-8"))["recipe"]
    row = {
        "model_version": version,
        "path": f"{warehouse.models_folder.name}/{version}",
        "manifest_hash": hash_of(manifest),
        "recipe_version": Recipe.from_json(json.dumps(recipe)).version,
        "metrics": json.dumps(metrics),
        "now": utc_now(),
    }
    with warehouse.transaction():
        warehouse.connection.execute(sql.load("models/publish"), row)
        if crown:
            _crown(warehouse, version, author=author, reason=reason)


def promote(
    warehouse: Warehouse, version: str, *, reason: str, author: str | None = None
) -> ModelRecord:
    """Make a model that was published before the champion again; the one in force is archived.

    Parameters
    ----------
    warehouse : Warehouse
        Where it was published.
    version : str
        Its version, or the first letters of it.
    reason : str
        Why, kept in ``fame.promotions``.
    author : str, optional
        Who wants it, kept as well; the system's user if None.

    Raises
    ------
    InputError
        If the reason is empty.
    ModelError
        If no model, or more than one, has that version, its folder is not what was published,
        or it reads messages through other masks than the warehouse.
    """
    if not reason.strip():
        raise InputError(
            f"no reason to promote {version!r} is given: say why, as in "
            f"'fame models promote {version} --why \"fewer false alarms\"'"
        )
    record = find(warehouse, version)
    _refuse_changed(warehouse, record)
    with warehouse.transaction():
        _crown(warehouse, record.model_version, author=author, reason=reason)
    return champion(warehouse)


def promotions(warehouse: Warehouse, version: str) -> list[dict[str, Any]]:
    """Return when a model was made the champion, by whom and why, the first time first."""
    return warehouse.records(sql.load("models/promotions"), {"model_version": version})


def models(warehouse: Warehouse) -> list[ModelRecord]:
    """Return every published model, the newest first."""
    rows = warehouse.records("SELECT * FROM fame.models ORDER BY created_at DESC, model_version")
    return [_record(warehouse, row) for row in rows]


def find(warehouse: Warehouse, version: str) -> ModelRecord:
    """Return the published model whose version begins with ``version``.

    Raises
    ------
    ModelError
        If none does, or more than one.
    """
    published = models(warehouse)
    found = [m for m in published if version and m.model_version.startswith(version)]
    if len(found) != 1:
        known = ", ".join(model.model_version for model in published) or "none yet"
        raise ModelError(
            f"{len(found)} models have a version that begins with {version!r}; there are: {known}"
        )
    return found[0]


def champion(warehouse: Warehouse) -> ModelRecord:
    """Return the model in force.

    Raises
    ------
    MissingStageError
        If none is published.
    """
    rows = warehouse.records("SELECT * FROM fame.champion")
    if not rows:
        raise MissingStageError("no model is published", "fame compile")
    return _record(warehouse, rows[0])


def load_champion(warehouse: Warehouse) -> Model:
    """Load the model in force, refusing one that is not what was published here.

    Raises
    ------
    MissingStageError
        If none is published.
    ModelError
        If its folder was changed, or it reads messages through other masks than the warehouse.
    """
    return _load(warehouse, champion(warehouse))


def load_published(warehouse: Warehouse, version: str) -> Model:
    """Load any model that was published here, as :func:`load_champion` loads the one in force.

    Raises
    ------
    ModelError
        If there is no such model, its folder was changed, or its masks are others.
    """
    return _load(warehouse, find(warehouse, version))


def _load(warehouse: Warehouse, record: ModelRecord) -> Model:
    _refuse_changed(warehouse, record)
    return load(record.folder)


def _crown(warehouse: Warehouse, version: str, *, author: str | None, reason: str) -> None:
    now = utc_now()
    warehouse.connection.execute(
        "UPDATE fame.models SET stage = 'archived' WHERE stage = 'champion'"
    )
    warehouse.connection.execute(
        "UPDATE fame.models SET stage = 'champion', promoted_at = ? WHERE model_version = ?",
        [now, version],
    )
    warehouse.connection.execute(
        "INSERT INTO fame.promotions VALUES (?, ?, ?, ?)",
        [version, now, author or system_user(), reason],
    )


def _record(warehouse: Warehouse, row: dict[str, Any]) -> ModelRecord:
    return ModelRecord(
        model_version=row["model_version"],
        folder=warehouse.path.parent / row["path"],
        manifest_hash=row["manifest_hash"],
        recipe_version=row["recipe_version"],
        metrics=json.loads(row["metrics"]),
        stage=row["stage"],
        created_at=row["created_at"],
    )


def _refuse_changed(warehouse: Warehouse, record: ModelRecord) -> None:
    """Refuse a model that is not what was published here, or whose masks are others."""
    if hash_of(check(record.folder)) != record.manifest_hash:
        raise ModelError(
            f"{record.folder} is not the model that was published as {record.model_version}: "
            "restore the folder, or run 'fame train'"
        )
    if record.recipe_version != warehouse.recipe().version:
        raise ModelError(
            f"model {record.model_version} was trained with other masks than this warehouse "
            "has now: restore fame.masks, or run 'fame train'"
        )
