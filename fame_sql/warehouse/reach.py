"""What the statements in a warehouse can reach beside its own file.

A warehouse can come from somebody else, and its views and macros run whenever something reads them.
DuckDB lets statements read and write every file of the user, load extensions and send what they
found over the network. The command line therefore opens a warehouse so that its statements reach
its own partitions and nothing else, unless the user asked for more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fame_sql import sql
from fame_sql.sql.quoting import literal, literals
from fame_sql.warehouse.bucket import forget_environment, sign_in

if TYPE_CHECKING:
    import duckdb

BY_DUCKDB = {"s3", "gs", "gcs", "r2", "http", "https", "hf", "az", "azure", "abfss"}
"""Protocols that DuckDB's own extensions reach."""

_AZURE = {"az", "azure", "abfss"}
_DAY = re.compile(r"day=[\w-]+")

_is_limited = False


@contextmanager
def limited_reach() -> Iterator[None]:
    """Open warehouses with access to their own partitions only, while the block runs.

    For a program that is started for one command. In a program that other connections share, a
    limit would be one for them as well.
    """
    global _is_limited
    before, _is_limited = _is_limited, True
    try:
        yield
    finally:
        _is_limited = before


def limit(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the statements of a connection's database from other files, extensions and the network.

    It cannot be taken back while the database is open. Nothing happens outside of
    :func:`limited_reach`.
    """
    if not _is_limited:
        return
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    root, days = _partitions(connection)
    _load_extension(connection, root)
    folders = [f"{root}/{day}/" for day in days] + reach_lake(connection)
    forget_environment(connection)
    connection.execute(f"SET allowed_directories = [{literals(folders)}]")
    connection.execute("SET enable_external_access = false")


def reach_lake(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Load what a lake's files need, and return their place; nothing for a warehouse in a file."""
    data = data_of_lake(connection)
    if data is None:
        return []
    places = [data, *registered_folders(connection)]
    for place in dict.fromkeys(place.partition("day=")[0] for place in places):
        _load_extension(connection, place)
    return places


def registered_folders(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the folders of days outside of the lake's place whose files the lake has taken over.

    A lake can come from somebody else, so nothing but a folder of a day is taken.
    """
    from fame_sql.warehouse import settings

    if not connection.execute(sql.load("warehouse/lake/has_schema")).fetchall()[0][0]:
        return []
    found = json.loads(settings.read(connection, settings.REGISTERED_FOLDERS) or "[]")
    parts = [str(folder).rpartition("/") for folder in found if "/../" not in str(folder)]
    return [f"{root}/{day}/" for root, _, day in parts if _DAY.fullmatch(day) and _is_whole(root)]


def _is_whole(root: str) -> bool:
    return Path(root).is_absolute() or "://" in root


def data_of_lake(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the folder or bucket of a lake's Parquet files; None for a warehouse in a file."""
    name = connection.execute(sql.load("warehouse/lake/name")).fetchall()
    if not name:
        return None
    statement = sql.load("warehouse/lake/data_path")
    return str(connection.execute(statement, {"name": name[0][0]}).fetchall()[0][0])


def _partitions(connection: duckdb.DuckDBPyConnection) -> tuple[str, list[str]]:
    """Return the place of the partitions and the folders in it, one for each day."""
    from fame_sql.warehouse import settings

    found = {
        row[0] for row in connection.execute(sql.load("warehouse/partition_tables")).fetchall()
    }
    if found != {"settings", "partitions"}:
        return "", []
    root = settings.read(connection, settings.PARTITION_PLACE)
    paths = connection.execute("SELECT DISTINCT split_part(path, '/', 1) FROM fame.partitions")
    days = sorted(day for (day,) in paths.fetchall() if _DAY.fullmatch(day))
    return (root, days) if root and _is_whole(root) else ("", [])


def _load_extension(connection: duckdb.DuckDBPyConnection, root: str) -> None:
    """Load what DuckDB needs for the partitions of this warehouse: later it could not."""
    import duckdb

    protocol = root.partition("://")[0] if "://" in root else ""
    if protocol not in BY_DUCKDB:
        return
    extension = "azure" if protocol in _AZURE else "httpfs"
    try:
        connection.execute(f"LOAD {literal(extension)}")
        sign_in(connection, root)
    except duckdb.Error:
        return  # Reading the partitions says what is missing.
