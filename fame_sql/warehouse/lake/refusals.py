"""What is left of a lake in which a commit was refused.

DuckLake 1.0 keeps a connection of its own for each refused commit, and with it the database, also
after the last connection of ours is closed. With a catalogue in a file, the next connection of this
process to it would wait for ever. Detaching the lake ends that.
"""

from __future__ import annotations

from collections import Counter
from string import Template

import duckdb

from fame_sql import sql
from fame_sql.sql.quoting import identifier

_refused: Counter[str] = Counter()

_OWN = 2
"""Connections of a database that one connection uses: it, and DuckLake's to the catalogue."""


def note_refusal(connection: duckdb.DuckDBPyConnection) -> None:
    """Remember that a commit was refused in a lake."""
    [(catalogue,)] = connection.execute(sql.load("warehouse/lake/place")).fetchall()
    _refused[catalogue] += 1


def let_go(connection: duckdb.DuckDBPyConnection) -> None:
    """Detach the lake of a connection that is about to be closed, if nothing else would end it.

    That is so if a commit was refused in it and no other connection uses it.
    """
    if not _refused:
        return
    found = connection.execute(sql.load("warehouse/lake/users")).fetchall()
    for lake, catalogue, users in found:
        if catalogue in _refused and users == _OWN + _refused[catalogue]:
            detach = Template(sql.load("warehouse/lake/detach"))
            connection.execute(detach.substitute(lake=identifier(lake)))
            del _refused[catalogue]
