"""The formats that there are, by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fame_sql.ingest.formats.definition import Format, read_format

ANYTHING = "text"
"""The format that accepts any line."""

# Of two formats that fit equally well, the one that comes first here is taken.
_ORDER = ("bgl", "thunderbird", "jsonl", "rfc5424", "syslog", "access", "klog")


@cache
def known_formats() -> dict[str, Format]:
    """Return the formats that come with fame-sql, the one that accepts any line last."""
    folder = files("fame_sql.ingest.formats")
    found = [read_format(file) for file in folder.iterdir() if file.name.endswith(".toml")]
    found.sort(key=lambda known: (_place(known.name), known.name))
    return {known.name: known for known in found}


def _place(name: str) -> int:
    if name == ANYTHING:
        return len(_ORDER) + 1
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)
