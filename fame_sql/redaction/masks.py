"""Masking of secrets, addresses and names in a text.

Text in logs is hostile: every kind takes linear time, so that no text can stop a program.
"""

from __future__ import annotations

from collections import Counter

from fame_sql.redaction.kinds import kinds


def mask_text(text: str, counts: Counter[str]) -> str:
    """Return ``text`` with everything of a known kind replaced, and count it by kind."""
    lowered = text.lower()
    for kind in kinds():
        masked, found = kind.mask(text, lowered)
        if found:
            counts[kind.name] += found
            text, lowered = masked, masked.lower()
    return text


def known_format_in(text: str) -> str | None:
    """Return the kind of the first known format that still occurs in a text, or None."""
    lowered = text.lower()
    left = (k.name for k in kinds() if k.known_format and k.mask(text, lowered)[0] != text)
    return next(left, None)
