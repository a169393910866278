"""The identity of a source: its folder and the stem of its name.

Log files are rotated: ``app.log`` becomes ``app.log.1``, then ``app.log.2.gz``, while a new
``app.log`` begins. All of them are one source, so that lines that were read under one of these
names are known under all of them. The same lines elsewhere belong to another source.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path, PurePath

STANDARD_INPUT = "-"
"""The name and the identity of standard input."""

_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst)$", re.IGNORECASE)
_ROTATED = re.compile(
    r"(?:\.(?P<number>\d{1,3})|[.-](?P<date>\d{4}-?\d{2}-?\d{2}(?:[-_T.]?\d{2,6})?)|\.old)$"
)


def stem(name: str) -> str:
    """Return the name of a log file without what rotation and compression append to it."""
    unpacked = _PACKED.sub("", name)
    base = _ROTATED.sub("", unpacked)
    # A name of digits, such as an address, has no number of a rotation.
    return base if re.search(r"[^\W\d_]", base) else unpacked


def identity(path: Path) -> str:
    """Return the identity of a file: its absolute folder and its stem."""
    folder, name = os.path.split(path.absolute())
    if path.is_symlink():
        folder, name = os.path.split(os.path.realpath(path))
    return f"{_real_folder(folder)}{os.sep}{stem(name)}"


@lru_cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder).rstrip(os.sep)


def given_identity(name: str) -> str:
    """Return the identity of a source that the user has named."""
    return f"source:{name}"


def is_former(former: str, source: str) -> bool:
    """Return whether ``former``, a path as it was typed, can be the file of a source.

    Older warehouses hold paths as they were typed, relative to a folder that is not known.
    """
    if former == STANDARD_INPUT or source == STANDARD_INPUT:
        return former == source
    path = PurePath(os.path.normpath(former))
    path = path.with_name(stem(path.name)) if path.name else path
    if path.is_absolute():
        return str(path) == source or identity(Path(former)) == source
    parts = [part for part in path.parts if part != os.pardir]
    return PurePath(source).parts[-len(parts) :] == tuple(parts)


def rotation_order(path: PurePath) -> tuple[str, str, int, int, str]:
    """Return a sort key that puts older parts of a log before newer ones."""
    unpacked = _PACKED.sub("", path.name)
    base = stem(path.name)
    found = _ROTATED.search(unpacked) if base != unpacked else None
    if found is None:
        return str(path.parent), base, 1, 0, path.name
    number = int(found["number"]) if found["number"] else 0
    return str(path.parent), base, 0, -number, path.name
