"""Answers about templates: a look-up that decides verdicts at once, without training.

A verdict is a pure function of the model, the answers and the canonical text. The model judges the
text, whatever was answered. An answer about the text's provisional template, which is a function of
the text alone, then takes the place of the score. Stored verdicts get there by a join
(``sql/warehouse/views/04_verdicts.sql``), live ones through :class:`Answers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.canonical.provisional import provisional_id
from fame_sql.verdict import Verdict, decided_by
from fame_sql.verdict.label_words import Answer


@dataclass(frozen=True)
class Answers:
    """The answers in force.

    Parameters
    ----------
    by_template : mapping of str to str
        From the identity of a provisional template to its answer.
    """

    by_template: Mapping[str, Answer] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_template)

    def decide(self, canonical: str, verdict: Verdict) -> Verdict:
        """Return a model's verdict on a canonical text with the answer about its template."""
        changed = self.change(canonical)
        return replace(verdict, **changed) if changed else verdict

    def change(self, canonical: str) -> dict[str, Any]:
        """Return the columns of the verdict on a canonical text that an answer replaces."""
        if not self.by_template:
            return {}
        return decided_by(self.by_template.get(provisional_id(canonical)))


NO_ANSWERS = Answers()


def read_answers(connection: duckdb.DuckDBPyConnection) -> Answers:
    """Return the answers in force of the warehouse that ``connection`` reads."""
    rows = connection.execute("SELECT template_id, label FROM fame.answers_in_force").fetchall()
    return Answers(dict(rows)) if rows else NO_ANSWERS


def answers_state(connection: duckdb.DuckDBPyConnection) -> object:
    """Return what changes with the answers in force, in a third of the time of reading them."""
    return connection.execute(sql.load("templates/answers_state")).fetchone()
