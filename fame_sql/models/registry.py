"""The registry of a warehouse: published models, the champion and the history of promotions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from fame_sql import sql
from fame_sql.canonical.canonical import Recipe
from fame_sql.errors import InputError, MissingStageError, ModelError
from fame_sql.files import parse_json
from fame_sql.models.folder import load
from fame_sql.models.lake_files import fetch_files, store_files
from fame_sql.models.manifest import MODEL, check, hash_of
from fame_sql.models.model import Model
from fame_sql.values.heads import ValueHeads
from fame_sql.warehouse import definitions
from fame_sql.warehouse.author import system_user
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_WEIGHTS = pa.schema(
    [
        *((name, pa.string()) for name in ("model_version", "template_id")),
        ("place", pa.int32()),
        ("parameter", pa.string()),
        *((name, pa.float64()) for name in ("low", "high")),
        ("category", pa.string()),
        ("weight", pa.int64()),
    ]
)


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
    promote: bool = True,
) -> None:
    """Register a saved model in the warehouse and, with ``promote``, make it the champion.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse in whose models folder the model is saved.
    version : str
        The model's version.
    metrics : dict
        Facts of the training, kept in ``fame.models``.
    author, reason : str
        Who promotes the model and why, kept in ``fame.promotions``; the author is the system's
        user if None.
    promote : bool
        Make it the champion. Otherwise a model that is registered already keeps its stage, and a
        new one is a candidate.

    Raises
    ------
    ModelError
        If the folder does not match its manifest.
    """
    folder = warehouse.models_folder / version
    manifest = check(folder)
    recipe = parse_json((folder / MODEL).read_text(encoding="utf-8"))["recipe"]
    row = {
        "model_version": version,
        "path": f"{warehouse.models_folder.name}/{version}",
        "manifest_hash": hash_of(manifest),
        "recipe_version": Recipe.from_json(json.dumps(recipe)).version,
        "metrics": json.dumps(metrics),
        "now": utc_now(),
    }
    with _defining_again(warehouse), warehouse.transaction():
        warehouse.connection.execute(sql.load("models/publish"), row)
        _store_weights(warehouse, version, ValueHeads.load(folder))
        if is_lake(warehouse.connection):
            store_files(warehouse, folder)
        if promote:
            _make_champion(warehouse, version, author=author, reason=reason)


def promote(
    warehouse: Warehouse, version: str, *, reason: str, author: str | None = None
) -> ModelRecord:
    """Make a published model the champion; the current champion is archived.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse in which it is published.
    version : str
        Its version, or a prefix of it.
    reason : str
        The reason, kept in ``fame.promotions``.
    author : str, optional
        Who promotes it, kept as well; the system's user if None.

    Raises
    ------
    InputError
        If the reason is empty.
    ModelError
        If no model or more than one model has that version, its folder has changed since it was
        published, or its masks differ from the warehouse's.
    """
    if not reason.strip():
        raise InputError(
            f"no reason to promote {version!r} is given: give one, for example "
            f"'fame models promote {version} --reason \"fewer false alarms\"'"
        )
    record = find(warehouse, version)
    _refuse_changed(warehouse, record)
    with _defining_again(warehouse), warehouse.transaction():
        _make_champion(warehouse, record.model_version, author=author, reason=reason)
    return champion(warehouse)


def promotions(warehouse: Warehouse, version: str) -> list[dict[str, Any]]:
    """Return the promotions of a model with time, author and reason, in order of time."""
    return warehouse.records(sql.load("models/promotions"), {"model_version": version})


def models(warehouse: Warehouse) -> list[ModelRecord]:
    """Return every published model, newest first."""
    rows = warehouse.records("SELECT * FROM fame.models ORDER BY created_at DESC, model_version")
    return [_record(warehouse, row) for row in rows]


def find(warehouse: Warehouse, version: str) -> ModelRecord:
    """Return the published model whose version begins with ``version``.

    Raises
    ------
    ModelError
        If there is no such model, or more than one.
    """
    published = models(warehouse)
    found = [m for m in published if version and m.model_version.startswith(version)]
    if len(found) != 1:
        known = ", ".join(model.model_version for model in published) or "none yet"
        raise ModelError(
            f"{len(found)} models have a version that begins with {version!r}; "
            f"published models: {known}"
        )
    return found[0]


def champion(warehouse: Warehouse) -> ModelRecord:
    """Return the champion.

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
    """Load the champion, unless its folder has changed since it was published.

    Raises
    ------
    MissingStageError
        If no model is published.
    ModelError
        If its folder has changed, or its masks differ from the warehouse's.
    """
    return load_record(warehouse, champion(warehouse))


def load_published(warehouse: Warehouse, version: str) -> Model:
    """Load any published model, with the checks of :func:`load_champion`.

    Raises
    ------
    ModelError
        If there is no such model, its folder has changed, or its masks differ from the
        warehouse's.
    """
    return load_record(warehouse, find(warehouse, version))


def load_record(warehouse: Warehouse, record: ModelRecord) -> Model:
    """Load the model of a record, checked as :func:`load_champion` checks it."""
    _refuse_changed(warehouse, record)
    return load(record.folder)


def _store_weights(warehouse: Warehouse, version: str, heads: ValueHeads) -> None:
    """Store the value heads of a model as ``fame.value_weights``."""
    connection = warehouse.connection
    connection.execute("DELETE FROM fame.value_weights WHERE model_version = ?", [version])
    rows = [
        {name: row.get(name) for name in _WEIGHTS.names} | {"model_version": version}
        for row in heads.rows()
    ]
    if rows:
        table = pa.Table.from_pylist(rows, schema=_WEIGHTS)
        warehouse.with_table(
            "new_weights", table, "INSERT INTO fame.value_weights BY NAME FROM new_weights"
        )


@contextmanager
def _defining_again(warehouse: Warehouse) -> Iterator[None]:
    """Define the views again if they have to read value heads after the block, or no longer."""
    before = definitions.has_value_heads(warehouse.connection)
    yield
    if before or definitions.has_value_heads(warehouse.connection):
        with warehouse.transaction():
            definitions.define(warehouse.connection)


def _make_champion(warehouse: Warehouse, version: str, *, author: str | None, reason: str) -> None:
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
        folder=_folder(warehouse, row["path"]),
        manifest_hash=row["manifest_hash"],
        recipe_version=row["recipe_version"],
        metrics=json.loads(row["metrics"]),
        stage=row["stage"],
        created_at=row["created_at"],
    )


def _folder(warehouse: Warehouse, path: str) -> Path:
    """Return where a model lies: beside the warehouse under its name of now, or as published.

    A warehouse that was copied or renamed together with its models has them under the new name.
    """
    beside = warehouse.models_folder / Path(path).name
    if not beside.is_dir() and is_lake(warehouse.connection):
        fetch_files(warehouse, beside)
    return beside if beside.is_dir() else warehouse.path.parent / path


def _refuse_changed(warehouse: Warehouse, record: ModelRecord) -> None:
    """Refuse a model whose folder has changed, or whose masks differ from the warehouse's."""
    if hash_of(check(record.folder)) != record.manifest_hash:
        raise ModelError(
            f"{record.folder} is not the model that was published as {record.model_version}: "
            "restore the folder, or run 'fame train'"
        )
    if record.recipe_version != warehouse.recipe().version:
        raise ModelError(
            f"model {record.model_version} was trained with masks that differ from this "
            "warehouse's: restore fame.masks, or run 'fame train'"
        )
