"""The features of labelled events as sparse matrices, from which heads are fitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.students.words.reading import (
    Feature,
    by_kind,
    features_of,
    in_order,
    pairs_of,
    words_of,
)

Floats = npt.NDArray[np.float64]

MOST = 60_000
"""Maximum number of features; those that occur in most units are kept."""


class WordCounts:
    """Which features occur in each text.

    Parameters
    ----------
    texts : sequence of str
        Canonical texts.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        read = [_units(text) for text in texts]
        units = {unit: place for place, unit in enumerate(sorted(set(chain(*read))))}
        found = [features_of(unit) for unit in units]
        self.features = _most_frequent(found)
        places = {feature: place for place, feature in enumerate(self.features)}
        self._texts = _matrix(read, units) @ _matrix(found, places)
        self._texts.data[:] = 1.0

    def rows(self, rows: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], Floats, Any]:
        """Return the features of some texts, their rarities, and what each text has of them.

        Parameters
        ----------
        rows : bool array
            [texts] the texts; features of others are left out.

        Returns
        -------
        int64 array
            Places of the features among :attr:`features`.
        float64 array
            [features] the rarity of each: its inverse document frequency among these texts,
            ``ln((1 + texts) / (1 + texts with it)) + 1``.
        sparse matrix
            [rows, features] the rarities of each text's features, scaled to the length 1.
        """
        from scipy.sparse import diags

        texts = self._texts[np.flatnonzero(rows)]
        frequency = np.asarray(texts.sum(axis=0)).ravel()
        known = np.flatnonzero(frequency)
        rarity = np.log((1 + texts.shape[0]) / (1 + frequency[known])) + 1
        rare = texts[:, known] @ diags(rarity)
        length = np.sqrt(np.asarray(rare.multiply(rare).sum(axis=1)).ravel())
        return known, rarity, (diags(1 / np.where(length > 0, length, 1)) @ rare).tocsr()


def _units(text: str) -> list[str]:
    words = words_of(text)
    return [*words, *pairs_of(words)]


def _most_frequent(found: Sequence[Iterable[Feature]]) -> list[Feature]:
    """Return the features in the order in which they are stored."""
    frequency = Counter(chain.from_iterable(found))
    kept = sorted(frequency, key=lambda feature: (-frequency[feature], feature))[:MOST]
    return in_order(by_kind(sorted(kept)))


def _matrix(rows: Sequence[Iterable[Any]], places: dict[Any, int]) -> Any:
    """Return a sparse matrix that is not 0 where a thing occurs in a row."""
    from scipy.sparse import csr_matrix

    entries = [
        (number, places[thing])
        for number, row in enumerate(rows)
        for thing in row
        if thing in places
    ]
    row, column = np.array(entries, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(row))
    return csr_matrix((ones, (row, column)), shape=(len(rows), len(places)), dtype=np.float64)
