"""Model folders, and the table of models in the warehouse.

A folder holds ``model.json`` (recipe, templates, domains), the student's files
(``student.safetensors``, ``tokenizer.json``, ``student.json``), ``README.md`` and
``manifest.json`` with the SHA-256 of each; every load checks them. A model's version is a hash
of what decides its scores. Nothing pickled is written or read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fame_sql import __version__
from fame_sql.canonical import Recipe
from fame_sql.errors import MissingStageError, ModelError
from fame_sql.explanation import DomainFacts, Examples
from fame_sql.model import Model
from fame_sql.templates import Template, TemplateSet
from fame_sql.warehouse import Warehouse, utc_now

if TYPE_CHECKING:
    from fame_sql.students import Student

FORMAT = 1
_MANIFEST = "manifest.json"
_MODEL = "model.json"
_CARD = "README.md"

# What models of an older fame-sql do not tell.
_NO_LABELS = {"description": "", "normal_labels": 0, "anomalous_labels": 0}

_loaded: dict[tuple[Path, str], Model] = {}
_loading = threading.Lock()


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


def save(
    folder: Path,
    *,
    recipe: Recipe,
    templates: TemplateSet,
    domains: list[dict[str, Any]],
    domain_of_template: dict[str, int],
    student: Student,
    examples: Examples,
    card: str,
    parent: str | None = None,
) -> str:
    """Write a model below ``folder``, in a folder named by its version.

    Returns
    -------
    str
        The version. A model that is there already, with the same content, is left as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f".making-{os.getpid()}"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    student.save(made)
    examples.save(made)
    content = {
        "format": FORMAT,
        "recipe": json.loads(recipe.to_json()),
        "templates": [asdict(template) for template in templates.templates],
        "domains": domains,
        "domain_of_template": domain_of_template,
    }
    (made / _MODEL).write_text(_json(content), encoding="utf-8")
    version = _version(made)
    (made / _CARD).write_text(card.replace("{version}", version), encoding="utf-8")
    _write_manifest(made, version, parent)
    _put_in_place(made, folder / version)
    return version


def _json(content: object) -> str:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _version(folder: Path) -> str:
    """Hash what decides the scores: every file but the card and the manifest."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.name not in (_CARD, _MANIFEST):
            digest.update(f"{file.name} {_sha256(file)}\n".encode())
    return digest.hexdigest()[:12]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write_manifest(folder: Path, version: str, parent: str | None) -> None:
    sums = {file.name: _sha256(file) for file in sorted(folder.iterdir())}
    manifest = {"version": version, "files": sums, "made_by": f"fame-sql {__version__}"}
    if parent is not None:
        manifest["parent"] = parent
    (folder / _MANIFEST).write_text(_json(manifest), encoding="utf-8")


def _put_in_place(made: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    made.rename(target)


def load(folder: Path) -> Model:
    """Load a model folder, checking every file against the manifest.

    Loaded once a process: the same folder with the same manifest gives the same object.

    Raises
    ------
    ModelError
        If the folder is no model, a file is missing or changed, or a newer fame-sql wrote it.
    """
    folder = folder.resolve()
    manifest = check(folder)
    key = (folder, _manifest_hash(manifest))
    with _loading:
        if key not in _loaded:
            _loaded[key] = _read(folder, manifest["version"])
        return _loaded[key]


def check(folder: Path) -> dict[str, Any]:
    """Return a folder's manifest after checking every file against it."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        sums = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            f"{folder} is not a model folder (no readable {_MANIFEST}): "
            "run 'fame train' to make a model"
        ) from None
    for name, expected in sums.items():
        file = folder / name
        if Path(name).name != name or not file.is_file() or _sha256(file) != expected:
            raise ModelError(
                f"{file} is missing or not what the manifest says: the model cannot be trusted; "
                "restore the folder, or run 'fame train' to make it anew"
            )
    if manifest.get("version") != _version(folder):
        raise ModelError(f"{folder}: the version in {_MANIFEST} is not that of the files")
    return dict(manifest)


def _read(folder: Path, version: str) -> Model:
    content = json.loads((folder / _MODEL).read_text(encoding="utf-8"))
    if content["format"] != FORMAT:
        raise ModelError(
            f"{folder} has model format {content['format']}, and this fame-sql reads {FORMAT}: "
            "upgrade fame-sql, or run 'fame train'"
        )
    return Model(
        version=version,
        recipe=Recipe.from_json(json.dumps(content["recipe"])),
        templates=TemplateSet(tuple(Template(**t) for t in content["templates"])),
        domains=tuple(domain["name"] for domain in content["domains"]),
        domain_of_template=content["domain_of_template"],
        facts=tuple(DomainFacts(**{**_NO_LABELS, **domain}) for domain in content["domains"]),
        examples=Examples.load(folder),
        load_student=lambda: _load_student(folder),
    )


