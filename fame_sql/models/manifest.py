"""The manifest of a model folder: the hash of every file, and the version that follows from them.

The manifest lists every file of the folder with its SHA-256, and the folder contains nothing else.
A file that was changed, removed, added or replaced by a link is refused by name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from fame_sql import __version__
from fame_sql.errors import ModelError
from fame_sql.files import parse_json
from fame_sql.models.explanation import FILE as EXAMPLES
from fame_sql.values.heads import FILE as VALUES

FORMAT = 2
"""The folder format that this fame-sql writes; it reads all earlier formats as well."""

FORMAT_WITH_VALUES = 3
"""That of a model with value heads: a fame-sql that does not know them must not read it."""

MANIFEST, MODEL, CARD, METRICS = "manifest.json", "model.json", "README.md", "metrics.json"

# By format, the files on which neither scores nor the version depend.
_BESIDE = {1: {CARD}, 2: {CARD, METRICS, EXAMPLES}, 3: {CARD, METRICS, EXAMPLES}}

_UNTRUSTED = "the model cannot be trusted; restore the folder, or run 'fame train' for a new model"


def check(folder: Path) -> dict[str, Any]:
    """Return a folder's manifest after checking every file against it.

    Parameters
    ----------
    folder : Path
        A model folder of any format up to :data:`FORMAT`.

    Raises
    ------
    ModelError
        If the folder is not a model, a newer fame-sql wrote it, or any file is missing, changed,
        unlisted or a link; the message names the file.
    """
    manifest = _read(folder)
    listed: dict[str, str] = manifest["files"]
    for name in listed:
        _refuse_outside(folder, name)
    found = set(_names(folder))
    for name, expected in listed.items():
        if name not in found or _sha256_or_none(folder / name) != expected:
            raise ModelError(
                f"{folder / name} is missing or does not match the manifest: {_UNTRUSTED}"
            )
    for name in sorted(found - set(listed)):
        raise ModelError(f"{folder / name} is not in the manifest: {_UNTRUSTED}")
    if manifest.get("version") != version_of(listed, manifest["format"]):
        raise ModelError(
            f"{folder / MANIFEST} has a version that does not match the files: {_UNTRUSTED}"
        )
    return manifest


def refuse_other_form(folder: Path) -> None:
    """Refuse a manifest that is not written as fame-sql writes it.

    Nothing has a sum of the manifest of a folder alone: a byte more or less is seen by its form.

    Raises
    ------
    ModelError
        If it is not.
    """
    text = (folder / MANIFEST).read_bytes().decode("utf-8")
    if text != as_json(parse_json(text)):
        raise ModelError(f"{folder / MANIFEST} has been changed: {_UNTRUSTED}")


def sums_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, except the manifest, by path."""
    return {name: sha256(folder / name) for name in sorted(_names(folder))}


def version_of(sums: Mapping[str, str], layout: int = FORMAT) -> str:
    """Return the version: a hash of the files that determine the scores.

    Parameters
    ----------
    sums : mapping of str to str
        The SHA-256 of each file.
    layout : int
        The folder's format, which determines the files that are left out.
    """
    digest = hashlib.sha256()
    for name in sorted(set(sums) - _BESIDE[layout]):
        digest.update(f"{name} {sums[name]}\n".encode())
    return digest.hexdigest()[:12]


def write(folder: Path, sums: Mapping[str, str], parent: str | None) -> None:
    """Write the manifest of a folder whose files have these sums."""
    manifest: dict[str, Any] = {
        "format": FORMAT_WITH_VALUES if VALUES in sums else FORMAT,
        "version": version_of(sums),
        "files": dict(sums),
        "made_by": f"fame-sql {__version__}",
    }
    if parent is not None:
        manifest["parent"] = parent
    (folder / MANIFEST).write_text(as_json(manifest), encoding="utf-8")


def hash_of(manifest: Mapping[str, Any]) -> str:
    """Return the hash of a manifest as stored in ``fame.models``.

    A manifest of format 1 does not contain its format, and is hashed without it.
    """
    hashed = {**manifest}
    if hashed.get("format") == 1:
        del hashed["format"]
    return hashlib.sha256(as_json(hashed).encode()).hexdigest()


def size_of(folder: Path) -> int:
    """Return the size of a model folder in bytes; 0 if there is no folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def as_json(content: object) -> str:
    """Return deterministic JSON: the same content always gives the same text."""
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _read(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        if path.is_symlink():
            raise ValueError
        manifest = dict(parse_json(path.read_text(encoding="utf-8")))
        manifest["files"] = dict(manifest["files"])
        manifest["format"] = int(manifest.get("format", 1))
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            f"{folder} is not a model folder (no readable {MANIFEST}): copy the folder of models "
            "that belongs to the warehouse, or run 'fame train' to train a model"
        ) from None
    refuse_format(folder, manifest["format"])
    return manifest


def refuse_format(folder: Path, layout: object) -> None:
    """Refuse a folder whose format this fame-sql does not read."""
    if layout not in _BESIDE:
        raise ModelError(
            f"{folder} has model format {layout}, but this fame-sql reads up to "
            f"{FORMAT_WITH_VALUES}: upgrade fame-sql, or run 'fame train'"
        )


def _refuse_outside(folder: Path, name: str) -> None:
    """Refuse a path that is not inside the folder, or not in its simplest form."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or str(path) != name:
        raise ModelError(
            f"{folder / MANIFEST} names {name!r}, which is not inside the folder: {_UNTRUSTED}"
        )


def _names(folder: Path) -> Iterator[str]:
    """Yield the path of every file below a folder except the manifest; refuse links."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink():
                raise ModelError(f"{path} is a link, not a file of the model: {_UNTRUSTED}")
        for name in files:
            path = Path(place, name).relative_to(folder)
            if path.as_posix() != MANIFEST:
                yield path.as_posix()


def _sha256_or_none(file: Path) -> str | None:
    """Return the SHA-256 of a file; None if it cannot be read."""
    try:
        return sha256(file) if file.is_file() else None
    except OSError:
        return None
