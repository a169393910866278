"""Places of partitions: a local folder, or any file system that fsspec or DuckDB can use."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from fame_sql.errors import InputError, WarehouseError
from fame_sql.warehouse.reach import BY_DUCKDB

_PARTITION = re.compile(r"day=[\w-]+/[\w-]+\.parquet")


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
        """Return the place that a user gave; a local one as an absolute path."""
        root = given.rstrip("/") or "/"
        return cls(root if protocol_of(root) else str(Path(root).expanduser().absolute()))

    def url(self, path: str) -> str:
        """Return the address of a file below this place."""
        return f"{self.root}/{path}"

    def reach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a connection's database read and write at this place.

        Raises
        ------
        InputError
            If neither DuckDB nor an installed file system knows the protocol.
        """
        reach(connection, self.root)

    def free(self) -> int:
        """Return the free bytes of a local disk; unlimited for any other file system."""
        place = Path(self.root)
        if protocol_of(self.root):
            return sys.maxsize
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def missing(self, paths: Iterable[str]) -> list[str]:
        """Return the files that a local place does not have; of any other none is looked for."""
        if protocol_of(self.root):
            return []
        return [path for path in paths if not Path(self.url(path)).is_file()]

    def make_folder(self, path: str) -> None:
        """Make the folder of a file, if the place is local."""
        if not protocol_of(self.root):
            self._local(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _local(self, path: str) -> Path:
        """Return a file below this place, which is about to be written or removed.

        The path can come from a warehouse that somebody else made, and a link in the folder from
        anybody who may write there.

        Raises
        ------
        WarehouseError
            If the path is not that of a partition, or leads out of the place.
        """
        file = Path(self.url(_checked(path)))
        if file.is_symlink() or file.parent.is_symlink():
            raise WarehouseError(
                f"{file} or its folder is a link: nothing is written or removed through it; "
                "replace it with the file or folder itself"
            )
        return file

    def remove(self, path: str) -> None:
        """Remove a file if it exists, and its folder if it is then empty."""
        if not protocol_of(self.root):
            file = self._local(path)
            file.unlink(missing_ok=True)
            if file.parent.is_dir() and not any(file.parent.iterdir()):
                file.parent.rmdir()
            return
        system = _file_system(protocol_of(self.root))
        if system is None:
            raise InputError(
                f"{self.url(path)} cannot be removed without fsspec: run 'pip install fsspec' and "
                "the package for this protocol (s3fs, gcsfs, adlfs), and try again"
            )
        if system.exists(self.url(_checked(path))):
            system.rm(self.url(path))


def _checked(path: str) -> str:
    """Return the path of a partition; refuse any other."""
    if not _PARTITION.fullmatch(path):
        raise WarehouseError(
            f"{path[:200]!r} is no name of a partition: nothing is written or removed there"
        )
    return path


def protocol_of(address: str) -> str:
    """Return the protocol of an address; empty for a local path."""
    name, found, _ = address.partition("://")
    return name.lower() if found else ""


def reach(connection: duckdb.DuckDBPyConnection, address: str) -> None:
    """Let a connection's database read and write at an address, through fsspec if it is installed.

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
    elif protocol not in BY_DUCKDB:
        raise InputError(
            f"{address} cannot be reached: no file system for '{protocol}://' is installed; "
            "run 'pip install fsspec' and the package for this protocol (s3fs, gcsfs, adlfs), or "
            "give a local folder"
        )


def _file_system(protocol: str) -> Any:
    """Return fsspec's file system for a protocol; None if it is not installed."""
    try:
        import fsspec

        return fsspec.filesystem(protocol)
    except (ImportError, ValueError, TypeError, OSError):
        return None
