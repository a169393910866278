"""Masking of secrets, addresses and names in a text.

Text in logs is hostile: every kind takes linear time, so that no text can stop a program.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from fame_sql.redaction.kinds import Traits, kinds

_SHORT = 2000


def mask_text(text: str, counts: Counter[str]) -> str:
    """Return ``text`` with everything of a known kind replaced, and count it by kind."""
    # A line is a message once, and a neighbour or an example often.
    masked, found = _remembered(text) if len(text) <= _SHORT else _masked(text)
    for name, count in found:
        counts[name] += count
    return masked


@lru_cache(maxsize=4096)
def _remembered(text: str) -> tuple[str, tuple[tuple[str, int], ...]]:
    return _masked(text)


def _masked(text: str) -> tuple[str, tuple[tuple[str, int], ...]]:
    """Return a masked text, and how much of each kind was masked."""
    counts: list[tuple[str, int]] = []
    traits = Traits.of(text)
    for kind in kinds():
        masked, found = kind.mask(text, traits)
        if found:
            counts.append((kind.name, found))
            text, traits = masked, Traits.of(masked)
    return text, tuple(counts)


def known_format_in(text: str) -> str | None:
    """Return the kind of the first known format that still occurs in a text, or None."""
    traits = Traits.of(text)
    left = (k.name for k in kinds() if k.known_format and k.mask(text, traits)[0] != text)
    return next(left, None)
