"""The masks of secrets, addresses and names, which are data (``masks.csv``).

Text in logs is hostile: every pattern takes linear time, so that no text can stop a program.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class RedactionMask:
    """A kind of text that is masked.

    Parameters
    ----------
    kind : str
        Its name, for the counts.
    known_format : bool
        Whether the pattern alone identifies it, so that it must not occur in what has been masked.
    pattern : re.Pattern
        Matches the text.
    placeholder : str
        Replaces the text; group references as in :func:`re.sub`.
    """

    kind: str
    known_format: bool
    pattern: re.Pattern[str]
    placeholder: str


@cache
def redaction_masks() -> tuple[RedactionMask, ...]:
    """Return the masks in the order of application."""
    text = files("fame_sql.redaction").joinpath("masks.csv").read_text(encoding="utf-8")
    return tuple(
        RedactionMask(
            row["kind"],
            row["known_format"] == "yes",
            re.compile(row["pattern"]),
            row["placeholder"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def mask_text(text: str, counts: Counter[str]) -> str:
    """Return ``text`` with everything that the masks match replaced, and count it by kind."""
    for mask in redaction_masks():
        text, found = mask.pattern.subn(mask.placeholder, text)
        if found:
            counts[mask.kind] += found
    return text
