"""Compaction: rewrite the warehouse's file without the space of deleted rows."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fame_sql import sql
from fame_sql.canonical.canonical import default_recipe
from fame_sql.console import PART, Progress, SilentProgress, watched
from fame_sql.errors import WarehouseError
from fame_sql.events.rows import gather
from fame_sql.files import bytes_in
from fame_sql.models.model import Model
from fame_sql.scoring.live import LiveScorer
from fame_sql.sql.quoting import identifier, literal
from fame_sql.storage.places import Place
from fame_sql.storage.views import partition_place
from fame_sql.udfs import duckdb as functions
from fame_sql.warehouse.connection import STORAGE_VERSION, first_line
from fame_sql.warehouse.disk import check_room, filled_bytes
from fame_sql.warehouse.lake.files import count_files, merge_files
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.reach import limit
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class CompactionReport:
    """What compaction did.

    Parameters
    ----------
    bytes_before, bytes_after : int
        Size of the file.
    rows : int
        Rows of all tables, which are the same before and after.
    dropped_scores : int
        Verdicts of archived models that were dropped on request.
    """

    bytes_before: int
    bytes_after: int
    rows: int
    dropped_scores: int


@dataclass(frozen=True)
class LakeCompaction:
    """What a compaction of a lake did, by its newest snapshot.

    Parameters
    ----------
    files_before, files_after : int
        Parquet files.
    bytes_before, bytes_after : int
        Their size.
    dropped_scores : int
        Verdicts of archived models that were dropped on request.
    """

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    dropped_scores: int


def compact_lake(
    warehouse: Warehouse, *, drop_superseded: bool = False, progress: Progress | None = None
) -> LakeCompaction:
    """Merge the small files of a lake, and leave one row for each event.

    Others can read and load meanwhile. Nothing that a snapshot shows is lost.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse in a lake, open for writing.
    drop_superseded : bool
        Drop the verdicts of archived models.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    ConflictError
        If others added events at each moment when the rows of events were gathered.
    """
    connection = warehouse.connection
    before = count_files(connection)
    with (progress or SilentProgress()).step("merging files", 3 * PART) as step:
        with warehouse.transaction():
            dropped = _drop_superseded(warehouse) if drop_superseded else 0
            with statement_progress(connection, step):
                gather(connection)
            with statement_progress(connection, step):
                connection.execute(sql.load("templates/recount"))
        with statement_progress(connection, step):
            merge_files(connection)
    after = count_files(connection)
    return LakeCompaction(before.files, after.files, before.bytes, after.bytes, dropped)


def compact(
    path: Path, *, drop_superseded: bool = False, progress: Progress | None = None
) -> CompactionReport:
    """Rewrite a warehouse's file, as small as possible.

    Everything in the file is copied, including the user's own tables and views. The copy replaces
    the file once it is complete. No other process may have the warehouse open.

    Parameters
    ----------
    path : Path
        The warehouse.
    drop_superseded : bool
        Drop the verdicts of archived models; if one is promoted again, it has to score again.
    progress : Progress, optional
        Where to report how far it is.

    Raises
    ------
    WarehouseError
        If another process has the file open, the disk has no room for the copy, or the copy is
        not complete.
    """
    dropped = 0
    path = path.resolve()
    with Warehouse.open(path) as warehouse:
        place = partition_place(warehouse)
        if drop_superseded:
            dropped = _drop_superseded(warehouse)
        warehouse.connection.execute("CHECKPOINT")
        filled = filled_bytes(warehouse.connection)
    before = path.stat().st_size
    check_room(before, shutil.disk_usage(path.absolute().parent).free, path)
    copy = path.with_name(f".{path.name}.compacting")
    copy.unlink(missing_ok=True)
    try:
        with (
            (progress or SilentProgress()).step("copying the warehouse", filled) as step,
            watched(step, filled, lambda: bytes_in(copy) / filled),
        ):
            rows = _copy_over(path, copy, place)
    finally:
        copy.unlink(missing_ok=True)
        copy.with_name(f"{copy.name}.wal").unlink(missing_ok=True)
    return CompactionReport(before, path.stat().st_size, rows, dropped)


def _drop_superseded(warehouse: Warehouse) -> int:
    rows = warehouse.rows(sql.load("storage/drop_superseded"))
    return int(rows[0][0])


def _copy_over(path: Path, copy: Path, place: Place | None) -> int:
    """Copy every object, compare the row counts, and replace the file with the copy.

    The old file stays locked until then, so that no other process writes to it.
    """
    with duckdb.connect() as connection:
        functions.register(connection, LiveScorer(default_recipe(), _no_model))
        if place is not None:
            place.reach(connection)
        try:
            connection.execute(f"ATTACH {literal(path)} AS old_file (READ_ONLY)")
            connection.execute(
                f"ATTACH {literal(copy)} AS new_file (STORAGE_VERSION '{STORAGE_VERSION}')"
            )
            # The copy binds every view again, and a view may name anything.
            connection.execute("USE old_file")
            limit(connection)
            connection.execute("USE memory")
            connection.execute("COPY FROM DATABASE old_file TO new_file")
            before, after = (_counts(connection, name) for name in ("old_file", "new_file"))
            connection.execute("DETACH new_file")
        except duckdb.Error as error:
            raise WarehouseError(
                f"{path} cannot be copied and was not changed: {first_line(error)}"
            ) from None
        finally:
            functions.release(connection)
        if before != after or path.with_name(f"{path.name}.wal").exists():
            raise WarehouseError(
                f"{path} changed while it was copied, so it was not replaced: try again"
            )
        shutil.copymode(path, copy)
        copy.replace(path)
    return sum(after.values())


def _no_model() -> Model:
    """Raise an error: views that call live functions are bound by the copy, but never run."""
    raise WarehouseError("no message is scored while a warehouse is compacted")


def _counts(connection: duckdb.DuckDBPyConnection, database: str) -> dict[tuple[str, str], int]:
    tables = connection.execute(sql.load("storage/tables"), {"database": database}).fetchall()
    return {
        (schema, table): int(
            connection.execute(
                f"SELECT count(*) FROM {database}.{identifier(schema)}.{identifier(table)}"
            ).fetchall()[0][0]
        )
        for schema, table in tables
    }
