"""Every SQL statement of fame-sql, as files, loaded by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


@cache
def load(name: str) -> str:
    """Return the text of the SQL file called ``name``.

    Parameters
    ----------
    name : str
        Path below ``sql/`` without the ending, for example ``"queries/status"``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def names(folder: str) -> list[str]:
    """Return the names of the SQL files in a folder below ``sql/``, sorted."""
    found: list[Traversable] = list(files(__name__).joinpath(folder).iterdir())
    return sorted(f"{folder}/{f.name[:-4]}" for f in found if f.name.endswith(".sql"))
