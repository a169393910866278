"""The warehouse: a DuckDB file whose schema ``fame`` holds logs, events, models and verdicts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

import duckdb
import pyarrow as pa

from fame_sql import sql
from fame_sql.canonical.canonical import Mask, Recipe, default_recipe
from fame_sql.errors import WarehouseError

# What 2.0 writes by default cannot be read by 1.5; this is read and written by both.
STORAGE_VERSION = "v1.2.0"

# Shown to everyone who opens the file, fame-sql or not: views of the schema fame.
PUBLIC_VIEWS = (
    "logs",
    "events",
    "templates",
    "scored_logs",
    "anomalies",
    "unmatched",
    "label_queue",
)


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
    def open(cls, path: Path | str, *, create: bool = False, read_only: bool = False) -> Warehouse:
        """Open a warehouse, bringing an older schema up to date.

        Parameters
        ----------
        path : Path or str
            The DuckDB file.
        create : bool
            Make the warehouse where there is none.
        read_only : bool
            Change nothing; several processes can read at once.

        Raises
        ------
        WarehouseError
            If there is no warehouse, another process holds it, the file is not DuckDB's, or a
            newer fame-sql made it.
        """
        path = Path(path)
        _check_path(path, create=create)
        if not path.exists():
            _create_file(path)
        connection = _connect(path, read_only=read_only)
        try:
            migrate(connection, path, read_only=read_only)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection)

    @property
    def models_folder(self) -> Path:
        """The folder beside the file in which trained models lie."""
        return self.path.with_name(f"{self.path.stem}.models")

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
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
    def transaction(self) -> Iterator[None]:
        """Commit what the block does, or none of it."""
        with transaction(self.connection):
            yield

    def recipe(self) -> Recipe:
        """Return the canonical recipe of this warehouse."""
        return read_recipe(self.connection)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block does on ``connection``, or none of it."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def utc_now() -> datetime:
    """Return the time now in UTC, without a zone, as the warehouse keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def read_recipe(connection: duckdb.DuckDBPyConnection) -> Recipe:
    """Return the canonical recipe stored in the warehouse that ``connection`` reads."""
    masks = connection.execute(
        "SELECT name, pattern, placeholder FROM fame.masks ORDER BY ordinal"
    ).fetchall()
    return Recipe(tuple(Mask(name, pattern, text) for name, pattern, text in masks))


def _check_path(path: Path, *, create: bool) -> None:
    if path.stem.lower() == "fame":
        raise WarehouseError(
            f"a warehouse cannot be called {path.name}: DuckDB names the catalog after the file, "
            "and then 'fame.score' could mean two things; use another name: warehouse.duckdb"
        )
    if path.is_dir():
        raise WarehouseError(
            f"{path} is a folder; name a file, such as {path / 'warehouse.duckdb'}"
        )
    if not path.exists() and not create:
        raise WarehouseError(
            f"there is no warehouse at {path}: run 'fame ingest LOGFILE --warehouse {path}' to "
            "make one, or name another with --warehouse"
        )
    if not path.exists() and not path.absolute().parent.is_dir():
        raise WarehouseError(f"{path} cannot be made: the folder {path.parent} does not exist")


def _create_file(path: Path) -> None:
    with duckdb.connect() as memory:
        try:
            memory.execute(
                f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS made "
                f"(STORAGE_VERSION '{STORAGE_VERSION}')"
            )
            memory.execute("DETACH made")
        except duckdb.IOException as error:
            raise WarehouseError(f"{path} cannot be made: {_first_line(error)}") from None


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.ConnectionException:
        raise WarehouseError(
            f"{path} is already open in this process with other settings; close that connection"
        ) from None
    except (duckdb.IOException, duckdb.SerializationException) as error:
        message = str(error)
        if "lock" in message:
            holder = re.search(r"PID (\d+)", message)
            who = f"process {holder.group(1)}" if holder else "another process"
            raise WarehouseError(
                f"{path} is held by {who}; wait until it is done, or end it, and try again"
            ) from None
        if "not a valid DuckDB" in message or "magic" in message:
            raise WarehouseError(
                f"{path} is not a DuckDB file; name a warehouse, or a new file to make one"
            ) from None
        raise WarehouseError(f"{path} cannot be opened: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def migrate(connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool = False) -> None:
    """Bring the schema of a warehouse up to date, one numbered file at a time.

    Raises
    ------
    WarehouseError
        If the schema is newer than this fame-sql, or is older and the file is read-only.
    """
    steps = {int(name.rsplit("/")[-1][:4]): name for name in sql.names("warehouse/schema")}
    version, newest = _schema_version(connection), max(steps)
    if version > newest:
        raise WarehouseError(
            f"{path} has schema {version}, made by a newer fame-sql; this one knows up to "
            f"{newest}: upgrade with 'pip install --upgrade fame-sql'"
        )
    if version == newest and _setting(connection, "definitions") == _definitions_hash():
        return
    if read_only and version == newest:
        return  # the views are those of another version, and good enough to read
    if read_only:
        raise WarehouseError(
            f"{path} was made by another version of fame-sql: run "
            f"'fame status --warehouse {path}' once to bring it up to date"
        )
    with transaction(connection):
        for number in range(version + 1, newest + 1):
            _apply(connection, number, steps[number])
        define(connection)


def _schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    made = connection.execute(
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = 'fame' "
        "AND table_name = 'schema_versions'"
    ).fetchall()[0][0]
    if not made:
        return 0
    rows = connection.execute("SELECT coalesce(max(version), 0) FROM fame.schema_versions")
    return int(rows.fetchall()[0][0])


def _setting(connection: duckdb.DuckDBPyConnection, key: str) -> str | None:
    rows = connection.execute("SELECT value FROM fame.settings WHERE key = ?", [key]).fetchall()
    return rows[0][0] if rows else None


def _definitions_hash() -> str:
    files = [*sql.names("warehouse/views"), *sql.names("warehouse/macros")]
    return hashlib.md5("".join(sql.load(name) for name in files).encode()).hexdigest()


def _apply(connection: duckdb.DuckDBPyConnection, number: int, name: str) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS fame")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS fame.schema_versions "
        "(version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)"
    )
    connection.execute(sql.load(name))
    connection.execute(
        "INSERT INTO fame.schema_versions VALUES (?, ?, ?)", [number, name, utc_now()]
    )
    if number == 1:
        masks = default_recipe().masks
        connection.executemany(
            "INSERT INTO fame.masks VALUES (?, ?, ?, ?)",
            [[i, m.name, m.pattern, m.placeholder] for i, m in enumerate(masks, 1)],
        )


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the views and the stored macros of a warehouse anew, by the masks that it has now."""
    canonical = read_recipe(connection).sql("message")
    # A view with SELECT * has the columns of the day it was made.
    for name in [*sql.names("warehouse/views"), *sql.names("warehouse/macros")]:
        connection.execute(Template(sql.load(name)).safe_substitute(canonical=canonical))
    taken = {
        row[0]
        for row in connection.execute(
            "SELECT table_name FROM duckdb_tables() "
            "WHERE database_name = current_database() AND schema_name = 'main'"
        ).fetchall()
    }
    for view in PUBLIC_VIEWS:
        if view not in taken:
            connection.execute(f"CREATE OR REPLACE VIEW main.{view} AS SELECT * FROM fame.{view}")
    connection.execute(
        "INSERT OR REPLACE INTO fame.settings VALUES ('definitions', ?)", [_definitions_hash()]
    )