def _load_student(folder: Path) -> Student:
    from fame_sql.students import Student

    return Student.load(folder)


def derive(folder: Path, change: Callable[[Path], None]) -> str:
    """Write a changed copy of a model beside it; return its version.

    Parameters
    ----------
    folder : Path
        The model's folder.
    change : callable
        Changes files in the copy.
    """
    manifest = check(folder)
    old = str(manifest["version"])
    made = folder.with_name(f".making-{os.getpid()}")
    shutil.rmtree(made, ignore_errors=True)
    shutil.copytree(folder, made)
    change(made)
    version = _version(made)
    card = (made / _CARD).read_text(encoding="utf-8")
    (made / _CARD).write_text(card.replace(old, version), encoding="utf-8")
    (made / _MANIFEST).unlink()
    _write_manifest(made, version, manifest.get("parent"))
    _put_in_place(made, folder.with_name(version))
    return version


def publish(
    warehouse: Warehouse,
    version: str,
    metrics: dict[str, Any],
    *,
    author: str | None = None,
    reason: str = "trained",
) -> None:
    """Enter a saved model in the warehouse and make it the champion."""
    folder = warehouse.models_folder / version
    manifest = check(folder)
    recipe = json.loads((folder / _MODEL).read_text(encoding="utf-8"))["recipe"]
    row = {
        "model_version": version,
        "path": f"{warehouse.models_folder.name}/{version}",
        "manifest_hash": _manifest_hash(manifest),
        "recipe_version": Recipe.from_json(json.dumps(recipe)).version,
        "metrics": json.dumps(metrics),
        "now": utc_now(),
    }
    with warehouse.transaction():
        warehouse.connection.execute(
            "INSERT OR REPLACE INTO fame.models VALUES ($model_version, $path, $manifest_hash, "
            "$recipe_version, $metrics, 'candidate', $now, NULL)",
            row,
        )
        _crown(warehouse, version, author=author, reason=reason)


def promote(
    warehouse: Warehouse, version: str, *, author: str | None = None, reason: str | None = None
) -> ModelRecord:
    """Make a model that was published before the champion again; the one in force is archived.

    Parameters
    ----------
    warehouse : Warehouse
        Where it was published.
    version : str
        Its version, or the first letters of it.
    author, reason : str, optional
        Who wants it and why, kept in ``fame.promotions``.

    Raises
    ------
    ModelError
        If no model, or more than one, has that version, its folder is not what was published,
        or it reads messages through other masks than the warehouse.
    """
    record = find(warehouse, version)
    _refuse_changed(warehouse, record)
    with warehouse.transaction():
        _crown(warehouse, record.model_version, author=author, reason=reason)
    return champion(warehouse)


def _crown(warehouse: Warehouse, version: str, *, author: str | None, reason: str | None) -> None:
    now = utc_now()
    warehouse.connection.execute(
        "UPDATE fame.models SET stage = 'archived' WHERE stage = 'champion'"
    )
    warehouse.connection.execute(
        "UPDATE fame.models SET stage = 'champion', promoted_at = ? WHERE model_version = ?",
        [now, version],
    )
    warehouse.connection.execute(
        "INSERT INTO fame.promotions VALUES (?, ?, ?, ?)", [version, now, author, reason]
    )


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
    found = [m for m in models(warehouse) if version and m.model_version.startswith(version)]
    if len(found) != 1:
        known = ", ".join(model.model_version for model in models(warehouse)) or "none yet"
        raise ModelError(
            f"{len(found)} models have a version that begins with {version!r}; there are: {known}"
        )
    return found[0]


def _manifest_hash(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(_json(manifest).encode()).hexdigest()


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


def load_champion(warehouse: Warehouse) -> Model:
    """Load the model in force, refusing one that is not what was published here.

    Raises
    ------
    MissingStageError
        If none is published.
    ModelError
        If its folder was changed, or it reads messages through other masks than the warehouse.
    """
    record = champion(warehouse)
    _refuse_changed(warehouse, record)
    return load(record.folder)


def _refuse_changed(warehouse: Warehouse, record: ModelRecord) -> None:
    """Refuse a model that is not what was published here, or whose masks are others."""
    if _manifest_hash(check(record.folder)) != record.manifest_hash:
        raise ModelError(
            f"{record.folder} is not the model that was published as {record.model_version}: "
            "restore the folder, or run 'fame train'"
        )
    if record.recipe_version != warehouse.recipe().version:
        raise ModelError(
            f"model {record.model_version} was trained with other masks than this warehouse "
            "has now: restore fame.masks, or run 'fame train'"
        )
