"""A plan over a lake is made in one transaction.

Outside of one, each statement asks the catalogue for the newest snapshot, and then for its tables,
views and macros. A plan has dozens of statements, and they would not even see the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from fame_sql.scoring.kept import forget
from fame_sql.warehouse.lake.kind import is_lake

# A function without its schema is looked for in the lake first, which asks the catalogue.
_NOW = "SELECT system.main.epoch_us(system.main.now())"


@contextmanager
def one_snapshot(connection: duckdb.DuckDBPyConnection) -> Iterator[bool]:
    """Run the block in a transaction if the connection is to a lake and has none.

    Yields
    ------
    bool
        Whether it has begun one.
    """
    if not _begin(connection):
        yield False
        return
    try:
        yield True
        connection.execute("COMMIT")
    except BaseException:
        forget(connection)
        with suppress(duckdb.TransactionException):  # A refused commit has ended it.
            connection.execute("ROLLBACK")
        raise


def _begin(connection: duckdb.DuckDBPyConnection) -> bool:
    if not is_lake(connection) or is_in_transaction(connection):
        return False
    connection.execute("BEGIN")
    return True


def is_in_transaction(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether a transaction is open: then its time stays.

    Its number would do as well, but a lake has none; and a second BEGIN would abort it.
    """
    first, second = (connection.execute(_NOW).fetchall() for _ in range(2))
    return first == second
