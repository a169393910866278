"""What a words student reads of a text: words, pairs of neighbouring words, runs of letters.

A text is a sequence of *units*: its words, and each pair of neighbours. A unit has *features*: the
word itself and the runs of three letters in it, or the pair. A process reads each unit once.

A feature counts once in a text, and rare ones count more: on two logs of real machines this ranked
unseen templates better than counts did (``docs/design/detection.md``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

RUN = 3
"""Length of a run of letters."""

WORD, PAIR, PART = "word", "pair", "part"
KINDS = (WORD, PAIR, PART)
"""The kinds of features, in the order in which they are stored."""

Feature = tuple[str, str]
"""The kind of a feature, and its text."""


def words_of(text: str) -> list[str]:
    """Return the words of a canonical text, in lower case."""
    return text.lower().split()


def pairs_of(words: Sequence[str]) -> Iterable[str]:
    """Return the pairs of neighbouring words; a space separates the two."""
    return map(" ".join, pairwise(words))


def features_of(unit: str) -> set[Feature]:
    """Return the features of a unit."""
    if " " in unit:
        return {(PAIR, unit)}
    padded = f" {unit} "
    parts = (padded[start : start + RUN] for start in range(len(padded) - RUN + 1))
    return {(WORD, unit), *((PART, part) for part in parts)}


def by_kind(features: Iterable[Feature]) -> dict[str, list[str]]:
    """Group features by kind, in their order."""
    grouped: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind, text in features:
        grouped[kind].append(text)
    return grouped


def in_order(grouped: Mapping[str, Sequence[str]]) -> list[Feature]:
    """Return grouped features in the order in which they are stored."""
    return [(kind, text) for kind in KINDS for text in grouped[kind]]
