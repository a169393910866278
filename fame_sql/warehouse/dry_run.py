"""Say what an upgrade would change, how long it would take and how much disk it would need."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from fame_sql.warehouse.connection import open_file
from fame_sql.warehouse.definitions import are_current, defined_names
from fame_sql.warehouse.estimate import (
    ALTERED_ROWS,
    CHANGED_ROWS,
    COPIED_BYTES,
    copy_seconds,
    rewritten_bytes,
    step_seconds,
)
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.migrations import newest_version, pending_steps, schema_version
from fame_sql.warehouse.upgrade import check_is_warehouse

HOW_ESTIMATED = (
    f"the copy at {COPIED_BYTES / 1e6:.0f} MB per second; ALTER TABLE at {ALTERED_ROWS:,} rows per "
    f"second and other statements at {CHANGED_ROWS:,}, for all rows of the tables that they name"
)
"""Where the seconds of an :class:`UpgradePlan` come from."""


@dataclass(frozen=True)
class UpgradePlan:
    """What an upgrade would do.

    Parameters
    ----------
    path : Path
        The warehouse.
    before, after : int
        The number of its schema, now and afterwards.
    steps : tuple of (int, str)
        Number and name of each step of the schema.
    redefined : tuple of str
        The views and macros that would be defined again.
    seconds : float
        About how long it would take, see :data:`HOW_ESTIMATED`.
    copy_bytes : int
        The size of the copy that would be kept.
    rewritten_bytes : int
        How much the file grows, at most.
    free_bytes : int
        What is free on the disk.
    """

    path: Path
    before: int
    after: int
    steps: tuple[tuple[int, str], ...]
    redefined: tuple[str, ...]
    seconds: float
    copy_bytes: int
    rewritten_bytes: int
    free_bytes: int

    @property
    def fits(self) -> bool:
        """Whether the disk has room."""
        return self.copy_bytes + self.rewritten_bytes <= self.free_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            **asdict(self),
            "path": str(self.path),
            "fits": self.fits,
            "how_estimated": HOW_ESTIMATED,
        }


def plan_upgrade(path: Path, *, keep_copy: bool = True) -> UpgradePlan:
    """Return what :func:`fame_sql.warehouse.upgrade.upgrade` would do; change nothing.

    Raises
    ------
    WarehouseError
        If the warehouse cannot be opened, is none, or has a newer schema.
    """
    connection = open_file(path, read_only=True)
    try:
        check_is_warehouse(connection, path)
        return _plan(connection, path, keep_copy=keep_copy)
    finally:
        connection.close()


def _plan(connection: duckdb.DuckDBPyConnection, path: Path, *, keep_copy: bool) -> UpgradePlan:
    steps = pending_steps(connection, path)
    redefined = defined_names() if steps or not are_current(connection) else []
    # A lake keeps what it was as a snapshot, and writes no file again for a new column.
    is_file = not is_lake(connection)
    copied = path.stat().st_size if steps and keep_copy and is_file else 0
    return UpgradePlan(
        path=path,
        before=schema_version(connection),
        after=newest_version(),
        steps=tuple((step.number, step.name) for step in steps),
        redefined=tuple(redefined),
        seconds=copy_seconds(copied) + (step_seconds(connection, steps) if is_file else 0.0),
        copy_bytes=copied,
        rewritten_bytes=rewritten_bytes(connection, steps) if is_file else 0,
        free_bytes=shutil.disk_usage(path.absolute().parent if is_file else Path()).free,
    )
