"""Provisional templates: the pattern of a text that no mined template matches yet.

A provisional template is a pure function of one canonical text. Words that hold a value (a digit,
or what a mask left) become wildcards and all other words stay. So it is the same whatever was read
before, in every warehouse and on every engine, and it never changes. ``fame.provisional_template``
computes the same in SQL (``sql/warehouse/macros/00_provisional.sql``).
"""

from __future__ import annotations

import hashlib
import re

PREFIX = "new-"
"""How the identity of a provisional template begins; that of a mined template is a plain hash."""

WILDCARD = "<*>"

_VALUE = re.compile(r"[0-9#]|<[^<> ]*>")
_VALUES = re.compile(r"(?:[0-9#]|<[^<> ]*>)+")


def provisional_template(canonical: str) -> str:
    """Return the provisional template of a canonical text.

    Where more than half of the words hold values, as in ``user=<id> status=5##``, only the values
    inside the words become wildcards, because the names beside them tell such texts apart.
    """
    words = [WILDCARD if _VALUE.search(word) else word for word in canonical.split(" ")]
    if 2 * words.count(WILDCARD) > len(words):
        return _VALUES.sub(WILDCARD, canonical)
    return " ".join(words)


def provisional_id(canonical: str) -> str:
    """Return the identity of the provisional template of a canonical text."""
    template = provisional_template(canonical)
    return PREFIX + hashlib.md5(template.encode()).hexdigest()[:16]
