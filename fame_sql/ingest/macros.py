"""The SQL macros of a load, each made when a statement first names it."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache, lru_cache
from string import Template

import duckdb

from fame_sql import sql
from fame_sql.ingest.formats.levels import level_number_sql
from fame_sql.ingest.times.macros import UTC_TIMES, TimeChoices, time_macros

_DEFINITION = re.compile(r"^CREATE OR REPLACE TEMP MACRO (ingest_\w+)", re.MULTILINE)
_NAME = re.compile(r"\bingest_\w+")
_LATEST = "ingest_latest"


class Macros:
    """The macros that the statements of a load share.

    DuckDB takes longer to make all of them than to load a small file.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to the warehouse.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._made: dict[str, str] = {}

    def prepare(
        self, statement: str, choices: TimeChoices = UTC_TIMES, latest: datetime | None = None
    ) -> None:
        """Make the macros that a statement names, directly or through others.

        Parameters
        ----------
        statement : str
            The statement that is executed next.
        choices : TimeChoices
            What its times do not say themselves.
        latest : datetime, optional
            The latest time for timestamps without a year.
        """
        known = _definitions(choices)
        wanted = {name: known[name] for name in known if name in macros_of(statement)}
        if _LATEST in wanted:
            moment = latest or datetime(1970, 1, 1)
            wanted[_LATEST] = Template(sql.load("ingest/latest")).substitute(
                latest=moment.isoformat(" ")
            )
        missing = {name: text for name, text in wanted.items() if self._made.get(name) != text}
        if missing:
            self._connection.execute("\n".join(missing.values()))
            self._made.update(missing)

    def forget(self) -> None:
        """Make all macros again when they are needed: a transaction that made some has failed."""
        self._made = dict.fromkeys(self._made, "")

    def drop(self) -> None:
        """Drop what was made."""
        for name in reversed(self._made):
            self._connection.execute(f"DROP MACRO IF EXISTS temp.{name}")
        self._made.clear()


@lru_cache(maxsize=256)
def macros_of(statement: str) -> frozenset[str]:
    """Return the names of the macros that a statement names, directly or through others."""
    uses = _uses()
    found: set[str] = set()
    waiting = set(_NAME.findall(statement)) & uses.keys()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= uses[name] - found
    return frozenset(found)


def needs_latest(statement: str) -> bool:
    """Return whether times that a statement reads can lack the year."""
    return _LATEST in macros_of(statement)


@cache
def _uses() -> dict[str, set[str]]:
    """Return the macros that each macro names; zones and the order of dates do not change them."""
    known = _definitions(UTC_TIMES)
    return {name: set(_NAME.findall(text)) & known.keys() - {name} for name, text in known.items()}


@cache
def _definitions(choices: TimeChoices) -> dict[str, str]:
    """Return the definition of each macro, those that it names before it."""
    number = level_number_sql("level")
    text = "\n".join(
        (
            sql.load("ingest/latest"),
            Template(sql.load("ingest/severity_number")).substitute(number=number),
            time_macros(choices),
        )
    )
    starts = [*_DEFINITION.finditer(text)]
    ends = [one.start() for one in starts[1:]] + [len(text)]
    return {one[1]: text[one.start() : end] for one, end in zip(starts, ends, strict=True)}
