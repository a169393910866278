"""Which training judges which domain, where a student was not trained in one go.

A generation is one training: a layer of anomaly logits (the shared head, then its experts) and a
lexical head. The newest is number 0. A domain that did not change keeps its generation, and with it
every score.
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
        Anomaly logits that each generation gives a text.
    columns : tuple of int
        Of each domain: its logit among those of all generations side by side.

    Raises
    ------
    InputError
        If a generation is empty or a column lies beyond all of them.
    """

    widths: tuple[int, ...]
    columns: tuple[int, ...]

    def __post_init__(self) -> None:
        total = sum(self.widths)
        if min(self.widths, default=0) < 1 or not all(0 <= c < total for c in self.columns):
            raise InputError(
                f"generations of widths {self.widths} do not hold the columns {self.columns}"
            )

    @classmethod
    def read(cls, facts: dict[str, Any]) -> Generations:
        """Return what was written as JSON."""
        return cls(tuple(map(int, facts["widths"])), tuple(map(int, facts["columns"])))

    def of_domains(self) -> npt.NDArray[np.int64]:
        """Return the generation of each domain."""
        ends = np.cumsum(self.widths)
        return np.searchsorted(ends, np.array(self.columns), side="right").astype(np.int64)
