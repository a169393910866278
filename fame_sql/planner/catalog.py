"""What the planner asks the database: views, columns, volatile functions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import duckdb
from sqlglot import exp

from fame_sql import sql
from fame_sql.planner.tree import text
from fame_sql.planner.views import Place, View, read_view

_ENTRY = re.compile(r'(?:("(?:[^"]|"")*"|[^,."]+)\.)?("(?:[^"]|"")*"|[^,."]+)')
_TEMPORARY = ("temp", "main")


@dataclass(frozen=True)
class Catalog:
    """The names that a connection sees.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The user's own, for only it sees its temporary tables and views.
    """

    connection: duckdb.DuckDBPyConnection
    _read: dict[Place, View | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _database(self) -> str:
        return str(self._value("current_database()")).lower()

    @cached_property
    def _search_path(self) -> list[tuple[str, str]]:
        """Databases and schemas that the user has set, in which names are looked for."""
        entries = _ENTRY.findall(self.setting("search_path"))
        return [(_plain(d) or self._database, _plain(schema)) for d, schema in entries]

    @cached_property
    def _relations(self) -> dict[Place, str | None]:
        rows = self.connection.execute(sql.load("planner/relations")).fetchall()
        return {(database, schema, name): view for database, schema, name, view in rows}

    @cached_property
    def _functions(self) -> dict[str, str | None]:
        return dict(self.connection.execute(sql.load("planner/functions")).fetchall())

    @property
    def macros(self) -> dict[str, str]:
        """The user's macros and how they are defined."""
        return {name: macro for name, macro in self._functions.items() if macro is not None}

    @property
    def volatile(self) -> frozenset[str]:
        """Functions that answer differently each time, and macros that may hide one."""
        return frozenset(self._functions)

    @cached_property
    def is_warehouse(self) -> bool:
        """Whether the current database has the schema ``fame``."""
        return (self._database, "fame", "scores") in self._relations

    def views(self) -> list[tuple[Place, str]]:
        """Return the places and definitions of all views."""
        return [(place, view) for place, view in self._relations.items() if view is not None]

    def in_transaction(self) -> bool:
        """Return whether the user has a transaction open: then its number stays."""
        return self._value("txid_current()") == self._value("txid_current()")

    def has_view(self, table: exp.Table) -> bool:
        """Return whether a name is that of a view."""
        place = self.place(table)
        return place is not None and self._relations[place] is not None

    def place(self, table: exp.Table) -> Place | None:
        """Return where a table or view lies, or None if that is not certain."""
        return self._place(table, None)

    def view(self, place: Place | None) -> View | None:
        """Return the view that lies somewhere, None or None if none does or it cannot be read."""
        definition = self._relations.get(place or ("", "", ""))
        if place is None or definition is None:
            return None
        if place not in self._read:
            home = place[:2]
            self._read[place] = read_view(
                place[2], definition, lambda table: self._place(table, home)
            )
        return self._read[place]

    def is_logs(self, table: exp.Table) -> bool:
        """Return whether a name is the warehouse's logs, alone or with those in partitions."""
        place = self.place(table)
        return place is not None and place in {
            (self._database, "fame", name) for name in ("logs", "all_logs")
        }

    def columns(self, query: exp.Expr) -> list[str] | None:
        """Return the columns of a query, None if it cannot be run by itself."""
        try:
            self.connection.execute(f"SELECT * FROM ({text(query)}) AS __fame_columns LIMIT 0")
        except duckdb.Error:
            return None
        return [column[0] for column in self.connection.description or []]

    def described(self, statement: str) -> list[str] | None:
        """Return what DuckDB calls the columns of a query, None if it cannot say."""
        rows = self._try(f"DESCRIBE {statement}")
        return None if rows is None else [row[0] for row in rows]

    def accepts(self, statement: str) -> bool:
        """Return whether DuckDB accepts a statement, without running it."""
        return self._try(f"EXPLAIN {statement}") is not None

    def setting(self, name: str) -> Any:
        """Return a setting of the connection."""
        return self.connection.execute("SELECT current_setting(?)", [name]).fetchall()[0][0]

    def _try(self, statement: str) -> list[tuple[Any, ...]] | None:
        try:
            return self.connection.execute(statement).fetchall()
        except duckdb.Error:
            return None

    def _place(self, table: exp.Table, home: tuple[str, str] | None) -> Place | None:
        """Return where a table lies that a statement names, or a view in the schema ``home``."""
        if not isinstance(table.this, exp.Identifier):
            return None
        database, schema, path = table.catalog.lower(), table.db.lower(), self._path(home)
        if database:
            path = [(database, schema)]
        elif schema:
            path = [(d, schema) for d in dict.fromkeys(d for d, _ in path)]
        known = [(d, s, table.name.lower()) for d, s in path]
        return next((place for place in known if place in self._relations), None)

    def _path(self, home: tuple[str, str] | None) -> list[tuple[str, str]]:
        """Return where DuckDB looks for a name, in order: a view's first in its own schema."""
        own = [home] if home is not None and home[0] != "temp" else []
        path = [*own, *self._search_path, (self._database, "main")]
        return path if _TEMPORARY in path else [_TEMPORARY, *path]

    def _value(self, expression: str) -> str:
        return str(self.connection.execute(f"SELECT {expression}").fetchall()[0][0])


def _plain(name: str) -> str:
    """Return a name without its quotes, in lower case."""
    return name.strip().strip('"').replace('""', '"').lower()
