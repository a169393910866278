"""Bring a warehouse of an older fame-sql up to date, and keep a copy to go back to.

Opening a warehouse for writing upgrades it, so that scripts and dbt go on after a new version is
installed. New views and macros are simply defined. Steps of the schema change tables, which an
older fame-sql may not read any more: before those the file is copied, and a warning of the logger
``fame_sql`` (stderr, where logging is not configured) says where the copy is. Refusing instead
would stop every pipeline at each new schema for a change that the copy makes safe; upgrading
without a copy would leave no way back. ``fame upgrade`` does the same on request, and can leave
out the copy.

All changes are one transaction of DuckDB, so that a process that is killed leaves the warehouse as
it was before or as it is after. The copy gets its name when the transaction is about to be
committed: an upgrade that fails again and again does not fill the disk with copies.

A lake keeps what it was as a snapshot, and no copy is made. The first of the processes that open it
upgrades it.
"""

from __future__ import annotations

import logging
import shlex
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fame_sql.console import printable
from fame_sql.errors import ConflictError, WarehouseError
from fame_sql.warehouse.backup import copy_file, free_name, unfinished_name
from fame_sql.warehouse.connection import checkpointed_transaction, first_line, open_file
from fame_sql.warehouse.definitions import are_current, define
from fame_sql.warehouse.disk import check_room
from fame_sql.warehouse.estimate import rewritten_bytes
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.lake.statistics import give_statistics
from fame_sql.warehouse.migrations import SchemaStep, apply_steps, pending_steps, schema_version

_log = logging.getLogger(__name__)

_CONFLICTS = 5
"""How often an upgrade of a lake begins again after another process was first."""


@dataclass(frozen=True)
class UpgradeReport:
    """What an upgrade did.

    Parameters
    ----------
    path : Path
        The warehouse.
    before, after : int
        The number of its schema; equal if only views and macros were defined.
    changed : bool
        False if the warehouse was up to date.
    copy : Path or None
        The file as it was before, if it was kept; none of a lake.
    seconds : float
        How long it took.
    """

    path: Path
    before: int
    after: int
    changed: bool
    copy: Path | None
    seconds: float

    @property
    def go_back(self) -> str | None:
        """The command that puts the copy back, None without one."""
        return None if self.copy is None else shlex.join(["mv", str(self.copy), str(self.path)])


def upgrade(path: Path, *, keep_copy: bool = True) -> UpgradeReport:
    """Bring a warehouse up to date.

    Parameters
    ----------
    path : Path
        The DuckDB file.
    keep_copy : bool
        Keep the file as it was, if its schema changes.

    Raises
    ------
    WarehouseError
        If it cannot be opened, is no warehouse, has a newer schema, or the disk has no room.
    """
    connection = open_file(path)
    try:
        check_is_warehouse(connection, path)
        return bring_up_to_date(connection, path, keep_copy=keep_copy)
    finally:
        connection.close()


def migrate(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool = False) -> None:
    """Bring a warehouse that is being opened up to date, and announce the copy kept.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The open warehouse, outside a transaction.
    path : Path
        Its file.
    read_only : bool
        Whether the connection is; then older views are used as they are.

    Raises
    ------
    WarehouseError
        If the schema is newer than this fame-sql, or is older and the connection is read-only.
    """
    if read_only:
        if pending_steps(connection, path):
            check_is_warehouse(connection, path)
            raise WarehouseError(
                f"{path} was made by another version of fame-sql: run "
                f"'fame upgrade --warehouse {shlex.quote(str(path))}' once to bring it up to date"
            )
        return
    report = bring_up_to_date(connection, path)
    if report.copy is not None:
        _log.warning("%s", printable(notice(report)))


def notice(report: UpgradeReport) -> str:
    """Return a sentence on what was upgraded, where the copy is, and how to go back."""
    done = f"{report.path} was upgraded from schema {report.before} to {report.after}"
    if report.copy is None:
        return f"{done}; no copy was kept"
    return (
        f"{done}; it is kept as it was in {report.copy}; to go back, close the warehouse and run: "
        f"{report.go_back}"
    )


def check_is_warehouse(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a database without the schema of a warehouse.

    Raises
    ------
    WarehouseError
        If there is nothing to upgrade.
    """
    if schema_version(connection) == 0:
        raise WarehouseError(
            f"{path} holds no warehouse, so that there is nothing to upgrade: run "
            f"'fame ingest LOGFILE --warehouse {path}' to make one in it"
        )


def bring_up_to_date(
    connection: duckdb.DuckDBPyConnection, path: Path, *, keep_copy: bool = True
) -> UpgradeReport:
    """Apply the steps that a warehouse lacks and define its views and macros, or do nothing.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The warehouse, open for writing and outside a transaction.
    path : Path
        Its file.
    keep_copy : bool
        Keep the file as it was, if it is a warehouse and its schema changes; there is no copy of a
        lake, whose file only names it.

    Raises
    ------
    WarehouseError
        If the schema is newer, the disk has no room, or a step fails; then nothing has changed.
    """
    if not is_lake(connection):
        return _brought_up_to_date(connection, path, keep_copy=keep_copy)
    for _ in range(_CONFLICTS):
        # Then another process was first, and there can be nothing left to do.
        with suppress(ConflictError):
            return _brought_up_to_date(connection, path, keep_copy=False)
    return _brought_up_to_date(connection, path, keep_copy=False)


def _brought_up_to_date(
    connection: duckdb.DuckDBPyConnection, path: Path, *, keep_copy: bool
) -> UpgradeReport:
    begun = time.monotonic()
    before = schema_version(connection)
    steps = pending_steps(connection, path)
    if not steps and are_current(connection):
        return UpgradeReport(path, before, before, False, None, 0.0)
    copy = None
    if steps and before and not is_lake(connection):
        _check_disk(connection, path, steps, keep_copy=keep_copy)
        copy = free_name(path, steps[-1].number) if keep_copy else None
    _change(connection, path, steps, copy)
    after = schema_version(connection)
    return UpgradeReport(path, before, after, True, copy, time.monotonic() - begun)


def _change(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    steps: Sequence[SchemaStep],
    copy: Path | None,
) -> None:
    """Make all changes in one transaction, after the copy is complete."""
    unfinished = unfinished_name(path)
    if copy is not None:
        copy_file(connection, path, unfinished)
    try:
        with checkpointed_transaction(connection):
            if steps:
                _check_is_first(connection, steps)
                apply_steps(connection, steps)
            define(connection)
            if is_lake(connection):
                give_statistics(connection)
            if copy is not None:
                unfinished.replace(copy)
    except duckdb.Error as error:
        aim = "upgraded" if schema_version(connection) else "made a warehouse"
        raise WarehouseError(
            f"{path} cannot be {aim}, and is as it was: {first_line(error)}"
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _check_is_first(connection: duckdb.DuckDBPyConnection, steps: Sequence[SchemaStep]) -> None:
    if schema_version(connection) >= steps[0].number:
        raise ConflictError("another process has upgraded the lake: run the command again")


def _check_disk(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    steps: Sequence[SchemaStep],
    *,
    keep_copy: bool,
) -> None:
    needed = rewritten_bytes(connection, steps) + (path.stat().st_size if keep_copy else 0)
    without = f"run 'fame upgrade --no-backup --warehouse {path}' to keep no copy"
    advice = f"free some room, or {without}" if keep_copy else "free some room and try again"
    check_room(needed, shutil.disk_usage(path.absolute().parent).free, path, advice=advice)
