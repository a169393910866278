"""Log anomaly detection as a SQL function over a DuckDB log warehouse.

>>> import fame_sql
>>> connection = fame_sql.connect("warehouse.duckdb")  # doctest: +SKIP
>>> connection.sql("SELECT * FROM logs WHERE fame_score(body) > 0.5")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fame_sql.session.query import query
    from fame_sql.session.session import connect, register

__version__ = "0.1.0"
__all__ = ["__version__", "connect", "query", "register"]


def __getattr__(name: str) -> object:
    """Import what needs DuckDB when it is asked for."""
    if name == "query":
        from fame_sql.session import query

        return query.query
    if name in ("connect", "register"):
        from fame_sql.session import session

        return getattr(session, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
