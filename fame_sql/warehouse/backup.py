"""Copy the file of an open warehouse, byte for byte, while its connection keeps it locked.

The copy is made by a process of its own. The lock that DuckDB holds on the file is a POSIX lock,
which the operating system drops as soon as *any* handle of the file is closed in the process that
holds it: a copy made here would let another process write to the warehouse in the middle.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fame_sql.console import Progress, SilentProgress, watched
from fame_sql.errors import WarehouseError
from fame_sql.files import bytes_in, check_new
from fame_sql.sql.quoting import literal
from fame_sql.warehouse.connection import first_line, models_of, open_file
from fame_sql.warehouse.lake.address import is_lake_path
from fame_sql.warehouse.sharing import is_shared, writing_turn

_COPY = """
import os, shutil, sys
shutil.copyfile(sys.argv[1], sys.argv[2])
shutil.copystat(sys.argv[1], sys.argv[2])
with open(sys.argv[2], "rb+") as copy:
    os.fsync(copy.fileno())
"""


@dataclass(frozen=True)
class Backup:
    """A copy of a warehouse and of its models.

    Parameters
    ----------
    path : Path
        The copy of the file.
    bytes : int
        Its size.
    models : Path or None
        The copy of the folder of the models; None if there is none.
    """

    path: Path
    bytes: int
    models: Path | None


def back_up(
    path: Path, target: Path, *, force: bool = False, progress: Progress | None = None
) -> Backup:
    """Copy a warehouse and its models while others may read it.

    The copy appears under its name when it is complete and DuckDB has opened it.

    Parameters
    ----------
    path : Path
        The file of the warehouse.
    target : Path
        The new file. The models are copied to ``STEM.models`` beside it.
    force : bool
        Replace a copy that exists.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    WarehouseError
        If it is a lake, another process writes to the warehouse, the folder of the models would be
        that of another warehouse, or the copy cannot be made.
    InputError
        If the target exists and is not to be replaced.
    """
    if is_lake_path(path):
        raise WarehouseError(
            f"{path} is a lake, whose catalogue and files are copied by programs of their own: "
            "dump the catalogue with pg_dump, or copy its file, and then copy the folder or "
            "bucket of the data"
        )
    check_new(target, force=force)
    if models_of(target).absolute() == models_of(path).absolute():
        raise WarehouseError(
            f"{target} would share the folder {models_of(path)} with the warehouse: name the copy "
            "otherwise, or put it into another folder"
        )
    if models_of(target).exists() and not force:
        raise WarehouseError(
            f"{models_of(target)} exists: name another file, or replace both with --force"
        )
    held = open_file(path, read_only=True)
    size = sum(map(bytes_in, (path, _log_of(path), models_of(path))))
    try:
        with (
            (progress or SilentProgress()).step("copying the warehouse", size) as step,
            tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder,
            _standing_still(held),
            watched(step, size, lambda: bytes_in(Path(folder)) / size),
        ):
            # Both copies are complete before anything is replaced.
            made, models = _copy_whole(path, Path(folder)), _copy_models(path, Path(folder))
            if models is not None:
                models = _put_models(models, models_of(target), Path(folder))
            made.replace(target)
    except (duckdb.Error, OSError, subprocess.CalledProcessError) as error:
        raise WarehouseError(f"{path} cannot be copied to {target}: {_reason(error)}") from None
    finally:
        held.close()
    return Backup(target, target.stat().st_size, models)


@contextmanager
def _standing_still(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let a server that runs this change its file no more: commits go to the log beside it."""
    if not is_shared():
        yield
        return
    with writing_turn():
        [(found,)] = connection.execute("SELECT current_setting('wal_autocheckpoint')").fetchall()
        connection.execute("SET GLOBAL wal_autocheckpoint = '1TB'")
        try:
            # It waits for one that goes on.
            connection.execute("CHECKPOINT")
            yield
        finally:
            connection.execute(f"SET GLOBAL wal_autocheckpoint = {literal(found)}")


def _copy_whole(path: Path, folder: Path) -> Path:
    """Copy a file that is locked against writers, with what is in its write-ahead log."""
    made = folder / path.name
    for source in (path, _log_of(path)):
        if source.exists():
            _copy(source, folder / source.name)
    with duckdb.connect(str(made)) as copy:
        copy.execute("CHECKPOINT")
    return made


def _log_of(path: Path) -> Path:
    """Return the write-ahead log of a file."""
    return path.with_name(f"{path.name}.wal")


def _copy_models(path: Path, folder: Path) -> Path | None:
    source = models_of(path)
    if not source.is_dir():
        return None
    return Path(shutil.copytree(source, folder / source.name, symlinks=True))


def _put_models(copy: Path, target: Path, folder: Path) -> Path:
    if target.exists():
        target.rename(folder / "replaced")
    return copy.rename(target)


def _copy(source: Path, target: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", _COPY, str(source.absolute()), str(target)]
    subprocess.run(command, check=True, capture_output=True, text=True)


def copy_file(connection: duckdb.DuckDBPyConnection, path: Path, target: Path) -> None:
    """Write a copy of a warehouse's file, complete and on disk when this returns.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The open warehouse, outside a transaction.
    path : Path
        Its file.
    target : Path
        The copy; a file of this name is replaced.

    Raises
    ------
    WarehouseError
        If it cannot be copied; no copy is left then.
    """
    target.unlink(missing_ok=True)
    try:
        # What lies in the write-ahead log goes into the file first.
        connection.execute("CHECKPOINT")
        _copy(path, target)
    except (duckdb.Error, OSError, subprocess.CalledProcessError) as error:
        target.unlink(missing_ok=True)
        raise WarehouseError(
            f"{path} cannot be copied to {target.name}, and is as it was: {_reason(error)}"
        ) from None
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return str((error.stderr.strip().splitlines() or [error])[-1])
    return first_line(error)


def unfinished_name(path: Path) -> Path:
    """Return where the copy lies until the upgrade that made it is about to be committed."""
    return path.with_name(f".{path.name}.before-upgrade")


def free_name(path: Path, version: int) -> Path:
    """Return a free name for the copy of a warehouse made before schema ``version``."""
    first = path.with_name(f"{path.name}.before-schema-{version}")
    name, number = first, 2
    while name.exists():
        name = first.with_name(f"{first.name}-{number}")
        number += 1
    return name
