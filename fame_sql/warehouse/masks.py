"""Choose the masks of a new warehouse: which numbers, paths and names a model reads.

Events are made with the masks, so they are chosen before the first line is ingested.
"""

from __future__ import annotations

import csv
from pathlib import Path

from fame_sql.canonical.canonical import Mask, Recipe, default_recipe
from fame_sql.errors import InputError
from fame_sql.files import read_text
from fame_sql.warehouse.definitions import define
from fame_sql.warehouse.recipe import write_recipe
from fame_sql.warehouse.warehouse import Warehouse

NAMED: dict[str, frozenset[str]] = {
    "first-digit": frozenset(),
    "whole-numbers": frozenset({"number of two digits", "number of three digits"}),
}
"""Named recipes, and the default masks that each leaves out."""
COLUMNS = ("name", "pattern", "placeholder")


def choose_masks(name: str) -> Recipe:
    """Return the recipe that a name stands for.

    Parameters
    ----------
    name : str
        ``"first-digit"``, the default; ``"whole-numbers"``, which keeps numbers of up to three
        digits as they are and makes more events; or a CSV file with the columns ``name``,
        ``pattern`` and ``placeholder``, one mask per row, applied in this order.

    Raises
    ------
    InputError
        If it is no such name or file, or the file holds no masks.
    """
    if name in NAMED:
        kept = (mask for mask in default_recipe().masks if mask.name not in NAMED[name])
        return Recipe(tuple(kept))
    if not Path(name).is_file():
        raise InputError(
            f"masks {name!r}: there is no such file; name a CSV file of masks, or "
            f"{' or '.join(NAMED)}"
        )
    return Recipe(tuple(_read(Path(name))))


def _read(path: Path) -> list[Mask]:
    """Read the masks of a CSV file."""
    try:
        rows = list(csv.DictReader(read_text(path).removeprefix("\ufeff").splitlines()))
    except csv.Error as error:
        raise InputError(f"masks {path} cannot be read: {error}") from None
    if not rows or any(row.get(column) is None for row in rows for column in COLUMNS):
        raise InputError(
            f"masks {path}: every line needs {', '.join(COLUMNS[:-1])} and {COLUMNS[-1]}, as "
            "named in the first line"
        )
    return [Mask(row["name"], row["pattern"], row["placeholder"]) for row in rows]


def set_masks(warehouse: Warehouse, recipe: Recipe) -> None:
    """Set the masks of a warehouse without events; setting the same masks changes nothing.

    Parameters
    ----------
    warehouse : Warehouse
        Open for writing.
    recipe : Recipe
        From :func:`choose_masks`.

    Raises
    ------
    InputError
        If the warehouse holds events that were made with other masks.
    """
    if recipe == warehouse.recipe():
        return
    if warehouse.value("SELECT count(*) FROM fame.events"):
        raise InputError(
            f"{warehouse.path} holds events made with other masks: choose them for a new "
            "warehouse, as in 'fame ingest FILE --masks NAME --warehouse NEW.duckdb'"
        )
    with warehouse.transaction():
        write_recipe(warehouse.connection, recipe)
        define(warehouse.connection)
