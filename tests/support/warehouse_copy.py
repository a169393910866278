"""A warehouse and its models, copied to be changed at will."""

from __future__ import annotations

import shutil
from pathlib import Path


def copied_to(folder: Path, warehouse: Path) -> Path:
    """Copy a warehouse with its models into a folder and return where it lies."""
    models = f"{warehouse.stem}.models"
    shutil.copytree(warehouse.with_name(models), folder / models)
    return Path(shutil.copy(warehouse, folder))
