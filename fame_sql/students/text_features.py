"""The features of a text, weighted and summed as scikit-learn's ``TfidfVectorizer`` does.

Training fits scikit-learn's own vectorizer. Scoring needs only its vocabulary and its weights:
importing scikit-learn takes longer than scoring thousands of texts, and reading each word once is
several times faster. The results are the same bits; a property test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Letters = Literal["unicode", "ascii"]
"""The letters of bare words: those of any script, or, in older folders, only a to z."""

# Texts are in lower case, so both are equal on ASCII.
_LETTER: dict[Letters, str] = {"unicode": r"[^\W\d_]", "ascii": "[a-z]"}

WORD = r"[^\s]+"
"""The pattern of a word with its punctuation."""

LENGTHS = (2, 4)
"""Least and greatest length of a run of characters."""

# A process meets the same words again and again. Longer ones are rarely met twice.
_WORDS_KEPT, _LONGEST_KEPT = 1 << 16, 64


def bare_word(letters: Letters) -> str:
    """Return the pattern of a word without punctuation, or a number."""
    return rf"{_LETTER[letters]}{{2,}}|[0-9]+#*"


class FeatureSum:
    """One set of features of a text: reads them, and adds up their weights.

    Parameters
    ----------
    pattern : str or None
        The pattern of words, which are read one by one and in pairs; None for runs of characters
        within words.
    vocabulary : sequence of str
        The known features, in order.
    idf, coefficients : float64 array
        Inverse document frequency and coefficient of each feature, shape [n].
    """

    def __init__(
        self, pattern: str | None, vocabulary: Sequence[str], idf: Floats, coefficients: Floats
    ) -> None:
        self._places = {feature: place for place, feature in enumerate(vocabulary)}
        self._idf, self._coefficients = idf, coefficients
        self._read = self._runs if pattern is None else self._words(re.compile(pattern))
        self._kept = lru_cache(_WORDS_KEPT)(self._runs_of_word)

    def total(self, texts: Sequence[str]) -> Floats:
        """Return the sum for each text, shape [texts]."""
        found = [self._read(text.lower()) for text in texts]
        size = max(len(self._places), 1)
        keys = np.fromiter(
            (i * size + p for i, places in enumerate(found) for p in places), np.int64
        )
        # Ordered by text and feature: sums of floats depend on the order.
        keys, counts = np.unique(keys, return_counts=True)
        row, place = np.divmod(keys, size)
        weight = (np.log(counts.astype(np.float64)) + 1.0) * self._idf[place]
        norm = np.sqrt(np.bincount(row, weight * weight, len(texts)))
        scaled = weight / norm[row] * self._coefficients[place]
        return np.bincount(row, scaled, len(texts)).astype(np.float64)

    def _words(self, pattern: re.Pattern[str]) -> Callable[[str], list[int]]:
        def read(text: str) -> list[int]:
            words = pattern.findall(text)
            return self._known([*words, *map(" ".join, pairwise(words))])

        return read

    def _runs(self, text: str) -> list[int]:
        found: list[int] = []
        for word in text.split():
            found += self._kept(word) if len(word) <= _LONGEST_KEPT else self._runs_of_word(word)
        return found

    def _runs_of_word(self, word: str) -> list[int]:
        """Return the runs of characters of a word between spaces, as ``char_wb`` reads them."""
        padded = f" {word} "
        least, most = LENGTHS
        # A word shorter than a run is one run, once.
        most = min(most, max(len(padded), least))
        runs = (
            padded[start : start + length]
            for length in range(least, most + 1)
            for start in range(len(padded) - length + 1)
        )
        return self._known(runs)

    def _known(self, features: Iterable[str]) -> list[int]:
        return [place for f in features if (place := self._places.get(f)) is not None]
