"""Log anomaly detection as a SQL function over a DuckDB log warehouse.

>>> import fame_sql
>>> connection = fame_sql.connect("warehouse.duckdb")  # doctest: +SKIP
>>> connection.sql("SELECT * FROM logs WHERE fame_score(body) > 0.5")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fame_sql import planner
    from fame_sql.session.query import query
    from fame_sql.session.session import connect, register

__version__ = "0.1.0"
__all__ = ["__version__", "connect", "planner", "query", "register"]

_HOMES = {
    "connect": "fame_sql.session.session",
    "register": "fame_sql.session.session",
    "query": "fame_sql.session.query",
}


def __getattr__(name: str) -> object:
    """Import what needs DuckDB when it is asked for."""
    if name == "planner":
        return import_module("fame_sql.planner")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what the package offers, before it is imported as well."""
    return sorted({*globals(), *__all__})
