"""Novelty: the distance of a message from the templates known at training time."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from fame_sql.models.jaccard import JaccardIndex

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
        self._known = JaccardIndex(words(template) for template in templates)

    def novelty(self, texts: Iterable[str]) -> npt.NDArray[np.float64]:
        """Return one minus the largest Jaccard similarity with the words of a known template.

        Returns
        -------
        ndarray of float, shape (n,)
            In [0, 1]: 0 for the same words as a known template, 1 for no common word.
        """
        nearest = (self._known.similarities(words(text)) for text in texts)
        return np.array(
            [1.0 - max(alike.values(), default=0.0) for alike in nearest], dtype=np.float64
        )
