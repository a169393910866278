"""What a connection keeps from one plan to the next, for as long as its lake stays as it is.

To read the stored verdicts takes a lake several questions to its catalogue. A lake's snapshot has a
number, so what was read is right until that changes. It is in temporary tables of the connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from weakref import WeakKeyDictionary

import duckdb

from fame_sql import sql


@dataclass
class Kept:
    """What was read of one snapshot, for one model.

    Parameters
    ----------
    snapshot : int
        The number of the snapshot.
    model_version : str
        The model.
    pending : int or None
        How many events had no verdict; None if they were not counted.
    has_events : bool or None
        Whether all lines carried the event of their message; None if that was not looked up.
    """

    snapshot: int
    model_version: str
    pending: int | None = None
    has_events: bool | None = None


_kept: WeakKeyDictionary[duckdb.DuckDBPyConnection, Kept] = WeakKeyDictionary()


def snapshot_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the snapshot that a connection to a lake sees now."""
    [(snapshot,)] = connection.execute(sql.load("scoring/on_demand/lake/snapshot")).fetchall()
    return int(snapshot)


def has_new_events(connection: duckdb.DuckDBPyConnection, since: int) -> bool:
    """Return whether events have come to a lake after a snapshot; if unsure, that they have."""
    now = snapshot_of(connection)
    if now == since:
        return False
    [(lake,)] = connection.execute(sql.load("warehouse/lake/name")).fetchall()
    statement = Template(sql.load("scoring/on_demand/lake/arrived"))
    asked = statement.substitute(lake=lake, first=since + 1, last=now)
    try:
        return connection.execute(asked).fetchall() != [(0,)]
    except duckdb.Error:
        return True  # The snapshot was expired meanwhile.


def recall(connection: duckdb.DuckDBPyConnection, model_version: str) -> Kept | None:
    """Return what a connection to a lake has kept of its present state, None if it has nothing."""
    known = _kept.get(connection)
    if known is None or known.model_version != model_version:
        return None
    if known.snapshot != snapshot_of(connection):
        return None
    try:
        connection.execute("SELECT 1 FROM temp.__fame_events LIMIT 0").fetchall()
    except duckdb.CatalogException:
        return None  # The transaction of the plan that made them was aborted.
    return known


def keep(connection: duckdb.DuckDBPyConnection, model_version: str) -> Kept:
    """Begin anew with the present state of a connection to a lake."""
    made = _kept[connection] = Kept(snapshot_of(connection), model_version)
    return made


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget what a connection has kept, because its temporary tables are others now."""
    _kept.pop(connection, None)
