"""A warehouse that dbt attaches beside the database in which it builds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from fame_sql.sql.quoting import identifier
from fame_sql.warehouse.lake.address import PREFIX, file_for, is_lake_path
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.lake.opening import load_for_files
from fame_sql.warehouse.migrations import schema_version
from fame_sql.warehouse.upgrade import migrate
from fame_sql.warehouse.warehouse import Warehouse


class _Within:
    """A connection in an attached database, and so are its cursors, which inherit no ``USE``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self._name = name
        self._own = connection.cursor()
        self._own.execute(f"USE {identifier(name)}")

    def cursor(self) -> _Within:
        return _Within(self._own, self._name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


def attached_warehouse(
    connection: duckdb.DuckDBPyConnection, attach: Any
) -> tuple[Warehouse, str] | None:
    """Return the first warehouse of dbt's list ``attach`` and its address, None without one.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The connection that dbt has attached them to.
    attach : list of dbt.adapters.duckdb.credentials.Attachment or None
        What the profile lists.

    Raises
    ------
    WarehouseError
        If another version of fame-sql made it.
    """
    for name, path in _attachments(connection, attach or []):
        within: Any = _Within(connection, name)
        if schema_version(within):
            if is_lake(within):
                load_for_files(within)
            migrate(within, Path(path), read_only=True)
            return Warehouse(own_file(path), within), path
    return None


def own_file(address: str) -> Path:
    """Return the file beside which the models of a warehouse lie."""
    if is_lake_path(address):
        return file_for(address.removeprefix(PREFIX))
    return Path(address)


def _attachments(connection: duckdb.DuckDBPyConnection, attach: Any) -> Iterator[tuple[str, str]]:
    """Yield name and path of what is attached; dbt attaches after its plugins have begun."""
    known = {
        row[0]
        for row in connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()
    }
    for each in attach:
        name = each.alias or Path(each.path).stem
        if name in known:
            yield name, each.path
