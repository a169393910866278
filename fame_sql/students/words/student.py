"""The words student: a router, a head for the unseen and heads of mixed domains, all from words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fame_sql.errors import InputError, ModelError
from fame_sql.students.calibration.calibration import Calibration
from fame_sql.students.calibration.held_out import HeldOut
from fame_sql.students.config import DomainSpec, StudentConfig
from fame_sql.students.facts import FILE, StudentFacts
from fame_sql.students.generations import Generations
from fame_sql.students.student import LogOdds, Student
from fame_sql.students.words.table import VOCABULARY, WordTable

if TYPE_CHECKING:
    from fame_sql.students.runtime import Runtime


class WordsStudent(Student):
    """A student that reads words, without an encoder and without torch.

    Parameters
    ----------
    config : StudentConfig
        How it was trained.
    domains : sequence of DomainSpec
        The failure domains.
    table : WordTable
        The heads of the newest training: for the unseen, for each mixed domain, and the router's,
        one for each domain.
    calibration : Calibration
        The published scale.
    held_out : HeldOut, optional
        The evidence it was calibrated on.
    generations : Generations, optional
        Which training judges which domain, if only some domains were retrained.
    earlier : sequence of WordTable
        The tables of the earlier generations, without a router.
    """

    def __init__(
        self,
        config: StudentConfig,
        domains: Sequence[DomainSpec],
        table: WordTable,
        calibration: Calibration,
        held_out: HeldOut | None = None,
        generations: Generations | None = None,
        earlier: Sequence[WordTable] = (),
    ) -> None:
        super().__init__(config, domains, calibration, held_out, generations)
        self.table = table
        self.earlier = tuple(earlier)
        self._anomaly = len(table.intercepts) - len(self.domains)

    @property
    def tables(self) -> tuple[WordTable, ...]:
        """The anomaly heads of each generation, the newest first."""
        return (self.table.heads(slice(0, self._anomaly)), *self.earlier)

    def log_odds(self, canonical: Sequence[str]) -> LogOdds:
        """Return what the heads say about canonical texts."""
        newest = self.table.log_odds(canonical)
        anomaly = newest[:, : self._anomaly]
        older = [table.log_odds(canonical) for table in self.earlier]
        heads = np.concatenate([anomaly, *older], axis=1)[:, self.columns]
        return LogOdds(
            router=newest[:, self._anomaly :],
            known=self.calibration.log_odds(heads),
            unseen=anomaly[:, 0],
        )

    def on(self, runtime: Runtime, texts: Sequence[str]) -> Student:
        """Return the student itself on the default runtime, and refuse any other."""
        from fame_sql.students.runtime import Runtime

        if runtime == Runtime():
            return self
        raise InputError(
            f"a model of preset {self.config.preset!r} has no network to run on {runtime}: leave "
            "the runtime out, or train another preset, as in 'fame train --preset compact'"
        )

    def save_heads(self, folder: Path) -> None:
        """Write the tables."""
        for number, table in enumerate((self.table, *self.earlier)):
            table.save(folder, number)

    @classmethod
    def load(cls, folder: Path, facts: StudentFacts) -> WordsStudent:
        """Read a student; see :meth:`Student.load`."""
        student = cls(
            config=facts.config,
            domains=facts.domains,
            table=WordTable.load(folder),
            calibration=facts.calibration,
            held_out=HeldOut.load(folder),
            generations=facts.generations,
            earlier=[WordTable.load(folder, number) for number in facts.earlier_generations],
        )
        if sum(len(table.intercepts) for table in student.tables) != facts.widths[1]:
            raise ModelError(
                f"{folder / VOCABULARY} does not fit {FILE}: train again with 'fame train --full'"
            )
        return student
