"""Masking of secrets, addresses and names in a text.

Text in logs is hostile: every kind takes linear time, so that no text can stop a program.
"""

from __future__ import annotations

from collections import Counter

from fame_sql.redaction.kinds import Traits, kinds


def mask_text(text: str, counts: Counter[str]) -> str:
    """Return ``text`` with everything of a known kind replaced, and count it by kind."""
    traits = Traits.of(text)
    for kind in kinds():
        masked, found = kind.mask(text, traits)
        if found:
            counts[kind.name] += found
            text, traits = masked, Traits.of(masked)
    return text


def known_format_in(text: str) -> str | None:
    """Return the kind of the first known format that still occurs in a text, or None."""
    traits = Traits.of(text)
    left = (k.name for k in kinds() if k.known_format and k.mask(text, traits)[0] != text)
    return next(left, None)
