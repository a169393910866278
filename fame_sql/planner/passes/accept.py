"""The last pass: whether the planned statement can stand for the user's."""

from __future__ import annotations

from sqlglot import exp

from fame_sql.planner.context import Context
from fame_sql.planner.errors import NotPlannedError
from fame_sql.planner.tree import text


def accept(query: exp.Query, context: Context) -> exp.Query:
    """Refuse a planned statement that DuckDB does not accept, or whose columns have other names.

    Before and after: the statement to be run

    Refused: ``SELECT body, __fame_1_score FROM (..) GROUP BY CUBE (body)``
    """
    catalog = context.catalog
    if not catalog.accepts(f"{context.statement.head} {text(query)}"):
        raise NotPlannedError("DuckDB does not accept it as the planner writes it")
    if _lower(context.names) != _lower(catalog.described(text(query))):
        raise NotPlannedError("its columns would have other names")
    return query


def _lower(names: list[str] | None) -> list[str] | None:
    return names and [name.lower() for name in names]
