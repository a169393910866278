"""Review of one line at a time: each label is stored at once, so a review can be interrupted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fame_sql import sql
from fame_sql.labels.counts import LabelReport, finish
from fame_sql.labels.selection.per_template import PER_EVENT, PER_TEMPLATE, choose_lines
from fame_sql.warehouse.warehouse import Warehouse, utc_now


@dataclass
class Review:
    """A person's review of the lines to label.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse with the lines, in which the labels are stored.
    author : str or None
        The name of the reviewer.
    per_template : int
        Maximum number of lines of a template.

    Raises
    ------
    MissingStageError
        If there are no templates.
    """

    warehouse: Warehouse
    author: str | None = None
    per_template: int = PER_TEMPLATE

    def __post_init__(self) -> None:
        choose_lines(self.warehouse, self.per_template, PER_EVENT)
        self._judged: list[int] = []

    def next_line(self) -> dict[str, Any] | None:
        """Return the next line to label, with its labels from other sources; None at the end."""
        rows = self.warehouse.records(sql.load("labels/lines_to_review"))
        return rows[0] if rows else None

    def judge(self, log_id: int, *, is_anomaly: bool) -> None:
        """Store a label; it takes precedence over labels from other sources."""
        facts = {
            "log_id": log_id,
            "is_anomaly": is_anomaly,
            "author": self.author,
            "labelled_at": utc_now(),
        }
        self.warehouse.connection.execute(sql.load("labels/judge_line"), facts)
        self._judged.append(log_id)

    def skip(self, log_id: int) -> None:
        """Skip a line until the next review."""
        self.warehouse.connection.execute("DELETE FROM chosen_lines WHERE log_id = ?", [log_id])

    def undo(self) -> bool:
        """Delete the last label of this review; return False if there is none."""
        if not self._judged:
            return False
        self.warehouse.connection.execute(
            "DELETE FROM fame.labels WHERE source = 'human' AND log_id = ?", [self._judged.pop()]
        )
        return True

    def finish(self) -> LabelReport:
        """Update the status of the templates, and return a report."""
        with self.warehouse.transaction():
            return finish(self.warehouse)
