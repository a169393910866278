"""Open a lake as the database of a connection, or make one."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import duckdb

from fame_sql import sql
from fame_sql.errors import HeldError, WarehouseError
from fame_sql.sql.quoting import literal
from fame_sql.warehouse.bucket import sign_in, trouble
from fame_sql.warehouse.lake.address import LakeAddress
from fame_sql.warehouse.lake.numbers import create_numbers

EXTENSIONS = "FAME_DUCKDB_EXTENSIONS"
"""The variable with a folder of DuckDB extensions, where they cannot be installed."""

# DuckDB keeps a database for all who connect to one address. With one for each, what a refused
# commit leaves of one (see refusals.py) is in nobody's way.
_connections = count(1)

_NO_EXTENSION = ("is an existing extension", "Extension Autoloading", "extension not found")
# DuckDB writes encrypted files with the ciphers of this extension alone.
_CIPHERS = "LOAD httpfs"
_VERSION = re.compile(r"catalog version is (\S+), but the extension requires version (\S+?)\.? ")
_NO_DATABASE = re.compile(r'FATAL: database "([^"]+)" does not exist')
_SECRETS = re.compile(r"(?i)password\s*=\s*('[^']*'|\S+)")


def open_lake(address: LakeAddress, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connect to a lake, which is the database of the connection and of all its cursors.

    Parameters
    ----------
    address : LakeAddress
        The lake.
    read_only : bool
        Change nothing.

    Raises
    ------
    WarehouseError
        If there is no such lake, DuckDB has no extension for it, or the catalogue or its password
        is wrong.
    """
    if not address.is_shared and not Path(address.catalogue).exists():
        raise WarehouseError(_none_at(address))
    try:
        opened = address.as_program(f"-{os.getpid()}-{next(_connections)}")
        connection = duckdb.connect(opened, read_only=read_only, config=_settings())
        load_for_files(connection)
        return connection
    except duckdb.Error as error:
        raise _explained(address, error) from None


def open_lake_at(address: LakeAddress, moment: datetime) -> duckdb.DuckDBPyConnection:
    """Connect to a lake as it was at a moment; nothing can be changed.

    Its views, stored functions and comments are those of that moment, too. Cursors of the
    connection begin in an empty database, called ``memory``.

    Parameters
    ----------
    address : LakeAddress
        The lake.
    moment : datetime
        The moment, in UTC if it names no zone.

    Raises
    ------
    WarehouseError
        If the lake cannot be opened, or has no state of that moment.
    """
    written = moment.replace(tzinfo=moment.tzinfo or UTC).isoformat(" ")
    chosen = f"READ_ONLY, SNAPSHOT_TIME {literal(written)}"
    connection = duckdb.connect(config=_settings())
    try:
        connection.execute(f"ATTACH {literal(address.for_duckdb)} AS lake ({chosen})")
        connection.execute("SET search_path = 'lake.main,lake.fame_stored'")
        load_for_files(connection)
    except duckdb.Error as error:
        connection.close()
        if "No snapshot found" in str(error):
            raise WarehouseError(
                f"{address} has no state of {written}: it is younger, or that state was removed by "
                "'fame expire'; FROM ducklake_snapshots('lake') lists those that are there"
            ) from None
        raise _explained(address, error) from None
    return connection


def exists(address: LakeAddress) -> bool:
    """Return whether there is a lake at an address.

    Raises
    ------
    WarehouseError
        If the catalogue cannot be reached.
    """
    if not address.is_shared:
        return Path(address.catalogue).exists()
    try:
        with duckdb.connect(config=_settings()) as memory:
            memory.execute(f"ATTACH {literal(address.for_duckdb)} AS lake (READ_ONLY)")
    except duckdb.Error as error:
        if _is_missing(str(error)):
            return False
        raise _explained(address, error) from None
    return True


