"""Turn a warehouse in a file into one in a lake; files of partitions stay where they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template

import duckdb

from fame_sql import models, sql
from fame_sql.errors import WarehouseError
from fame_sql.models.lake_files import store_files
from fame_sql.sql.quoting import identifier, literal, literals
from fame_sql.storage.views import partition_place
from fame_sql.warehouse import settings
from fame_sql.warehouse.connection import first_line
from fame_sql.warehouse.definitions import define
from fame_sql.warehouse.lake.numbers import count_on
from fame_sql.warehouse.lake.tables import ROWS
from fame_sql.warehouse.migrations import newest_version
from fame_sql.warehouse.warehouse import Warehouse

_NOT_COPIED = {"schema_versions", "partitions"}


@dataclass(frozen=True)
class IntoLake:
    """What is in the lake now.

    Parameters
    ----------
    lines : int
        Log lines, those of the registered files included.
    events : int
        Events.
    files : int
        Files of partitions that were registered where they are.
    models : int
        Models.
    """

    lines: int
    events: int
    files: int
    models: int


def copy_into_lake(path: Path, lake: Warehouse) -> IntoLake:
    """Copy a warehouse into an empty lake, and register the files of its partitions there.

    All is one transaction. Numbers of lines and events stay. The file is not changed; its
    partitions belong to the lake from then on, which removes them when their lines expire.

    Parameters
    ----------
    path : Path
        The warehouse in a file.
    lake : Warehouse
        A lake in which nothing was stored yet, open for writing.

    Raises
    ------
    WarehouseError
        If the lake is not empty, or something of the warehouse cannot be copied.
    """
    if lake.value("SELECT count(*) FROM fame.ingests"):
        raise WarehouseError(f"{lake.path} holds lines already: name a new lake")
    with Warehouse.open(path, external_access=True) as whole:
        files, published = _partition_files(whole), models.models(whole)
    connection = lake.connection
    connection.execute(f"ATTACH {literal(path)} AS __fame_whole (READ_ONLY)")
    try:
        with lake.transaction():
            _copy_tables(connection)
            _register(connection, files)
            _remember(connection, files)
            for record in published:
                store_files(lake, record.folder)
            define(connection)
    except duckdb.Error as error:
        raise WarehouseError(
            f"{path} cannot be copied into the lake, which is empty as before: {first_line(error)}"
        ) from None
    finally:
        connection.execute("DETACH __fame_whole")
    [numbers] = lake.rows(sql.load("storage/lake/last_numbers"))
    count_on(connection, *numbers)
    lines, events = (lake.value(f"SELECT count(*) FROM {name}") for name in ("logs", "events"))
    return IntoLake(lines, events, len(files), len(published))


def _remember(connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    """Store where the files lie, which are not below the place of the lake's data."""
    if files:
        folders = sorted({file.rpartition("/")[0] for file in files})
        settings.write(connection, settings.REGISTERED_FOLDERS, json.dumps(folders))


def _partition_files(whole: Warehouse) -> list[str]:
    place = partition_place(whole)
    paths = whole.rows(sql.load("storage/stored_paths"))
    return [] if place is None else [place.url(path) for (path,) in paths]


def _copy_tables(connection: duckdb.DuckDBPyConnection) -> None:
    [(version,)] = connection.execute(
        "SELECT max(version) FROM __fame_whole.fame.schema_versions"
    ).fetchall()
    if version != newest_version():
        raise WarehouseError(f"the warehouse has schema {version}: run 'fame upgrade' first")
    for (table,) in connection.execute(sql.load("storage/lake/tables")).fetchall():
        if table not in _NOT_COPIED:
            name = identifier(ROWS.get(table, table))
            connection.execute(f"DELETE FROM fame.{name}")
            connection.execute(
                f"INSERT INTO fame.{name} BY NAME FROM __fame_whole.fame.{identifier(table)}"
            )
    connection.execute(sql.load("storage/lake/settings"))


def _register(connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    if not files:
        return
    [(lake,)] = connection.execute(sql.load("warehouse/lake/name")).fetchall()
    for file in files:
        connection.execute(
            f"CALL ducklake_add_data_files({literal(lake)}, 'logs', {literal(file)}, "
            "schema => 'fame', hive_partitioning => false)"
        )
    past = Template(sql.load("storage/lake/past_lines"))
    connection.execute(past.substitute(files=literals(files)))
