"""The formats that there are, by name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from fame_sql.errors import InputError
from fame_sql.ingest.formats.definition import Format, read_format, read_own_format

ANYTHING = "text"
"""The format that accepts any line."""

NAMED = "named with --format"
"""The reason for a format that the user has named."""

VARIABLE = "FAME_FORMATS"
"""The environment variable that names files and folders of formats."""

# Of two formats that fit equally well, the one that comes first here is taken.
_ORDER = ("bgl", "thunderbird")
GENERAL = ("jsonl", "rfc5424", "syslog", "access", "klog")
"""Formats of which others are a special case."""


def known_formats(own: Iterable[Path] = ()) -> dict[str, Format]:
    """Return the formats by name, the one that accepts any line last.

    Parameters
    ----------
    own : iterable of Path
        Files and folders of further formats, beside those of ``$FAME_FORMATS``. A format of the
        user comes before one that comes with fame-sql, and replaces one of its name.

    Raises
    ------
    InputError
        If a file does not define a format.
    """
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    places = (*own, *(Path(name) for name in named if name))
    return _known(tuple(file for place in places for file in _files(place)))


@cache
def _known(own: tuple[Path, ...]) -> dict[str, Format]:
    added = {known.name: known for known in map(read_own_format, own)}
    found = {**{name: added[name] for name in added if name != ANYTHING}, **_shipped(), **added}
    return {name: _extended(known, found) for name, known in found.items()}


def _extended(known: Format, formats: Mapping[str, Format]) -> Format:
    if not known.extends:
        return known
    if known.extends not in formats:
        raise InputError(
            f"the format {known.name} extends {known.extends!r}: use one of {', '.join(formats)}"
        )
    keys = {column: tuple(names) for column, names in formats[known.extends].keys.items()}
    for column, names in known.keys.items():
        keys[column] = tuple(dict.fromkeys((*names, *keys.get(column, ()))))
    return replace(known, keys=keys)


@cache
def _shipped() -> dict[str, Format]:
    folder = files("fame_sql.ingest.formats")
    found = [read_format(file) for file in folder.iterdir() if file.name.endswith(".toml")]
    found.sort(key=lambda known: _place(known.name))
    return {known.name: known for known in found}


def _place(name: str) -> tuple[int, str]:
    if name in _ORDER:
        return (_ORDER.index(name), name)
    if name in GENERAL:
        return (1000 + GENERAL.index(name), name)
    return (2000 if name == ANYTHING else 500, name)


def _files(place: Path) -> list[Path]:
    if place.is_dir():
        return sorted(place.glob("*.toml"))
    if not place.is_file():
        raise InputError(f"there is no format file {place}: name a .toml file, or a folder of them")
    return [place]
