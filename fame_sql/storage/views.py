"""The place of a warehouse's partitions, and the views over their files and its own lines."""

from __future__ import annotations

import contextlib
from string import Template

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.sql.quoting import literals
from fame_sql.storage.places import Place, reach
from fame_sql.warehouse import settings
from fame_sql.warehouse.definitions import (
    define_over_partitions,
    has_partitions,
    over_partitions_are_current,
)
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.severities import number_sql
from fame_sql.warehouse.warehouse import Warehouse


def partition_place(warehouse: Warehouse) -> Place | None:
    """Return the place of the warehouse's partitions; None if it has none."""
    root = settings.read(warehouse.connection, settings.PARTITION_PLACE)
    return None if root is None else Place(root)


def reach_partitions(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a warehouse's connection read its partitions, if their file system is available."""
    root = settings.read(connection, settings.PARTITION_PLACE)
    if root is not None:
        with contextlib.suppress(InputError):
            reach(connection, root)


def prepare_place(warehouse: Warehouse, place: str | None) -> Place:
    """Return the place of partitions, and store it the first time.

    Raises
    ------
    InputError
        If none is given and none is stored, a different one is stored, or it is a lake.
    """
    if is_lake(warehouse.connection):
        raise InputError(
            "a lake keeps its lines in Parquet files by itself: 'fame compact' merges small ones, "
            "'fame expire' drops old days, and 'fame ingest FILE.parquet' reads files of others"
        )
    kept = partition_place(warehouse)
    target = kept if place is None else Place.of(place)
    if target is None:
        raise InputError(
            "the warehouse has no place for partitions yet: give a folder or an address with "
            "--place"
        )
    if kept is not None and kept != target:
        raise InputError(
            f"the partitions are at {kept.root}, not at {target.root}: omit --place, or move the "
            f"files and run 'fame partition place {target.root}'"
        )
    target.reach(warehouse.connection)
    if kept is None:
        _store_place(warehouse, target)
    return target


def set_place(warehouse: Warehouse, place: str) -> Place:
    """Change the place of partitions, after their files were moved there.

    Raises
    ------
    InputError
        If a file that the warehouse lists does not exist there.
    """
    target = Place.of(place)
    target.reach(warehouse.connection)
    for (path,) in warehouse.rows(sql.load("storage/stored_paths")):
        if not warehouse.rows("SELECT file FROM glob(?)", [target.url(path)]):
            raise InputError(
                f"{target.url(path)} does not exist: move the files first, then try again"
            )
    with warehouse.transaction():
        _store_place(warehouse, target)
        define_views(warehouse)
    return target


def define_views(warehouse: Warehouse) -> None:
    """Define ``all_logs`` over the current files, and the views and macros that read it."""
    place = partition_place(warehouse)
    paths = [row[0] for row in warehouse.rows(sql.load("storage/stored_paths"))]
    columns = _columns(warehouse)
    all_logs = Template(sql.load("storage/all_logs")).substitute(
        columns=", ".join(columns),
        partitions=_union(columns, place, paths) if place and paths else "",
    )
    define_over_partitions(warehouse.connection, all_logs)


def renew_views(warehouse: Warehouse) -> None:
    """Define the views over partitions again if another version of fame-sql has defined them."""
    connection = warehouse.connection
    if has_partitions(connection) and not over_partitions_are_current(connection):
        with warehouse.transaction():
            define_views(warehouse)


def _union(columns: list[str], place: Place, paths: list[str]) -> str:
    """Return SQL for the lines of partition files.

    Files of older versions have no severity numbers; they are derived from the level word.
    """
    filled = f"coalesce(severity_number, {number_sql('severity_text')}) AS severity_number"
    return Template(sql.load("storage/read_partitions")).substitute(
        columns=", ".join(filled if name == "severity_number" else name for name in columns),
        files=literals([place.url(path) for path in paths]),
    )


def _store_place(warehouse: Warehouse, place: Place) -> None:
    settings.write(warehouse.connection, settings.PARTITION_PLACE, place.root)


def _columns(warehouse: Warehouse) -> list[str]:
    return [row[0] for row in warehouse.rows(sql.load("storage/log_columns"))]