def create_lake(address: LakeAddress, *, encrypted: bool = False) -> None:
    """Make an empty lake, or do nothing where there is one.

    Parameters
    ----------
    address : LakeAddress
        The lake, with the place of its data.
    encrypted : bool
        Encrypt the Parquet files; the keys are in the catalogue.

    Raises
    ------
    WarehouseError
        If it cannot be made.
    """
    if address.data is None:
        raise WarehouseError(
            f"{address} is new and needs a place for its Parquet files: name a folder or bucket "
            "with --data, as in --data s3://bucket/logs"
        )
    chosen = f"DATA_PATH {literal(address.data)}" + (", ENCRYPTED" if encrypted else "")
    _make_folder(address.data)
    try:
        with duckdb.connect(config=_settings()) as memory:
            if encrypted:
                memory.execute(_CIPHERS)
            _look_into(memory, address.data)
            memory.execute(f"ATTACH {literal(address.for_duckdb)} AS lake ({chosen})")
            create_numbers(memory, address)
            memory.execute("DETACH lake")
    except duckdb.Error as error:
        raise _explained(address, error) from None


def options(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return where the files of a connection's lake are, and whether they are encrypted."""
    return dict(connection.execute(sql.load("warehouse/lake/options")).fetchall())


def load_for_files(connection: duckdb.DuckDBPyConnection) -> None:
    """Load what the files of a connection's lake need, and the keys of their bucket."""
    found = options(connection)
    if found.get("encrypted") == "true":
        connection.execute(_CIPHERS)
    sign_in(connection, found["data_path"])


def _look_into(connection: duckdb.DuckDBPyConnection, data: str) -> None:
    """List a bucket, before a catalogue is made that would name it for ever."""
    if "://" in data:
        sign_in(connection, data)
        connection.execute("SELECT 1 FROM glob($place) LIMIT 1", {"place": f"{data}**"})


def _make_folder(data: str) -> None:
    if "://" in data:
        return
    try:
        Path(data).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(
            f"--data {data} cannot be made: {error.strerror}; name a folder that you may write"
        ) from None


def _settings() -> dict[str, str | bool | int | float | list[str]]:
    """Return DuckDB's settings: an extension is loaded where it is installed, never fetched."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false"
    }
    folder = os.environ.get(EXTENSIONS)
    if folder and Path(folder, f"v{duckdb.__version__}").is_dir():
        settings["extension_directory"] = folder
    return settings


def _none_at(address: LakeAddress) -> str:
    return (
        f"there is no lake at {address}: run 'fame init --lake {address} --data FOLDER' to make one"
    )


def _is_missing(text: str) -> bool:
    return "data_path is not set" in text or "does not exist - and creating" in text


def _explained(address: LakeAddress, error: duckdb.Error) -> WarehouseError:
    """Return the error for a lake that cannot be opened, without any password."""
    if reason := trouble(error):
        return WarehouseError(reason)
    text = _SECRETS.sub("password=…", " ".join(str(error).split()))
    if any(words in text for words in _NO_EXTENSION):
        return WarehouseError(
            f"DuckDB {duckdb.__version__} has no extension for lakes here: type python -c "
            "\"import duckdb; duckdb.sql('INSTALL ducklake; INSTALL postgres; INSTALL httpfs')\", "
            "or use a warehouse in a file: --warehouse warehouse.duckdb"
        )
    if _is_missing(text):
        return WarehouseError(_none_at(address))
    if "lock" in text and not address.is_shared:
        return HeldError(
            f"{address} is held by another process: a catalogue in a file is for one process; "
            "take PostgreSQL for several, or wait until it is done"
        )
    if version := _VERSION.search(text):
        return WarehouseError(
            f"the lake {address} is of DuckLake {version[1]}, and DuckDB {duckdb.__version__} "
            f"reads {version[2]}: use the DuckDB that made it, or a newer one; nothing was changed"
        )
    if absent := _NO_DATABASE.search(text):
        return WarehouseError(
            f"PostgreSQL has no database {absent[1]} for {address}: make an empty one with "
            f"'createdb {absent[1]}', and run 'fame init --lake'"
        )
    reason = text.rpartition("connection to server")[2] or text
    if "authentication failed" in text or "no password supplied" in text:
        return WarehouseError(
            f"PostgreSQL refuses the user or the password for {address}: set $PGPASSWORD or a line "
            "in ~/.pgpass, and look at user= in the address"
        )
    return WarehouseError(
        f"the lake {address} cannot be opened: {reason.strip(' :')[:300]}; is the catalogue there, "
        "and may you read it?"
    )
