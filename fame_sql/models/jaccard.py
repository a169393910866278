"""Jaccard similarity: the share of words that two texts have in common, of those in either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable


class JaccardIndex:
    """Sets of words, to find those that resemble another set.

    Parameters
    ----------
    known : iterable of collections of str
        The sets, each without duplicates.
    """

    def __init__(self, known: Iterable[Collection[str]]) -> None:
        self._sizes: list[int] = []
        self._with_word: dict[str, list[int]] = {}
        for number, words in enumerate(known):
            self._sizes.append(len(words))
            for word in words:
                self._with_word.setdefault(word, []).append(number)

    def similarities(self, words: Collection[str]) -> dict[int, float]:
        """Return the similarity to every known set that shares a word, by its number."""
        shared = Counter(number for word in words for number in self._with_word.get(word, ()))
        size = len(words)
        return {
            number: count / (size + self._sizes[number] - count) for number, count in shared.items()
        }

    def nearest(self, words: Collection[str]) -> tuple[int, float] | None:
        """Return the most similar known set and its similarity, the first of equals.

        None where no known set shares a word.
        """
        found = self.similarities(words)
        if not found:
            return None
        best = min(found, key=lambda number: (-found[number], number))
        return best, found[best]
