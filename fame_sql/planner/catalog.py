"""What the planner asks the database: views, columns, volatile functions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql import sql

DIALECT = "duckdb"


def text(tree: exp.Expr) -> str:
    """Return a tree as SQL, with the names of functions as they were written."""
    return tree.sql(dialect=DIALECT, normalize_functions=False)


@dataclass(frozen=True)
class Catalog:
    """The names that a connection sees.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The user's own, for only it sees its temporary tables and views.
    """

    connection: duckdb.DuckDBPyConnection

    @cached_property
    def _facts(self) -> tuple[str, str]:
        return self.connection.execute("SELECT current_database(), current_schema()").fetchall()[0]

    @cached_property
    def _relations(self) -> dict[tuple[str, str, str], str | None]:
        rows = self.connection.execute(sql.load("planner/relations")).fetchall()
        return {(database, schema, name): view for database, schema, name, view in rows}

    @cached_property
    def volatile(self) -> frozenset[str]:
        """Functions that answer differently each time, and macros that may hide one."""
        rows = self.connection.execute(sql.load("planner/volatile_functions")).fetchall()
        return frozenset(name for (name,) in rows)

    @cached_property
    def is_warehouse(self) -> bool:
        """Whether the current database has the schema ``fame``."""
        return (self._facts[0].lower(), "fame", "scores") in self._relations

    def views(self) -> list[tuple[str, str]]:
        """Return the names and definitions of all views."""
        return [(place[2], view) for place, view in self._relations.items() if view is not None]

    def view(self, table: exp.Table) -> exp.Query | None:
        """Return the query of a view, None if the name is no view or cannot be read."""
        definition = self._relations.get(self._place(table) or ("", "", ""))
        if definition is None:
            return None
        try:
            made = sqlglot.parse_one(definition, dialect=DIALECT)
        except sqlglot.errors.SqlglotError:
            return None
        if not isinstance(made, exp.Create) or isinstance(made.this, exp.Schema):
            return None
        return made.expression if isinstance(made.expression, exp.Query) else None

    def is_logs(self, table: exp.Table) -> bool:
        """Tell whether a name is the warehouse's logs, alone or with those in partitions."""
        place = self._place(table)
        return place is not None and place in {
            (self._facts[0].lower(), "fame", name) for name in ("logs", "all_logs")
        }

    def _place(self, table: exp.Table) -> tuple[str, str, str] | None:
        """Return where a table or view lies, None if it cannot be told."""
        if not isinstance(table.this, exp.Identifier):
            return None
        database, schema = self._facts
        name, named = table.name.lower(), table.db.lower()
        if table.catalog:
            places = [(table.catalog.lower(), named)]
        elif named:
            places = [(database, named), ("temp", named)]
        else:
            places = [("temp", "main"), (database, schema), (database, "main")]
        known = [(d.lower(), s.lower(), name) for d, s in places]
        return next((place for place in known if place in self._relations), None)

    def columns(self, query: exp.Expr) -> list[str] | None:
        """Return the columns of a query, None where it cannot stand alone."""
        try:
            self.connection.execute(f"SELECT * FROM ({text(query)}) AS __fame_columns LIMIT 0")
        except duckdb.Error:
            return None
        return [column[0] for column in self.connection.description or []]
