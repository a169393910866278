"""The warehouse: a DuckDB file whose schema ``fame`` holds logs, events, models and verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from fame_sql.canonical.canonical import Recipe
from fame_sql.warehouse.connection import models_of, open_file, transaction, utc_now
from fame_sql.warehouse.lake.address import is_lake_path, named_lake
from fame_sql.warehouse.lake.refusals import let_go
from fame_sql.warehouse.recipe import read_recipe
from fame_sql.warehouse.upgrade import migrate

__all__ = ["Warehouse", "read_recipe", "transaction", "utc_now"]


@dataclass(frozen=True)
class Warehouse:
    """An open warehouse.

    Parameters
    ----------
    path : Path
        The DuckDB file.
    connection : duckdb.DuckDBPyConnection
        Its connection; closed by :meth:`close` or by leaving a ``with`` block.
    """

    path: Path
    connection: duckdb.DuckDBPyConnection

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        create: bool = False,
        read_only: bool = False,
        external_access: bool = False,
    ) -> Warehouse:
        """Open a warehouse, and bring an older one up to date if it may be written.

        A copy is kept where the schema changes, see :mod:`fame_sql.warehouse.upgrade`.

        Parameters
        ----------
        path : Path or str
            The DuckDB file.
        create : bool
            Create the warehouse if it does not exist.
        read_only : bool
            Change nothing; several processes can read at once.
        external_access : bool
            Let statements reach other files and the network also on the command line, see
            :mod:`fame_sql.warehouse.reach`.

        Raises
        ------
        WarehouseError
            If there is no warehouse, another process holds it, the file is not a DuckDB file, or
            a newer fame-sql made it.
        """
        path = Path(path)
        connection = open_file(
            path, create=create, read_only=read_only, external_access=external_access
        )
        try:
            migrate(connection, path, read_only=read_only)
        except BaseException:
            connection.close()
            raise
        return cls(_own_file(path), connection)

    @property
    def models_folder(self) -> Path:
        """The folder of the trained models, beside the file."""
        return models_of(self.path)

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        let_go(self.connection)
        self.connection.close()

    def rows(self, statement: str, parameters: object = None) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows."""
        return self.connection.execute(statement, parameters).fetchall()

    def records(self, statement: str, parameters: object = None) -> list[dict[str, Any]]:
        """Run a statement and return its rows as dictionaries by column name."""
        cursor = self.connection.execute(statement, parameters)
        columns = [column[0] for column in cursor.description or []]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def value(self, statement: str, parameters: object = None) -> Any:
        """Run a statement and return the first column of its first row, or None."""
        rows = self.rows(statement, parameters)
        return rows[0][0] if rows else None

    def with_table(
        self, name: str, table: pa.Table, statement: str, parameters: object = None
    ) -> None:
        """Run a statement that reads the Arrow table under ``name``."""
        self.connection.register(name, table)
        try:
            self.connection.execute(statement, parameters)
        finally:
            self.connection.unregister(name)

    @contextmanager
    def transaction(self, *, appends: bool = False) -> Iterator[None]:
        """Commit everything that the block does, or nothing of it, see :func:`transaction`."""
        with transaction(self.connection, appends=appends):
            yield

    def recipe(self) -> Recipe:
        """Return the canonical recipe of this warehouse."""
        return read_recipe(self.connection)


def _own_file(path: Path) -> Path:
    """Return the file of a warehouse, beside which its models lie."""
    if not is_lake_path(path):
        return path
    file, _ = named_lake(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
