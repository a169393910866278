"""The words of labelled events as sparse matrices, from which heads are fitted."""

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

MOST = 60_000
"""Maximum number of features; those that occur in most units are kept."""


class WordCounts:
    """How often each feature occurs in each text.

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
        self._texts = _matrix(read, units)
        self._units = _matrix(found, places)

    def rows(self, rows: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], Any]:
        """Return the features of some texts, and each text's counts divided by its length.

        Parameters
        ----------
        rows : bool array
            [texts] the texts; features of others are left out.

        Returns
        -------
        int64 array
            Places of the features among :attr:`features`.
        sparse matrix
            [rows, features] counts of each text, scaled to the length 1.
        """
        from scipy.sparse import diags

        texts = self._texts[np.flatnonzero(rows)]
        known = np.flatnonzero(np.asarray((texts @ self._units).sum(axis=0)).ravel())
        units = self._units[:, known]
        squared = np.asarray(units.multiply(units).sum(axis=1)).ravel()
        length = np.sqrt(np.maximum(texts @ squared, 1))
        return known, (diags(1 / length) @ (texts @ units)).tocsr()


def _units(text: str) -> list[str]:
    words = words_of(text)
    return [*words, *pairs_of(words)]


def _most_frequent(found: Sequence[Counter[Feature]]) -> list[Feature]:
    """Return the features in the order in which they are stored."""
    frequency = Counter(chain.from_iterable(found))
    kept = sorted(frequency, key=lambda feature: (-frequency[feature], feature))[:MOST]
    return in_order(by_kind(sorted(kept)))


def _matrix(rows: Sequence[Iterable[Any]], places: dict[Any, int]) -> Any:
    """Return a sparse matrix of how often each thing occurs in each row."""
    from scipy.sparse import csr_matrix

    counted = [row if isinstance(row, Counter) else Counter(row) for row in rows]
    entries = [
        (number, places[thing], count)
        for number, row in enumerate(counted)
        for thing, count in row.items()
        if thing in places
    ]
    row, column, count = np.array(entries, dtype=np.int64).reshape(-1, 3).T
    return csr_matrix((count, (row, column)), shape=(len(rows), len(places)), dtype=np.float64)
