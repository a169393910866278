"""The canonical recipe of a warehouse: its masks, stored in ``fame.masks``."""

from __future__ import annotations

import duckdb

from fame_sql.canonical.canonical import Mask, Recipe


def read_recipe(connection: duckdb.DuckDBPyConnection) -> Recipe:
    """Return the canonical recipe stored in the warehouse that ``connection`` reads."""
    masks = connection.execute(
        "SELECT name, pattern, placeholder FROM fame.masks ORDER BY ordinal"
    ).fetchall()
    return Recipe(tuple(Mask(name, pattern, text) for name, pattern, text in masks))


def write_recipe(connection: duckdb.DuckDBPyConnection, recipe: Recipe) -> None:
    """Store a recipe in place of the one before; the views and macros are defined afterwards."""
    connection.execute("DELETE FROM fame.masks")
    connection.executemany(
        "INSERT INTO fame.masks VALUES (?, ?, ?, ?)",
        [[i, m.name, m.pattern, m.placeholder] for i, m in enumerate(recipe.masks, 1)],
    )
