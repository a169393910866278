"""What the server's database may reach: its own file, partitions and lake, and nothing else.

Clients send SQL, in which DuckDB would read and write files, attach databases and load extensions.
That is turned off for the whole database, after all that the server itself needs has been loaded.
It cannot be turned on again while the file is open.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from fame_sql.serve.part import Part
from fame_sql.sql.quoting import literal, literals
from fame_sql.storage.views import reach_partitions
from fame_sql.warehouse import settings
from fame_sql.warehouse.bucket import forget_environment
from fame_sql.warehouse.reach import reach_lake

if TYPE_CHECKING:
    from fame_sql.serve.server import Server

EXTENSIONS = "FAME_DUCKDB_EXTENSIONS"
"""The variable with a folder of DuckDB extensions, where they cannot be installed."""

_NEEDED = ("httpfs", "quack")


class Enclosure(Part):
    """Turns off what lies outside of the warehouse.

    Parameters
    ----------
    memory : str or None
        The most memory that DuckDB may use, such as ``4GB``; None for its own limit.
    say : callable
        Is given one line where DuckDB has no extension for its protocol.
    quack : bool
        Whether that is wanted.
    """

    def __init__(self, memory: str | None, say: Callable[[str], None], *, quack: bool) -> None:
        self._wanted = quack
        self._memory = memory
        self._say = say
        self.has_quack = False

    def start(self, server: Server) -> None:
        """Load what is needed, and turn everything else off."""
        connection = server.warehouse.connection
        self.has_quack = self._wanted and self._load(connection)
        reach_partitions(connection)
        if self._memory is not None:
            connection.execute(f"SET memory_limit = {literal(self._memory)}")
        connection.execute("SET python_enable_replacements = false")
        place = settings.read(connection, settings.PARTITION_PLACE)
        folders = [] if place is None else [f"{place.rstrip('/')}/"]
        folders += reach_lake(connection)
        forget_environment(connection)
        connection.execute(f"SET allowed_directories = [{literals(folders)}]")
        connection.execute("SET enable_external_access = false")

    def _load(self, connection: duckdb.DuckDBPyConnection) -> bool:
        try:
            for name in _NEEDED:
                connection.execute(f"LOAD {_extension(name)}")
        except duckdb.Error as error:
            self._say(f"no SQL for DuckDB clients: {_why_not(error)}")
            return False
        return True


def _extension(name: str) -> str:
    """Return what to load: a file of the folder that the environment names, or the name.

    In that folder, DuckDB's own way of keeping extensions is known to a lake's connection.
    """
    folder = os.environ.get(EXTENSIONS)
    file = Path(folder or ".") / f"{name}.duckdb_extension"
    return literal(file) if folder and file.exists() else name


def _why_not(error: duckdb.Error) -> str:
    """Return why there is no extension, and what to type for it."""
    text = str(error).splitlines()[0]
    if "not found" in text or "Failed to load" in text:
        return (
            f"DuckDB {duckdb.__version__} has no extension quack here; POST /sql answers. Type "
            "python -c \"import duckdb; duckdb.sql('INSTALL httpfs; INSTALL quack')\" and start "
            "the server again"
        )
    return text
