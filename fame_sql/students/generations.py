"""Generations: which training scores which domain of a student that was partly retrained.

A generation is one training: a layer of anomaly logits (the shared head, then its experts) with a
lexical head, or a table of words. The newest has number 0. An unchanged domain keeps its
generation, and with it all its scores.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fame_sql.errors import InputError
from fame_sql.students.config import DomainSpec, anomaly_columns


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

    @classmethod
    def first(cls, domains: Sequence[DomainSpec]) -> Generations:
        """Return the only generation of a student that was trained at once."""
        columns = anomaly_columns(domains)
        return cls((int(columns.max()) + 1,), tuple(columns.tolist()))

    def of_domains(self) -> npt.NDArray[np.int64]:
        """Return the generation of each domain."""
        ends = np.cumsum(self.widths)
        return np.searchsorted(ends, np.array(self.columns), side="right").astype(np.int64)


def numbered(name: str, generation: int) -> str:
    """Insert the number of an earlier generation into a file name; the newest has number 0."""
    return name.replace(".", f"-{generation}.") if generation else name


@dataclass(frozen=True)
class Succession:
    """What a partly retrained student keeps of its parent.

    Parameters
    ----------
    parent : sequence of DomainSpec
        The parent's domains.
    before : Generations
        The parent's generations.
    domains : sequence of DomainSpec
        The domains of the new student.
    changed : collection of str
        Names of the domains to retrain; the others must be the parent's, of the same kind.

    Raises
    ------
    InputError
        If a domain is neither changed nor one of the parent's.
    """

    parent: Sequence[DomainSpec]
    before: Generations
    domains: Sequence[DomainSpec]
    changed: Collection[str]

    def __post_init__(self) -> None:
        for domain in self.domains:
            if domain.name not in self.changed and domain not in self.parent:
                raise InputError(
                    f"domain {domain.name!r} ({domain.kind}) is not a domain of the model that is "
                    "to keep it: train everything with 'fame train --full'"
                )

    @property
    def changed_at(self) -> list[int]:
        """The indices of the changed domains."""
        return [at for at, domain in enumerate(self.domains) if domain.name in self.changed]

    @property
    def kept(self) -> list[int]:
        """The parent's generations that still score a domain, the newest first."""
        return sorted({int(self._generation[self._place(domain)]) for domain in self._unchanged})

    def generations(self, newest: int, widths: Sequence[int]) -> Generations:
        """Return the generations of the new student.

        Parameters
        ----------
        newest : int
            Number of anomaly logits of the new training.
        widths : sequence of int
            The same of each kept generation.
        """
        starts = np.concatenate([[0], np.cumsum(self.before.widths)])
        new_starts = dict(zip(self.kept, np.cumsum([newest, *widths]), strict=False))
        columns = np.zeros(len(self.domains), dtype=np.int64)
        changed = self.changed_at
        columns[changed] = anomaly_columns([self.domains[at] for at in changed])
        for domain in self._unchanged:
            place = self._place(domain)
            number = int(self._generation[place])
            column = self.before.columns[place] - starts[number] + new_starts[number]
            columns[list(self.domains).index(domain)] = column
        return Generations((newest, *widths), tuple(columns.tolist()))

    @property
    def _unchanged(self) -> list[DomainSpec]:
        """The unchanged domains; in an anomalous one routing decides, and no head is needed."""
        kept = (domain for domain in self.domains if domain.name not in self.changed)
        return [domain for domain in kept if domain.kind != "anomalous"]

    @property
    def _generation(self) -> npt.NDArray[np.int64]:
        return self.before.of_domains()

    def _place(self, domain: DomainSpec) -> int:
        return list(self.parent).index(domain)
