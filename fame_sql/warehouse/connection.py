"""Open the file of a warehouse, and run transactions on its connection."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from fame_sql import sql
from fame_sql.errors import ConflictError, HeldError, WarehouseError
from fame_sql.files import put_in_place
from fame_sql.sql.quoting import literal
from fame_sql.warehouse.bucket import trouble
from fame_sql.warehouse.lake.address import is_lake_path, named_lake
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.lake.opening import open_lake
from fame_sql.warehouse.lake.refusals import note_refusal
from fame_sql.warehouse.reach import limit
from fame_sql.warehouse.sharing import shared_connection, writing_turn

# DuckDB 1.5 cannot read what 2.0 writes by default. This version has one compression of text that
# takes less time to choose, and every later DuckDB reads it.
STORAGE_VERSION = "v1.3.0"

_MAGIC = b"DUCK"
_MAGIC_AT = 8
_KIND = re.compile(r"\w{2,}:")
"""What DuckDB takes for the name of an extension, and would fetch from the network."""
_DATA = {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".gz", ".zst"}
"""Names that DuckDB opens as data: what is written to such a database is not kept."""


def utc_now() -> datetime:
    """Return the current time in UTC, without a zone, as the warehouse stores it."""
    return datetime.now(UTC).replace(tzinfo=None)


def models_of(path: Path) -> Path:
    """Return the folder of the models of a warehouse, beside its file."""
    return path.with_name(f"{path.stem}.models")


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, *, appends: bool = False) -> Iterator[None]:
    """Commit everything that the block does on ``connection``, or nothing of it.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse.
    appends : bool
        The block only adds rows that depend on nothing that others change, so that in a lake any
        number of processes can do so at once. Of other transactions at one moment the first is
        stored.

    Raises
    ------
    ConflictError
        If in a lake another process was first.
    """
    in_lake = is_lake(connection)
    with writing_turn():
        connection.execute("BEGIN")
        try:
            if in_lake and not appends:
                connection.execute(sql.load("warehouse/lake/take_turn"))
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        _commit(connection, in_lake=in_lake)


def _commit(connection: duckdb.DuckDBPyConnection, *, in_lake: bool) -> None:
    try:
        connection.execute("COMMIT")
    except duckdb.TransactionException as error:
        if not in_lake:
            raise
        note_refusal(connection)
        raise ConflictError(
            "another process changed the lake at the same moment, and nothing of this is stored: "
            f"run the command again ({' '.join(str(error).split())[-160:]})"
        ) from None


@contextmanager
def checkpointed_transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run a transaction whose commit goes into the file itself, past the write-ahead log.

    For changes of a schema: DuckDB 1.5 cannot replay a change of a table, or a comment on one of
    its columns, where a default calls a function ("no default database set"). A process killed
    before the next checkpoint would leave a warehouse that does not open.
    """
    found = connection.execute("SELECT current_setting('wal_autocheckpoint')").fetchall()
    connection.execute("SET wal_autocheckpoint = '1B'")
    try:
        with transaction(connection, appends=True):
            yield
    finally:
        connection.execute(f"SET wal_autocheckpoint = {literal(found[0][0])}")


def open_file(
    path: Path, *, create: bool = False, read_only: bool = False, external_access: bool = False
) -> duckdb.DuckDBPyConnection:
    """Connect to a warehouse's file as it is, whatever its schema.

    Parameters
    ----------
    path : Path
        The DuckDB file.
    create : bool
        Create the file if it does not exist.
    read_only : bool
        Change nothing; several processes can read at once.
    external_access : bool
        Let statements reach other files and the network also on the command line, see
        :mod:`fame_sql.warehouse.reach`.

    Raises
    ------
    WarehouseError
        If there is no file, another process holds it, or it is not a DuckDB file.
    """
    shared = shared_connection(path)
    if shared is not None:
        return shared
    if is_lake_path(path):
        connection = open_lake(named_lake(path)[1], read_only=read_only)
    else:
        _check_path(path, create=create)
        if not path.exists():
            _create_file(path)
        connection = _connect(path, read_only=read_only)
    try:
        if not external_access:
            limit(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, for a bucket what to do about it.

    DuckDB adds the statement below it.
    """
    return trouble(error) or str(error).splitlines()[0]


AFTER_DAMAGE = (
    "put back a copy that 'fame backup' made; the models beside it are files of their own, and "
    "fame_sql.register(connection, model=FOLDER) uses one without the warehouse"
)
"""What to do about a warehouse whose file is damaged."""


def is_damage(error: BaseException) -> bool:
    """Return whether DuckDB reports bytes of a file that are not those it wrote."""
    text = str(error)
    is_cut = "Could not read enough bytes" in text and ".parquet" not in text
    known = ("Corrupt database", "checksum", "not a valid DuckDB")
    return is_cut or any(words in text for words in known)


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
    if kind := _KIND.match(str(path)):
        raise WarehouseError(
            f"a warehouse is a file, and DuckDB takes {kind[0]!r} for another kind of database: "
            f"name a file, such as {path.name.removeprefix(kind[0]) or 'warehouse.duckdb'}"
        )
    if path.suffix.lower() in _DATA:
        raise WarehouseError(
            f"a warehouse cannot be called {path.name}: DuckDB takes a file of that name for data; "
            f"use another name: {path.with_suffix('.duckdb').name}"
        )
    if not path.exists() and not path.absolute().parent.is_dir():
        raise WarehouseError(f"{path} cannot be created: the folder {path.parent} does not exist")
    # A pipe would be waited for.
    if path.exists() and not (path.is_file() and _is_database(path)):
        raise WarehouseError(
            f"{path} is not a DuckDB file; name a warehouse, or a new file to make one"
        )


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(_MAGIC_AT + len(_MAGIC))[_MAGIC_AT:] == _MAGIC
    except OSError as error:
        raise WarehouseError(f"{path} cannot be read: {error.strerror}") from None


def _create_file(path: Path) -> None:
    """Make an empty database beside ``path``, which gets its name once it is complete.

    DuckDB writes the head of a file in several steps: a process killed between them would leave a
    file that cannot be opened.
    """
    unborn = path.with_name(f".{path.name}.{os.getpid()}.new")
    attach = f"ATTACH {literal(unborn)} AS made (STORAGE_VERSION {literal(STORAGE_VERSION)})"
    try:
        with duckdb.connect() as memory:
            memory.execute(attach)
            memory.execute("DETACH made")
        unborn.chmod(0o600)
        put_in_place(unborn, path)
    except FileExistsError:
        return
    except (duckdb.IOException, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else first_line(error)
        raise WarehouseError(f"{path} cannot be created: {reason}") from None
    finally:
        unborn.unlink(missing_ok=True)


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.ConnectionException:
        raise WarehouseError(
            f"{path} is already open in this process with other settings; close that connection"
        ) from None
    except duckdb.Error as error:
        raise _explained(path, error) from None


def _explained(path: Path, error: duckdb.Error) -> WarehouseError:
    """Return the error to raise for a file that DuckDB cannot open."""
    message = str(error)
    # Whole words: damage is said of a block.
    if re.search(r"\block\b", message):
        holder = re.search(r"PID (\d+)", message)
        who = f"process {holder.group(1)}" if holder else "another process"
        return HeldError(
            f"{path} is held by {who}; wait until it is done and try again, as "
            "'fame query --wait 60' does"
        )
    if is_damage(error):
        return WarehouseError(f"{path} is damaged ({first_line(error)}): {AFTER_DAMAGE}")
    return WarehouseError(f"{path} cannot be opened: {first_line(error)}")
