"""Generations: which training scores which domain of a student that was partly retrained.

A generation is one training: a layer of anomaly logits (the shared head, then its experts) and a
lexical head. The newest has number 0. An unchanged domain keeps its generation, and with it all
its scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.errors import InputError


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations of a student, the newest first.

    Parameters
    ----------
    widths : tuple of int
        Number of anomaly logits of each generation.
    columns : tuple of int
        For each domain, its column among the logits of all generations, concatenated.

    Raises
    ------
    InputError
        If a generation is empty, or a column is out of range.
    """

    widths: tuple[int, ...]
    columns: tuple[int, ...]

    def __post_init__(self) -> None:
        total = sum(self.widths)
        if min(self.widths, default=0) < 1 or not all(0 <= c < total for c in self.columns):
            raise InputError(
                f"generations of widths {self.widths} do not have the columns {self.columns}"
            )

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Generations:
        """Return the generations that were stored as JSON."""
        return cls(tuple(map(int, facts["widths"])), tuple(map(int, facts["columns"])))

    def of_domains(self) -> npt.NDArray[np.int64]:
        """Return the generation of each domain."""
        ends = np.cumsum(self.widths)
        return np.searchsorted(ends, np.array(self.columns), side="right").astype(np.int64)
