"""A table of weights: every feature has one weight for each head.

    log-odds of a head = intercept + (sum of the weights of the text's features) / length

where each known feature of the text counts once, and the length is the Euclidean norm of their
rarities. Weights and squares of rarities are whole millionths, so that no order of adding them
changes a bit, on any machine.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
from fame_sql.files import parse_json
from fame_sql.students.generations import numbered
from fame_sql.students.words.reading import (
    PAIR,
    Feature,
    by_kind,
    features_of,
    in_order,
    pairs_of,
    words_of,
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

WEIGHTS, VOCABULARY = "words.safetensors", "words.json"

SCALE = 1_000_000
"""Weights are multiples of one divided by this."""

# A process meets the same words again and again. Longer ones are rarely met twice.
_UNITS_KEPT, _LONGEST_KEPT = 1 << 16, 64

# Texts whose units are in memory at the same time.
_TEXTS = 4096


class WordTable:
    """The weights of words for several heads.

    Parameters
    ----------
    features : sequence of Feature
        The vocabulary, each feature once.
    weights : int64 array
        [features, heads] weights in millionths.
    squares : int64 array
        [features] squares of the rarities, in millionths.
    intercepts : int64 array
        [heads] log-odds of a text without a known feature, in millionths.
    """

    def __init__(
        self,
        features: Sequence[Feature],
        weights: Integers,
        squares: Integers,
        intercepts: Integers,
    ) -> None:
        self.features = tuple(features)
        self.weights, self.squares, self.intercepts = weights, squares, intercepts
        self._columns = np.column_stack([weights, squares])
        self._places = {feature: place for place, feature in enumerate(self.features)}
        self._pairs = {text for kind, text in self.features if kind == PAIR}
        self._kept = lru_cache(_UNITS_KEPT)(self._known)

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Return the log-odds of each head, shape [texts, heads].

        The row of a text is the same, bit for bit, whatever other texts are given.
        """
        parts = [
            self._log_odds(texts[start : start + _TEXTS]) for start in range(0, len(texts), _TEXTS)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self.intercepts)))

    def _log_odds(self, texts: Sequence[str]) -> Floats:
        """Add up the sums of each text's units; the last column is the squared length."""
        # A unit that is new gets the next number.
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        units: list[int] = []
        counts: list[int] = []
        for text in texts:
            found = self._units(text)
            units += map(numbers.__getitem__, found)
            counts.append(len(found))
        read = [self._read(unit) for unit in numbers]
        row, unit = np.repeat(np.arange(len(texts)), counts), np.array(units, dtype=np.int64)
        total = np.zeros((len(texts), len(self.intercepts) + 1), dtype=np.int64)
        if read:
            _add(total, row, np.stack([sums for _, sums in read])[unit])
            again, place = self._repeated(row, unit, [places for places, _ in read])
            _add(total, again, -self._columns[place])
        length = np.sqrt(np.maximum(total[:, -1:], 1) / SCALE)
        return np.asarray((self.intercepts + total[:, :-1] / length) / SCALE)

    def _repeated(
        self, row: Integers, unit: Integers, places: Sequence[Integers]
    ) -> tuple[Integers, Integers]:
        """Return the features that several units of a text share: the row, and the place.

        One that ``n`` units share is returned ``n - 1`` times, since it counts once.
        """
        sizes = np.array([len(part) for part in places], dtype=np.int64)
        repeats = sizes[unit]
        # Where the features of each unit of each text lie, one unit after another.
        first = np.repeat((np.cumsum(sizes) - sizes)[unit], repeats)
        within = np.arange(len(first)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        size = max(len(self.features), 1)
        keys = np.sort(np.repeat(row, repeats) * size + np.concatenate(places)[first + within])
        return np.divmod(keys[1:][keys[1:] == keys[:-1]], size)

    def _units(self, text: str) -> list[str]:
        """Return the words of a text, and its known pairs."""
        words = words_of(text)
        return [*words, *filter(self._pairs.__contains__, pairs_of(words))]

    def _read(self, unit: str) -> tuple[Integers, Integers]:
        return self._kept(unit) if len(unit) <= _LONGEST_KEPT else self._known(unit)

    def _known(self, unit: str) -> tuple[Integers, Integers]:
        """Return the places of a unit's known features, and the sums of their columns."""
        found = (self._places.get(feature) for feature in features_of(unit))
        places = np.array([place for place in found if place is not None], dtype=np.int64)
        return places, self._columns[places].sum(axis=0)

    def heads(self, chosen: slice) -> WordTable:
        """Return a table with only some of the heads."""
        return WordTable(
            self.features, self.weights[:, chosen], self.squares, self.intercepts[chosen]
        )

    def save(self, folder: Path, generation: int = 0) -> None:
        """Write ``words.safetensors`` and ``words.json`` into a folder.

        Parameters
        ----------
        folder : Path
            The folder.
        generation : int
            0 for the newest; the file names of an earlier one contain this number.
        """
        from safetensors.numpy import save

        tensors = {
            "weights": self.weights,
            "squares": self.squares,
            "intercepts": self.intercepts,
        }
        content = save({name: np.ascontiguousarray(part) for name, part in tensors.items()})
        (folder / numbered(WEIGHTS, generation)).write_bytes(content)
        text = json.dumps(by_kind(self.features), ensure_ascii=False)
        (folder / numbered(VOCABULARY, generation)).write_text(text + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path, generation: int = 0) -> WordTable:
        """Read what :meth:`save` wrote for a generation.

        Raises
        ------
        ModelError
            If a file is missing or cannot be read, or they do not fit each other.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        path = folder / numbered(VOCABULARY, generation)
        try:
            features = in_order(parse_json(path.read_text("utf-8")))
            tensors = load((folder / numbered(WEIGHTS, generation)).read_bytes())
            parts = tensors["weights"], tensors["squares"], tensors["intercepts"]
            weights, squares, intercepts = parts
            if weights.shape != (*squares.shape, *intercepts.shape) or len(squares) != len(
                features
            ):
                raise ValueError("vocabulary and weights differ in length")
            if {part.dtype for part in parts} != {np.dtype(np.int64)}:
                raise ValueError("weights are not whole numbers")
            return cls(features, weights, squares, intercepts)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, SafetensorError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): train again with 'fame train --full'"
            ) from None


def _add(total: Integers, row: Integers, parts: Integers) -> None:
    """Add parts to the rows of a total that they belong to; the rows are in order."""
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    if len(starts):
        total[row[starts]] += np.add.reduceat(parts, starts, axis=0)
