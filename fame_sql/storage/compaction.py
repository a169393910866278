"""Compaction: the warehouse's file written anew, without the room that dropped rows left."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fame_sql import sql
from fame_sql.canonical.canonical import default_recipe
from fame_sql.errors import WarehouseError
from fame_sql.models.model import Model
from fame_sql.scoring.live import LiveScorer
from fame_sql.sql.quoting import identifier, literal
from fame_sql.storage.places import Place
from fame_sql.storage.views import partition_place
from fame_sql.udfs import duckdb as functions
from fame_sql.warehouse.connection import STORAGE_VERSION, first_line
from fame_sql.warehouse.disk import check_room
from fame_sql.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class CompactionReport:
    """What compaction did.

    Parameters
    ----------
    bytes_before, bytes_after : int
        Size of the file.
    rows : int
        Rows of all tables, all of them still there.
    dropped_scores : int
        Verdicts of archived models that were dropped, because that was asked for.
    """

    bytes_before: int
    bytes_after: int
    rows: int
    dropped_scores: int


def compact(path: Path, *, drop_superseded: bool = False) -> CompactionReport:
    """Write a warehouse's file anew, as small as it can be.

    Everything in the file is copied, the user's own tables and views as well; the copy takes the
    file's place once it is complete. Nobody else may have the warehouse open.

    Parameters
    ----------
    path : Path
        The warehouse.
    drop_superseded : bool
        Drop the verdicts of archived models; to promote one of them again it must score again.

    Raises
    ------
    WarehouseError
        If another process holds the file, the disk has no room for the copy, or the copy does
        not hold what the file holds.
    """
    dropped = 0
    path = path.resolve()
    with Warehouse.open(path) as warehouse:
        place = partition_place(warehouse)
        if drop_superseded:
            dropped = _drop_superseded(warehouse)
        warehouse.connection.execute("CHECKPOINT")
    before = path.stat().st_size
    check_room(before, shutil.disk_usage(path.absolute().parent).free, path)
    copy = path.with_name(f".{path.name}.compacting")
    copy.unlink(missing_ok=True)
    try:
        rows = _copy_over(path, copy, place)
    finally:
        copy.unlink(missing_ok=True)
        copy.with_name(f"{copy.name}.wal").unlink(missing_ok=True)
    return CompactionReport(before, path.stat().st_size, rows, dropped)


def _drop_superseded(warehouse: Warehouse) -> int:
    rows = warehouse.rows(sql.load("storage/drop_superseded"))
    return int(rows[0][0])


def _copy_over(path: Path, copy: Path, place: Place | None) -> int:
    """Copy every object, compare the rows, and put the copy in the file's place.

    The old file stays locked until that is done, so that nobody writes into it meanwhile.
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
            connection.execute("COPY FROM DATABASE old_file TO new_file")
            before, after = (_counts(connection, name) for name in ("old_file", "new_file"))
            connection.execute("DETACH new_file")
        except duckdb.Error as error:
            raise WarehouseError(
                f"{path} cannot be copied, and is as it was: {first_line(error)}"
            ) from None
        finally:
            functions.release(connection)
        if before != after or path.with_name(f"{path.name}.wal").exists():
            raise WarehouseError(
                f"{path} has changed while it was copied, and is as it was: try again"
            )
        shutil.copymode(path, copy)
        copy.replace(path)
    return sum(after.values())


def _no_model() -> Model:
    """Refuse: views that call live functions are bound while they are copied, and never run."""
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
