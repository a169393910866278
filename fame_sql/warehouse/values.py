"""Whether values decide in a warehouse: as somebody said, or as it was when its model was made."""

from __future__ import annotations

import duckdb

from fame_sql.warehouse import settings

_WORDS = {True: "on", False: "off"}


def wants_value_heads(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether labels are spread over values, and heads are fitted to them.

    Where nothing was written down, they are wanted only if there is no model yet: heads in the
    next model would move verdicts of a champion from before they were the default.
    """
    said = settings.read(connection, settings.VALUE_HEADS)
    return not has_models(connection) if said is None else said == _WORDS[True]


def write_value_heads(connection: duckdb.DuckDBPyConnection, *, wanted: bool) -> None:
    """Write down whether the next labels are spread over values and heads are fitted to them."""
    settings.write(connection, settings.VALUE_HEADS, _WORDS[wanted])


def is_unsaid(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether nobody has said, and no model of today has written it down."""
    return settings.read(connection, settings.VALUE_HEADS) is None


def has_models(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether a model was ever registered."""
    return connection.execute("SELECT count(*) FROM fame.models").fetchall() != [(0,)]
