"""A warehouse and its models, copied to be changed at will."""

from __future__ import annotations

import shutil
from pathlib import Path


def copied_to(folder: Path, warehouse: Path, stem: str | None = None) -> Path:
    """Copy a warehouse with its models into a folder, under another name if one is given.

    Returns
    -------
    Path
        Where it lies.
    """
    name = stem or warehouse.stem
    shutil.copytree(warehouse.with_name(f"{warehouse.stem}.models"), folder / f"{name}.models")
    return Path(shutil.copy(warehouse, folder / f"{name}.duckdb"))
