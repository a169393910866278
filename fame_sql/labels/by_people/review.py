"""Review, one line at a time: each judgement is stored at once, so a review can be left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fame_sql import sql
from fame_sql.labels.counts import LabelReport, finish
from fame_sql.labels.selection.per_template import PER_EVENT, PER_TEMPLATE, choose_lines
from fame_sql.warehouse.warehouse import Warehouse, utc_now


@dataclass
class Review:
    """A person's way through the lines to judge.

    Parameters
    ----------
    warehouse : Warehouse
        Where the lines are, and where the judgements go.
    author : str or None
        Who judges.
    per_template : int
        At most so many lines of a template.

    Raises
    ------
    MissingStageError
        If no template has been mined.
    """

    warehouse: Warehouse
    author: str | None = None
    per_template: int = PER_TEMPLATE

    def __post_init__(self) -> None:
        choose_lines(self.warehouse, self.per_template, PER_EVENT)
        self._judged: list[int] = []

    def next_line(self) -> dict[str, Any] | None:
        """Return the line to judge next, with what others said of it, or None at the end."""
        rows = self.warehouse.records(sql.load("labels/lines_to_review"))
        return rows[0] if rows else None

    def judge(self, log_id: int, *, is_anomaly: bool) -> None:
        """Store a judgement; it wins over every other from now on."""
        facts = {
            "log_id": log_id,
            "is_anomaly": is_anomaly,
            "author": self.author,
            "labelled_at": utc_now(),
        }
        self.warehouse.connection.execute(sql.load("labels/judge_line"), facts)
        self._judged.append(log_id)

    def skip(self, log_id: int) -> None:
        """Leave a line out until the next review."""
        self.warehouse.connection.execute("DELETE FROM chosen_lines WHERE log_id = ?", [log_id])

    def undo(self) -> bool:
        """Take back the last judgement of this review; False if there is none."""
        if not self._judged:
            return False
        self.warehouse.connection.execute(
            "DELETE FROM fame.labels WHERE source = 'human' AND log_id = ?", [self._judged.pop()]
        )
        return True

    def finish(self) -> LabelReport:
        """Bring the templates' status up to date, and report."""
        with self.warehouse.transaction():
            return finish(self.warehouse)
