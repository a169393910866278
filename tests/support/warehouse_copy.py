"""A warehouse and its models, copied to be changed at will."""

from __future__ import annotations

import shutil
from pathlib import Path

from fame_sql.warehouse.lake.address import parse_address, write_address


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


def lake_copied_to(folder: Path, lake: Path) -> Path:
    """Copy the catalogue, a file, and the models of a lake; both use the same folder of Parquet.

    Returns
    -------
    Path
        The file that names the copy.
    """
    shutil.copytree(lake.with_name(f"{lake.stem}.models"), folder / "copied.models")
    catalogue = shutil.copy(lake.with_suffix(".ducklake"), folder / "copied.ducklake")
    path = folder / "copied.lake"
    write_address(path, parse_address(str(catalogue)))
    return path
