"""The files of a lake: merged when many are small, removed when no snapshot needs them.

Each commit writes files of its own and a snapshot, which shows the lake as it was. Merging loses
nothing of that. A row that was deleted is on disk until its file is written again without it, the
snapshots that show it are forgotten, and the old file is removed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from string import Template
from typing import Any

import duckdb

from fame_sql import sql

MANY = 64
"""So many files of one table are merged after a load."""
READERS = timedelta(hours=1)
"""How long a file stays that a reader may have begun to read."""


@dataclass(frozen=True)
class LakeFiles:
    """The Parquet files of a lake's newest snapshot.

    Parameters
    ----------
    files : int
        How many there are.
    bytes : int
        Their size.
    """

    files: int
    bytes: int


def count_files(connection: duckdb.DuckDBPyConnection) -> LakeFiles:
    """Return how many files the newest snapshot of a lake has, and their size."""
    return LakeFiles(*_run(connection, "files"))


def merge_files(connection: duckdb.DuckDBPyConnection) -> int:
    """Merge small files, while others load; return by how many they are fewer."""
    return int(_run(connection, "merge")[0])


def merge_if_many(connection: duckdb.DuckDBPyConnection) -> None:
    """Merge small files if there are many; of several processes that do so, one succeeds."""
    if _run(connection, "small_files")[0] >= MANY:
        with suppress(duckdb.TransactionException):
            merge_files(connection)


def forget_before(connection: duckdb.DuckDBPyConnection, age: timedelta) -> int:
    """Forget the snapshots of a lake that are older than an age, and remove what only they need.

    Rows that have been deleted since leave the files that stay.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a lake, outside a transaction.
    age : timedelta
        The newest snapshot stays, whatever its age. With an age of zero files are removed at once,
        also from under the statements of others.

    Returns
    -------
    int
        How many snapshots were forgotten.
    """
    _run(connection, "rewrite")
    forgotten = int(_run(connection, "forget", seconds=age.total_seconds())[0])
    wait = min(age, READERS).total_seconds()
    _run(connection, "remove", seconds=wait)
    return forgotten


def _run(connection: duckdb.DuckDBPyConnection, name: str, **facts: float) -> tuple[Any, ...]:
    [(lake,)] = connection.execute(sql.load("warehouse/lake/name")).fetchall()
    statement = Template(sql.load(f"warehouse/lake/{name}")).substitute(lake=lake, **facts)
    found: tuple[Any, ...] = connection.execute(statement).fetchall()[0]
    return found
