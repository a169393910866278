"""What the planner asks the database: views, columns, volatile functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Any, TypeAlias

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql import sql
from fame_sql.planner.one_snapshot import is_in_transaction
from fame_sql.planner.scope import cte_names, rename_ctes
from fame_sql.planner.statements import after_as
from fame_sql.planner.tree import DIALECT, NotPlannedError, text
from fame_sql.scoring.on_demand import bound
from fame_sql.warehouse import lines
from fame_sql.warehouse.lake.kind import load_for

Place: TypeAlias = tuple[str, str, str]
"""Database, schema and name, in lower case."""

_CREATED = re.compile(
    r"\s*CREATE\s+(TEMP(?:ORARY)?\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r'((?:"[^"]*"|[^\s(."]+|\.)+)',
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_CALLED = re.compile(r"(\w+)\s*\(")
_CLAUSES = {
    "in",
    "values",
    "as",
    "and",
    "or",
    "not",
    "on",
    "from",
    "where",
    "select",
    "using",
    "over",
}
_ENTRY = re.compile(r'(?:("(?:[^"]|"")*"|[^,."]+)\.)?("(?:[^"]|"")*"|[^,."]+)')
_TEMPORARY = ("temp", "main")


@dataclass(frozen=True)
class View:
    """A view that sqlglot can read."""

    texts: tuple[str, str]  # its query as DuckDB writes it, and as sqlglot does
    query: exp.Query  # for use elsewhere: each table is named with its database and schema
    columns: tuple[str, ...]  # names that it gives to its first columns
    loose: frozenset[str]  # tables that are in no catalog, and may mean something else elsewhere


@dataclass(frozen=True)
class Macro:
    """A macro of the user."""

    is_table: bool
    names: tuple[str, ...]  # of its parameters, in lower case
    definition: str


@dataclass(frozen=True)
class Catalog:
    """The names that a connection sees; the user's own, which alone sees its temporary tables."""

    connection: duckdb.DuckDBPyConnection
    parameters: Mapping[str, object] = field(default_factory=dict)
    in_lake: bool = False  # in a transaction of the planner's own
    _read: dict[Place, View | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _database(self) -> str:
        return str(self._value("current_database()")).lower()

    @cached_property
    def _search_path(self) -> list[tuple[str, str]]:
        """Databases and schemas that the user has set, in which names are looked for."""
        entries = _ENTRY.findall(self._value("current_setting('search_path')"))
        return [(_plain(d) or self._database, _plain(schema)) for d, schema in entries]

    @cached_property
    def _relations(self) -> dict[Place, str | None]:
        """All tables and views, and the definitions of the views."""
        rows = self.connection.execute(load_for(self.connection, "planner/relations")).fetchall()
        return {(database, schema, name): view for database, schema, name, view in rows}

    @cached_property
    def _functions(self) -> list[tuple[str, str | None, bool, bool, list[str]]]:
        return self.connection.execute(sql.load("planner/functions")).fetchall()

    @cached_property
    def functions(self) -> dict[str, str | None]:
        """Functions that may differ each time, and macros, which may hide one, as defined."""
        return {name: definition for name, definition, *_ in self._functions}

    @cached_property
    def macros(self) -> dict[str, Macro]:
        """The user's macros that can only mean one thing, by name."""
        return {
            name: Macro(is_table, tuple(map(str.lower, names)), definition)
            for name, definition, is_one, is_table, names in self._functions
            if definition and is_one
        }

    def may_reach(self, statement: str) -> bool:
        """Return whether a statement may name a view, or call a macro, of the user's.

        To list all functions takes DuckDB longer than to run a short statement.
        """
        words = set(map(str.lower, _WORD.findall(statement)))
        called = set(map(str.lower, _CALLED.findall(statement)))
        views = {
            name
            for (_, schema, name), definition in self.views.items()
            if schema != "fame" and f"fame.{name}" not in definition
        }
        return bool(words & views or called - own_functions() - _CLAUSES)

    @cached_property
    def keeps_order(self) -> bool:
        """Whether DuckDB returns the rows of a plain query in the order of its table."""
        return bool(self._value("current_setting('preserve_insertion_order')"))

    @cached_property
    def lines_are_ordered(self) -> bool:
        """Whether the warehouse's lines certainly lie in the order of their numbers."""
        state = lines.usable(self.connection) if self.is_warehouse else None
        return state is not None and state.ordered

    @cached_property
    def is_warehouse(self) -> bool:
        """Whether the current database has the schema ``fame``."""
        return (self._database, "fame", "scores") in self._relations

    @cached_property
    def views(self) -> dict[Place, str]:
        """The definitions of all views."""
        return {place: view for place, view in self._relations.items() if view is not None}

    def in_transaction(self) -> bool:
        """Return whether the user has a transaction open."""
        return not self.in_lake and is_in_transaction(self.connection)

    def place(self, table: exp.Table, home: tuple[str, str] | None = None) -> Place | None:
        """Return where a table or view lies, or None if that is not certain.

        In a view, DuckDB looks first in the schema of that view, its ``home``.
        """
        if not isinstance(table.this, exp.Identifier):
            return None
        own = [home] if home is not None and home[0] != _TEMPORARY[0] else []
        path = [*own, *self._search_path, (self._database, "main")]
        path = path if _TEMPORARY in path else [_TEMPORARY, *path]
        if table.catalog:
            path = [(table.catalog.lower(), table.db.lower())]
        elif table.db:
            path = [(database, table.db.lower()) for database, _ in path]
        known = [(database, schema, table.name.lower()) for database, schema in path]
        return next((place for place in known if place in self._relations), None)

    def view(self, place: Place | None) -> View | None:
        """Return the view that lies somewhere, or None if none does or it cannot be read."""
        if place is None or place not in self.views:
            return None
        if place not in self._read:
            resolve = partial(self.place, home=place[:2])
            self._read[place] = _read_view(self.views[place], resolve)
        return self._read[place]

    def is_logs(self, table: exp.Table) -> bool:
        """Return whether a name is the warehouse's logs, alone or with those in partitions."""
        logs = [(self._database, "fame", name) for name in ("logs", "all_logs")]
        return self.place(table) in logs

    def columns(self, query: exp.Expr) -> list[str] | None:
        """Return the columns of a query, None if it cannot be run by itself."""
        found = self.described(f"SELECT * FROM ({text(query)}) AS __fame_columns")
        return None if found is None else [name for name, _ in found]

    def described(self, statement: str) -> list[tuple[str, str]] | None:
        """Return names and types of the columns of a query, None if DuckDB does not accept it."""
        try:
            rows = self.run(f"DESCRIBE {statement}").fetchall()
        except duckdb.Error:
            return None
        return [(row[0], row[1]) for row in rows]

    def accepts(self, statement: str) -> bool:
        """Return whether DuckDB accepts a statement, without running it."""
        try:
            return bool(self.run(f"EXPLAIN {statement}"))
        except duckdb.Error:
            return False

    def has_made(self, statement: str) -> bool:
        """Return whether ``CREATE TABLE``, not ``OR REPLACE``, names a table that exists."""
        found = _CREATED.match(statement)
        if found is None:
            return False
        place = self.place(exp.to_table(found[2], dialect=DIALECT))
        return place is not None and (place[0] == _TEMPORARY[0]) == bool(found[1])

    def run(self, statement: str) -> duckdb.DuckDBPyConnection:
        """Run a statement with those of the parameters that it names."""
        return self.connection.execute(statement, bound(statement, self.parameters))

    def _value(self, expression: str) -> Any:
        return self.connection.execute(f"SELECT {expression}").fetchall()[0][0]


@cache
def own_functions() -> set[str]:
    """Return the names of DuckDB's own functions."""
    with duckdb.connect() as own:
        return {name for (name,) in own.execute(sql.load("planner/own_functions")).fetchall()}


def _plain(name: str) -> str:
    """Return a name without its quotes, in lower case."""
    return name.strip().strip('"').replace('""', '"').lower()


def _read_view(definition: str, resolve: Callable[[exp.Table], Place | None]) -> View | None:
    """Return a view from ``CREATE VIEW .. AS ..``, or None if sqlglot cannot read it.

    ``resolve`` returns where DuckDB finds a table that the view names.
    """
    try:
        written = after_as(definition.strip().rstrip(";"))
        made = sqlglot.parse_one(definition, dialect=DIALECT)
        if not isinstance(made.expression, exp.Query):
            return None
        query = made.expression.copy()
        again = text(query)
        loose = _add_places(query, resolve)
    except (sqlglot.errors.SqlglotError, ValueError, NotPlannedError):
        return None
    columns = tuple(column.name for column in made.this.expressions)
    return View((written, again), rename_ctes(query), columns, loose)


def _add_places(query: exp.Expr, resolve: Callable[[exp.Table], Place | None]) -> frozenset[str]:
    """Write where each table of a query lies; return the names that lie nowhere."""
    loose = set()
    for table, cte in cte_names(query):
        if not isinstance(table.this, exp.Identifier) or cte is not None:
            continue
        if place := resolve(table):
            for part, named in (("catalog", place[0]), ("db", place[1])):
                table.set(part, exp.to_identifier(named, quoted=True))
        else:
            loose.add(table.name.lower())
    return frozenset(loose)
