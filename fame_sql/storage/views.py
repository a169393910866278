"""Where partitions lie, and the views over their files and the lines in the warehouse."""

from __future__ import annotations

import contextlib
from string import Template

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.sql.quoting import literals
from fame_sql.storage.places import Place, reach
from fame_sql.verdict import statements
from fame_sql.warehouse import settings
from fame_sql.warehouse.definitions import publish
from fame_sql.warehouse.warehouse import Warehouse

_VIEWS = ("all_logs", "all_scored_logs")


def partition_place(warehouse: Warehouse) -> Place | None:
    """Return where the warehouse's partitions lie, None if it has none."""
    root = settings.read(warehouse.connection, settings.PARTITION_PLACE)
    return None if root is None else Place(root)


def reach_partitions(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a warehouse's connection read its partitions, if there is a way to them."""
    root = settings.read(connection, settings.PARTITION_PLACE)
    if root is not None:
        with contextlib.suppress(InputError):
            reach(connection, root)


def ready_place(warehouse: Warehouse, place: str | None) -> Place:
    """Return the place of partitions, keeping it the first time that it is named.

    Raises
    ------
    InputError
        If none is named and none is known, or another one is known.
    """
    kept = partition_place(warehouse)
    target = kept if place is None else Place.of(place)
    if target is None:
        raise InputError(
            "no place for partitions is known yet: name a folder or an address with --place"
        )
    if kept is not None and kept != target:
        raise InputError(
            f"partitions lie at {kept.root}, not at {target.root}: leave --place out, or move the "
            f"files and run 'fame partition place {target.root}'"
        )
    target.reach(warehouse.connection)
    if kept is None:
        _keep_place(warehouse, target)
    return target


def set_place(warehouse: Warehouse, place: str) -> Place:
    """Say where partitions lie from now on, after their files have been moved there.

    Raises
    ------
    InputError
        If a file that the warehouse lists is not there.
    """
    target = Place.of(place)
    target.reach(warehouse.connection)
    for (path,) in warehouse.rows(sql.load("storage/stored_paths")):
        if not warehouse.rows("SELECT file FROM glob(?)", [target.url(path)]):
            raise InputError(
                f"{target.url(path)} is not there: move the files first, then try again"
            )
    with warehouse.transaction():
        _keep_place(warehouse, target)
        define_views(warehouse)
    return target


def define_views(warehouse: Warehouse) -> None:
    """Make ``all_logs`` and ``all_scored_logs`` of the files that there are now."""
    place = partition_place(warehouse)
    paths = [row[0] for row in warehouse.rows(sql.load("storage/stored_paths"))]
    columns = ", ".join(_columns(warehouse))
    files = literals([place.url(path) for path in paths]) if place else ""
    view = Template(sql.load("storage/all_logs"))
    partitions = Template(sql.load("storage/read_partitions")) if files else Template("")
    of_files = partitions.substitute(columns=columns, files=files)
    warehouse.connection.execute(view.substitute(columns=columns, partitions=of_files))
    warehouse.connection.execute(statements.load("storage/all_scored_logs"))
    publish(warehouse.connection, _VIEWS)


def _keep_place(warehouse: Warehouse, place: Place) -> None:
    settings.write(warehouse.connection, settings.PARTITION_PLACE, place.root)


def _columns(warehouse: Warehouse) -> list[str]:
    return [row[0] for row in warehouse.rows(sql.load("storage/log_columns"))]
