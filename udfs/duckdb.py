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
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from fame_sql.errors import WarehouseError
from fame_sql.scoring.live import LiveScorer
from fame_sql.udfs.duckdb_1 import BY_ROW, CANONICAL, IS_1, HeldTexts, held, one_by_one
from fame_sql.udfs.functions import FUNCTIONS, LiveFunction

_TOKEN = "_fame_registration"


@dataclass
class _Registration:
    """The functions of one database: the connection that created them, and their scorer."""

    connection: duckdb.DuckDBPyConnection
    scorer: LiveScorer
    texts: HeldTexts = field(default_factory=HeldTexts)


_registrations: dict[str, _Registration] = {}


def register(connection: duckdb.DuckDBPyConnection, scorer: LiveScorer) -> None:
    """Register every live function on a connection's database, or replace the scorer of theirs.

    They handle ``NULL`` themselves, and errors are raised, never turned into ``NULL``. How they are
    declared depends on DuckDB, see :mod:`fame_sql.udfs.duckdb_1`.

    Raises
    ------
    WarehouseError
        If a macro in ``main`` has the name of a live function.
    """
    known = _registrations.get(_registered_token(connection))
    if known is not None:
        known.scorer = scorer
        define_macros(connection)
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
    define_macros(connection)


def define_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``fame_canonical`` a macro on one connection or cursor of DuckDB 1.

    There the function is called row by row, and the macro is pure SQL. It is temporary, and a
    cursor does not have that of its connection.
    """
    scorer = scorer_of(connection)
    if IS_1 and scorer is not None:
        canonical = scorer.recipe.sql("CAST(message AS VARCHAR)")
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {CANONICAL}(message) AS {canonical}")


def _create(
    connection: duckdb.DuckDBPyConnection, function: LiveFunction, registration: _Registration
) -> None:
    compute: Callable[..., Any] = _vectorised(function, registration)
    by_row = IS_1 and function.name in BY_ROW
    if by_row:
        compute = one_by_one(compute)
    elif IS_1:
        compute = held(compute, registration.texts)
    # DuckDB 2.0 accepts these names at run time, but its stubs have only enumerations, which are in
    # another module in 1.5.
    connection.create_function(  # type: ignore[call-overload]
        function.name,
        compute,
        ["VARCHAR"],
        function.returns,
        type="native" if by_row else "arrow",
        null_handling="special",
        side_effects=IS_1,
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
) -> Callable[[pa.ChunkedArray | pa.Array], pa.Array]:
    def compute(messages: pa.ChunkedArray | pa.Array) -> pa.Array:
        whole = messages.combine_chunks() if isinstance(messages, pa.ChunkedArray) else messages
        return function.compute(registration.scorer, whole)

    compute.__name__ = function.name
    return compute


def release(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove the functions that were registered through this connection."""
    for token, registration in list(_registrations.items()):
        if registration.connection is connection:
            del _registrations[token]
            with contextlib.suppress(duckdb.Error):
                connection.execute(f"DROP MACRO IF EXISTS temp.main.{CANONICAL}")
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
