"""Whether the catalogue of a lake and its files agree: one of them can be of an older backup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from string import Template

import duckdb

from fame_sql import sql
from fame_sql.sql.quoting import literals
from fame_sql.warehouse.lake.files import READERS
from fame_sql.warehouse.reach import data_of_lake, registered_folders


def disagreements(
    connection: duckdb.DuckDBPyConnection, age: timedelta = READERS
) -> Iterator[tuple[str, str]]:
    """Yield what is in the catalogue or on disk alone, and what to do about it.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a lake; may be read-only.
    age : timedelta
        Younger files without an entry are taken for those of a load under way.
    """
    [(lake,)] = connection.execute(sql.load("warehouse/lake/name")).fetchall()
    place = data_of_lake(connection) or ""
    data = place.replace("'", "''")
    places = [f"{folder}**" for folder in (place, *registered_folders(connection))]
    if absent := _absent(connection, lake, literals(places)):
        yield (
            f"{len(absent)} files that the catalogue names are not there, such as {absent[0]}: "
            "what they hold cannot be read",
            "restore the files from a backup that is as new as the catalogue, then "
            "'fame doctor --deep'",
        )
    statement = _filled("orphans", lake=lake, data=data, seconds=age.total_seconds())
    if orphans := [row[0] for row in connection.execute(statement).fetchall()]:
        yield (
            f"{len(orphans)} files are in no snapshot, such as {orphans[0]}: an interrupted load "
            "left them, or the catalogue is of an older backup than the files",
            "restore the newer catalogue; if there is none, 'fame ingest' the sources again, which "
            "reads what is not stored",
        )


def _absent(connection: duckdb.DuckDBPyConnection, lake: str, places: str) -> list[str]:
    tables = connection.execute(_filled("tables", lake=lake)).fetchall()
    found = [
        connection.execute(_filled("absent", lake=lake, table=table, places=places)).fetchall()
        for (table,) in tables
    ]
    return sorted(row[0] for rows in found for row in rows)


def _filled(name: str, **facts: object) -> str:
    return Template(sql.load(f"warehouse/lake/{name}")).substitute(**facts)
