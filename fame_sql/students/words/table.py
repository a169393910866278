"""A table of weights: every feature has one weight for each head.

    log-odds of a head = intercept + (sum of the weights of the text's features) / length

where the length is the Euclidean norm of the counts of the text's known features, each unit
(:mod:`.reading`) counted by itself. Weights are whole millionths, so that no order of adding them
changes a bit, on any machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame_sql.errors import ModelError
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
    intercepts : int64 array
        [heads] log-odds of a text without a known feature, in millionths.
    """

    def __init__(
        self, features: Sequence[Feature], weights: Integers, intercepts: Integers
    ) -> None:
        self.features = tuple(features)
        self.weights, self.intercepts = weights, intercepts
        self._places = {feature: place for place, feature in enumerate(self.features)}
        self._pairs = {text for kind, text in self.features if kind == PAIR}
        self._kept = lru_cache(_UNITS_KEPT)(self._sums)

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
        numbers: dict[str, int] = {}
        units: list[int] = []
        ends: list[int] = []
        for text in texts:
            units += [numbers.setdefault(unit, len(numbers)) for unit in self._units(text)]
            ends.append(len(units))
        sums = np.array([self._read(unit) for unit in numbers], dtype=np.int64)
        total = np.zeros((len(texts), len(self.intercepts) + 1), dtype=np.int64)
        starts = np.array([0, *ends[:-1]])
        filled = starts < np.array(ends)
        if filled.any():
            total[filled] = np.add.reduceat(sums[units], starts[filled], axis=0)
        length = np.sqrt(np.maximum(total[:, -1:], 1).astype(np.float64))
        return np.asarray((self.intercepts + total[:, :-1] / length) / SCALE)

    def _units(self, text: str) -> Iterator[str]:
        """Yield the words of a text, and its known pairs."""
        words = words_of(text)
        yield from words
        yield from (pair for pair in pairs_of(words) if pair in self._pairs)

    def _read(self, unit: str) -> Integers:
        return self._kept(unit) if len(unit) <= _LONGEST_KEPT else self._sums(unit)

    def _sums(self, unit: str) -> Integers:
        """Return the sums of a unit's weights, and the sum of the squares of its counts."""
        found = np.zeros(len(self.intercepts) + 1, dtype=np.int64)
        for feature, count in features_of(unit).items():
            if (place := self._places.get(feature)) is not None:
                found[:-1] += count * self.weights[place]
                found[-1] += count * count
        return found

    def heads(self, chosen: slice) -> WordTable:
        """Return a table with only some of the heads."""
        return WordTable(self.features, self.weights[:, chosen], self.intercepts[chosen])

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

        tensors = {"weights": self.weights, "intercepts": self.intercepts}
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
            features = in_order(json.loads(path.read_text("utf-8")))
            tensors = load((folder / numbered(WEIGHTS, generation)).read_bytes())
            weights, intercepts = tensors["weights"], tensors["intercepts"]
            if weights.shape != (len(features), *intercepts.shape):
                raise ValueError("vocabulary and weights differ in length")
            if {weights.dtype, intercepts.dtype} != {np.dtype(np.int64)}:
                raise ValueError("weights are not whole numbers")
        except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
            raise ModelError(
                f"{path} cannot be read ({error}): train again with 'fame train --full'"
            ) from None
        return cls(features, weights, intercepts)
