"""Quote text and names for SQL, where a statement cannot take them as parameters.

Text from logs never goes through here: it is passed as parameters or in Arrow tables. Names of
columns, paths (DuckDB's ATTACH and COPY take no parameters) and definitions (a view or macro has no
parameters of its own) do.
"""

from __future__ import annotations

from pathlib import Path


def literal(text: str | Path) -> str:
    """Return text or a path as a SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def literals(texts: list[str]) -> str:
    """Return texts as the elements of a SQL list, separated by commas."""
    return ", ".join(literal(text) for text in texts)


def identifier(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
