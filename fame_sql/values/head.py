"""A value head: the weights of a template's values, and the score that they give a message.

    log-odds = keep · log-odds of the event's verdict + intercept + sum of the bins' weights

All terms are whole millionths, so that no order of adding them changes a bit, in any engine. The
published score has four decimals; ``tests/values`` shows that none of the floats between the sum
and these decimals can be rounded differently by two engines.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from fame_sql.canonical.parameters import KINDS, Kind, read_category, read_number, words_of

SCALE = 1_000_000
"""Weights are multiples of one divided by this."""

DIGITS = 4
"""Decimals of a published score."""

MOST = 16 * SCALE
"""No sum is further from zero: its score would be 0 or 1 to twice the published decimals."""

_STEPS = 10_000  # of a score with four decimals
_LEAST_SCORE = 0.0001


@dataclass(frozen=True, slots=True)
class Bin:
    """The weight of some values at one place of a template.

    Parameters
    ----------
    place : int
        The word of the message, from 1.
    kind : str
        What is read of the word.
    low, high : float or None
        For a number: at least ``low`` and below ``high``; None is no bound.
    category : str or None
        For any other kind.
    weight : int
        Log-odds that it adds, in millionths.
    """

    place: int
    kind: Kind
    low: float | None
    high: float | None
    category: str | None
    weight: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a bin reads {self.kind!r}")

    def holds(self, word: str) -> bool:
        """Return whether the bin holds a word."""
        if self.kind != "number":
            return read_category(self.kind, word) == self.category
        number = read_number(word)
        return (
            number is not None
            and (self.low is None or number >= self.low)
            and (self.high is None or number < self.high)
        )


@dataclass(frozen=True)
class ValueHead:
    """The weights of one template's values.

    Parameters
    ----------
    template_id : str
        The template.
    keep : int
        Weight of the log-odds of the event's own verdict, in millionths.
    intercept : int
        Log-odds of a message none of whose values is in a bin, in millionths.
    bins : tuple of Bin
        The weights.
    """

    template_id: str
    keep: int
    intercept: int
    bins: tuple[Bin, ...]

    @cached_property
    def _by_place(self) -> Mapping[int, tuple[Bin, ...]]:
        places = sorted({one.place for one in self.bins})
        return {place: tuple(b for b in self.bins if b.place == place) for place in places}

    def held(self, message: str) -> Iterator[tuple[Bin, str]]:
        """Yield the bins that hold the values of a message, each with its word."""
        words = words_of(message)
        for place, bins in self._by_place.items():
            if place <= len(words):
                yield from ((one, words[place - 1]) for one in bins if one.holds(words[place - 1]))

    def named(self, message: str) -> Iterator[tuple[str, int]]:
        """Yield the values that count, each with the word before it, and their weights."""
        words = words_of(message)
        weights: dict[int, int] = {}
        for one, _ in self.held(message):
            weights[one.place] = weights.get(one.place, 0) + one.weight
        for place, weight in weights.items():
            yield " ".join(words[max(place - 2, 0) : place]), weight

    def base(self, score: float) -> int:
        """Return what is added to the bins, given the score of the event's own verdict."""
        return kept_log_odds(self.keep, score) + self.intercept

    def log_odds(self, message: str, score: float) -> int:
        """Return the log-odds of a message in millionths, given its event's score."""
        return self.base(score) + sum(one.weight for one, _ in self.held(message))

    def score(self, message: str, score: float) -> float:
        """Return the score of a message, given that of its event's own verdict."""
        return score_of(self.log_odds(message, score))


def kept_log_odds(keep: int, score: float) -> int:
    """Return a share of the log-odds of a published score, in millionths."""
    inside = min(max(score, _LEAST_SCORE), 1 - _LEAST_SCORE)
    log_odds = math.floor(math.log(inside / (1 - inside)) * SCALE + 0.5)
    return math.floor(keep * log_odds / SCALE + 0.5)


def score_of(log_odds: int) -> float:
    """Return the published score of log-odds in millionths."""
    inside = min(max(log_odds, -MOST), MOST)
    return math.floor(1 / (1 + math.exp(-inside / SCALE)) * _STEPS + 0.5) / _STEPS
