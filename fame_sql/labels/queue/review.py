"""Answering one template at a time: each answer is stored and in force at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fame_sql.labels.answers import GivenAnswer, give_answers, withdraw_answers
from fame_sql.labels.queue.questions import examples, neighbours, read_queue
from fame_sql.verdict.label_words import Answer
from fame_sql.warehouse.warehouse import Warehouse


@dataclass
class QueueReview:
    """A person's review of the queue, the most suspicious template first.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse in which the answers are stored.
    author : str or None
        The name of the reviewer.
    """

    warehouse: Warehouse
    author: str | None = None
    _skipped: set[str] = field(default_factory=set)
    _answered: list[str] = field(default_factory=list)

    def next_template(self) -> dict[str, Any] | None:
        """Return the next template with ``examples``, ``neighbours`` and how many ``remain``.

        None at the end.
        """
        waiting = [r for r in read_queue(self.warehouse) if r["template_id"] not in self._skipped]
        if not waiting:
            return None
        first = waiting[0]
        return {
            **first,
            "remaining": len(waiting),
            "examples": examples(self.warehouse, first["template_id"]),
            "neighbours": neighbours(self.warehouse, first["template"]),
        }

    def answer(self, template_id: str, label: Answer) -> None:
        """Store an answer."""
        with self.warehouse.transaction():
            give_answers(self.warehouse, [GivenAnswer(template_id, label, self.author)])
        self._answered.append(template_id)

    def skip(self, template_id: str) -> None:
        """Skip a template until the next review."""
        self._skipped.add(template_id)

    def undo(self) -> bool:
        """Withdraw the last answer of this review; return False if there is none."""
        if not self._answered:
            return False
        with self.warehouse.transaction():
            withdraw_answers(self.warehouse, [self._answered.pop()], "human")
        return True
