"""The live functions on a DuckDB connection.

DuckDB registers a Python function per database, not per connection: all connections of a process
to one file share it, and only the connection that created it can remove it. So each database gets
the functions once, and they look up the current scorer when they are called.
"""

from __future__ import annotations

import atexit
import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from fame_sql.errors import WarehouseError
from fame_sql.scoring.live import LiveScorer
from fame_sql.udfs.functions import FUNCTIONS, LiveFunction

_TOKEN = "_fame_registration"


@dataclass
class _Registration:
    """The functions of one database: the connection that created them, and their scorer."""

    connection: duckdb.DuckDBPyConnection
    scorer: LiveScorer


_registrations: dict[str, _Registration] = {}


def register(connection: duckdb.DuckDBPyConnection, scorer: LiveScorer) -> None:
    """Register every live function on a connection's database, or replace the scorer of theirs.

    The functions are declared with side effects, because DuckDB 1.5 otherwise evaluates them on
    rows that a filter or join would have removed (measured: 100 to 900 times as many). They handle
    ``NULL`` themselves, and errors are raised, never turned into ``NULL``.

    Raises
    ------
    WarehouseError
        If a macro in ``main`` has the name of a live function.
    """
    known = _registrations.get(_registered_token(connection))
    if known is not None:
        known.scorer = scorer
        return
    token = uuid.uuid4().hex
    registration = _Registration(connection, scorer)
    connection.create_function(_TOKEN, lambda: token, [], "VARCHAR", side_effects=True)
    for function in FUNCTIONS:
        try:
            _create(connection, function, registration)
        except duckdb.CatalogException:
            _remove(connection)
            raise WarehouseError(
                f"{function.name} cannot be registered: the database has a macro of that name; "
                f"remove it with 'DROP MACRO main.{function.name}' and try again"
            ) from None
    _registrations[token] = registration


def _create(
    connection: duckdb.DuckDBPyConnection, function: LiveFunction, registration: _Registration
) -> None:
    # DuckDB 2.0 accepts these names at run time, but its stubs have only enumerations, which are in
    # another module in 1.5.
    connection.create_function(  # type: ignore[call-overload]
        function.name,
        _vectorised(function, registration),
        ["VARCHAR"],
        function.returns,
        type="arrow",
        null_handling="special",
        side_effects=True,
    )


def scorer_of(connection: duckdb.DuckDBPyConnection) -> LiveScorer | None:
    """Return the scorer of a connection's live functions, None if it has no functions."""
    known = _registrations.get(_registered_token(connection))
    return None if known is None else known.scorer


def _registered_token(connection: duckdb.DuckDBPyConnection) -> str:
    try:
        return str(connection.cursor().execute(f"SELECT {_TOKEN}()").fetchall()[0][0])
    except duckdb.CatalogException:
        return ""


def _vectorised(
    function: LiveFunction, registration: _Registration
) -> Callable[[pa.ChunkedArray], pa.Array]:
    def compute(messages: pa.ChunkedArray) -> pa.Array:
        return function.compute(registration.scorer, messages.combine_chunks())

    compute.__name__ = function.name
    return compute


def release(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove the functions that were registered through this connection."""
    for token, registration in list(_registrations.items()):
        if registration.connection is connection:
            del _registrations[token]
            _remove(connection)


def _remove(connection: duckdb.DuckDBPyConnection) -> None:
    for name in (_TOKEN, *(function.name for function in FUNCTIONS)):
        with contextlib.suppress(duckdb.Error):
            connection.remove_function(name)


@atexit.register
def _release_all() -> None:
    """Remove the functions, because DuckDB 2.0 reports them as leaks when the process ends."""
    for registration in _registrations.values():
        _remove(registration.connection)
        registration.connection.close()
    _registrations.clear()
