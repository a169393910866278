"""A connection whose statements are planned: the choice ``connect(.., plan=True)``."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import duckdb

from fame_sql.scoring.on_demand import Parameters
from fame_sql.session.query import plan_and_tell
from fame_sql.session.query import query as run_query
from fame_sql.udfs.duckdb import release


class PlannedConnection:
    """A DuckDB connection that plans what ``sql``, ``query`` and ``execute`` are given.

    Rows, types and names are those of the connection without the planner. Everything else is the
    connection's own: ``register``, ``table``, ``fetchall``, ``df`` and so on. A relation of ``sql``
    holds answers for the lines of the moment at which it is made.

    Parameters
    ----------
    plain : duckdb.DuckDBPyConnection
        A connection with the live functions; ``fame_sql.query`` and ``register`` take it.
    """

    def __init__(self, plain: duckdb.DuckDBPyConnection) -> None:
        self.plain = plain
        # A table of Python is looked for where the statement is given, beyond this class.
        plain.execute("SET python_scan_all_frames = true")

    def execute(self, query: str, parameters: Parameters = None) -> Self:
        """Run a statement; the result is fetched from this connection."""
        run_query(self.plain, query, parameters)
        return self

    def sql(
        self, query: str, *, alias: str = "", params: Parameters = None
    ) -> duckdb.DuckDBPyRelation:
        """Return the relation of a query; None for a statement that is none."""
        plan = plan_and_tell(self.plain, query, params)
        return self.plain.sql(plan.statement, alias=alias, params=plan.parameters)

    query = sql
    from_query = sql

    def cursor(self) -> PlannedConnection:
        """Return a cursor, which plans as well."""
        return PlannedConnection(self.plain.cursor())

    def close(self) -> None:
        """Remove the functions that were registered through this connection, and close it."""
        release(self.plain)
        self.plain.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *dir(self.plain)})
