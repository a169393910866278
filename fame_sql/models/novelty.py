"""Novelty: the distance of a message from the templates known at training time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"[^\W\d_]{2,}")
_PLACEHOLDER = re.compile(r"<[^<> ]*>")


def words(text: str) -> frozenset[str]:
    """Return the distinct words of a canonical text or template, without placeholders.

    A word has two or more letters of any script.
    """
    return frozenset(_WORD.findall(_PLACEHOLDER.sub(" ", text).lower()))


class NoveltyIndex:
    """An index of the words of known templates, to find the distance to the nearest one.

    Parameters
    ----------
    templates : iterable of str
        The texts of the known templates.
    """

    def __init__(self, templates: Iterable[str]) -> None:
        self._sizes: list[int] = []
        self._with_word: dict[str, list[int]] = {}
        for number, template in enumerate(templates):
            known = words(template)
            self._sizes.append(len(known))
            for word in known:
                self._with_word.setdefault(word, []).append(number)

    def novelty(self, texts: Iterable[str]) -> npt.NDArray[np.float64]:
        """Return one minus the largest Jaccard similarity with the words of a known template.

        Returns
        -------
        ndarray of float, shape (n,)
            In [0, 1]: 0 for the same words as a known template, 1 for no common word.
        """
        return np.array([self._of_one(words(text)) for text in texts], dtype=np.float64)

    def _of_one(self, found: frozenset[str]) -> float:
        shared = Counter(n for word in found for n in self._with_word.get(word, ()))
        nearest = (
            count / (len(found) + self._sizes[number] - count) for number, count in shared.items()
        )
        return 1.0 - max(nearest, default=0.0)
