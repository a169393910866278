"""The files of models in a lake, where any machine finds a model that another has trained."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from fame_sql import sql

if TYPE_CHECKING:
    from fame_sql.warehouse.warehouse import Warehouse

_SCHEMA = pa.schema(
    [("model_version", pa.string()), ("name", pa.string()), ("content", pa.binary())]
)


def store_files(warehouse: Warehouse, folder: Path) -> None:
    """Store a model's folder in the lake, inside the caller's transaction.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse in a lake.
    folder : Path
        The folder, called after the version.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    rows = [
        {
            "model_version": folder.name,
            "name": file.relative_to(folder).as_posix(),
            "content": file.read_bytes(),
        }
        for file in files
    ]
    warehouse.connection.execute(sql.load("models/lake/forget_files"), [folder.name])
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    warehouse.with_table("new_files", table, sql.load("models/lake/store_files"))


def fetch_files(warehouse: Warehouse, folder: Path) -> None:
    """Write a model's folder from the lake, if the lake has it.

    What is written is checked against the manifest when the model is loaded.
    """
    found = warehouse.rows(sql.load("models/lake/files"), [folder.name])
    if not found:
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".fetched-", dir=folder.parent))
    try:
        for name, content in found:
            _write(unfinished, name, content)
        unfinished.replace(folder)
    except OSError:
        # Another process has fetched it meanwhile.
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _write(folder: Path, name: str, content: bytes) -> None:
    target = folder.joinpath(name).resolve()
    # A name is data of the lake, which somebody else may have written.
    if not target.is_relative_to(folder.resolve()):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
