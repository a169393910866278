"""Copies of a warehouse that a benchmark may change."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_copy(warehouse: Path) -> Iterator[Path]:
    """Copy a warehouse and its models into a temporary folder beside it."""
    with tempfile.TemporaryDirectory(dir=warehouse.absolute().parent) as folder:
        copy = Path(folder) / warehouse.name
        shutil.copy(warehouse, copy)
        models = f"{warehouse.stem}.models"
        shutil.copytree(warehouse.with_name(models), copy.with_name(models))
        yield copy
