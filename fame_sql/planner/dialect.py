"""SQL as sqlglot reads and writes it for DuckDB."""

from __future__ import annotations

from sqlglot import exp

DIALECT = "duckdb"


def text(tree: exp.Expr) -> str:
    """Return a tree as SQL, with the names of functions as they were written."""
    return tree.sql(dialect=DIALECT, normalize_functions=False)
