"""Where partitions lie: a local folder, or any file system that fsspec or DuckDB can reach."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from fame_sql.errors import InputError

# DuckDB reaches these by itself, with its extensions.
_BY_DUCKDB = {"s3", "gs", "gcs", "r2", "http", "https", "hf", "az", "azure", "abfss"}


@dataclass(frozen=True)
class Place:
    """A folder of partition files.

    Parameters
    ----------
    root : str
        A local folder, or an address such as ``s3://bucket/logs``.
    """

    root: str

    @classmethod
    def of(cls, given: str) -> Place:
        """Return the place that a user names; a local one by its whole path."""
        root = given.rstrip("/") or "/"
        return cls(root if protocol_of(root) else str(Path(root).expanduser().absolute()))

    def url(self, path: str) -> str:
        """Return the address of a file below this place."""
        return f"{self.root}/{path}"

    def reach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a connection's database read and write here.

        Raises
        ------
        InputError
            If neither DuckDB nor an installed file system knows the protocol.
        """
        reach(connection, self.root)

    def free(self) -> int:
        """Return the bytes that are left here; elsewhere than on a local disk, any number are."""
        place = Path(self.root)
        if protocol_of(self.root):
            return sys.maxsize
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def make_folder(self, path: str) -> None:
        """Make the folder of a file, where folders are made at all."""
        if not protocol_of(self.root):
            Path(self.url(path)).parent.mkdir(parents=True, exist_ok=True)

    def remove(self, path: str) -> None:
        """Remove a file, and its folder if nothing is left in it; one that is gone is no fault."""
        if not protocol_of(self.root):
            file = Path(self.url(path))
            file.unlink(missing_ok=True)
            if file.parent.is_dir() and not any(file.parent.iterdir()):
                file.parent.rmdir()
            return
        system = _file_system(protocol_of(self.root))
        if system is None:
            raise InputError(
                f"{self.url(path)} cannot be removed from here without fsspec: "
                "run 'pip install fsspec' and what it asks for, and try again"
            )
        if system.exists(self.url(path)):
            system.rm(self.url(path))


def protocol_of(address: str) -> str:
    """Return the protocol of an address, nothing for a local path."""
    name, found, _ = address.partition("://")
    return name.lower() if found else ""


def reach(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    """Let a connection's database read and write at an address, through fsspec if need be.

    Raises
    ------
    InputError
        If neither DuckDB nor an installed file system knows the protocol.
    """
    protocol = protocol_of(address)
    if not protocol or connection.filesystem_is_registered(protocol):
        return
    system = _file_system(protocol)
    if system is not None:
        connection.register_filesystem(system)
    elif protocol not in _BY_DUCKDB:
        raise InputError(
            f"{address} cannot be reached: no file system for '{protocol}://' is installed; "
            "run 'pip install fsspec' and the package for it (s3fs, gcsfs, adlfs), or name a "
            "local folder"
        )


def _file_system(protocol: str) -> Any:
    """Return fsspec's file system for a protocol, None if it is not installed."""
    try:
        import fsspec

        return fsspec.filesystem(protocol)
    except (ImportError, ValueError):
        return None
