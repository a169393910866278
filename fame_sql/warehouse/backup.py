"""Copy the file of an open warehouse, byte for byte, while its connection keeps it locked.

The copy is made by a process of its own. The lock that DuckDB holds on the file is a POSIX lock,
which the operating system drops as soon as *any* handle of the file is closed in the process that
holds it: a copy made here would let another process write to the warehouse in the middle.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb

from fame_sql.errors import WarehouseError
from fame_sql.warehouse.connection import first_line

_COPY = """
import os, shutil, sys
shutil.copyfile(sys.argv[1], sys.argv[2])
shutil.copystat(sys.argv[1], sys.argv[2])
with open(sys.argv[2], "rb+") as copy:
    os.fsync(copy.fileno())
"""


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
    command = [sys.executable, "-I", "-S", "-c", _COPY, str(path.absolute()), str(target)]
    try:
        # What lies in the write-ahead log goes into the file first.
        connection.execute("CHECKPOINT")
        subprocess.run(command, check=True, capture_output=True, text=True)
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
