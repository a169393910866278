"""The parameters of a message: what stands behind its template's wildcards, as SQL reads it.

A message is split at white space, and its words are aligned with the template's by their places.
Each kind of parameter is a pattern that RE2 and Python read alike: ``fame.value_bins``
(``sql/warehouse/macros``) is made of the same patterns.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from fame_sql.canonical.canonical import MAX_CHARACTERS

Kind = Literal["number", "form", "unit", "path", "token"]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""A number; whether it is whole; what follows it; the first folders of a path; the word itself."""

WHITE_SPACE = r"[ \t\n\v\f\r]+"
NUMBER = (
    r"[^A-Za-z0-9+.-]*(?:[A-Za-z_][A-Za-z0-9_]*[=:])?[^A-Za-z0-9+.-]*"
    r"([+-]?[0-9]{1,15}(?:[.][0-9]{1,9})?)([A-Za-z%]{0,8})[^A-Za-z0-9]*"
)
PATH = r"[^A-Za-z0-9/]*((?:/[^/]+){1,2}).*"

IN_SQL = {"number": f"^{NUMBER}$", "path": f"^{PATH}$"}
"""The patterns as SQL searches for them."""

LONGEST = 64
"""A longer word is no category."""

_SPACE, _NUMBER, _PATH = (re.compile(pattern, re.ASCII) for pattern in (WHITE_SPACE, NUMBER, PATH))


def words_of(message: str) -> list[str]:
    """Return the words of a message."""
    text = message[:MAX_CHARACTERS].strip(" \t\n\v\f\r")
    return _SPACE.split(text)


def read_number(word: str) -> float | None:
    """Return the number of a word, None if it has none or is more than one."""
    found = _NUMBER.fullmatch(word)
    return float(found[1]) if found else None


def read_category(kind: Kind, word: str) -> str | None:
    """Return a parameter that is no number, None if the word has none."""
    if kind == "token":
        return word if len(word) <= LONGEST else None
    if kind == "path":
        found = _PATH.fullmatch(word)
        return found[1] if found and len(found[1]) <= LONGEST else None
    found = _NUMBER.fullmatch(word)
    if found is None:
        return None
    if kind == "unit":
        return found[2]
    return "fraction" if "." in found[1] else "whole"
