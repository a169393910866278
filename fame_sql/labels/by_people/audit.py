"""An audit of a language model's labels: a person judges a random sample of them, unseen.

The share of wrong labels in a random sample is an estimate for all of them. Lines that a review
puts first would not be: they are chosen because they are doubtful.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.labels.by_people.exchange import write_csv
from fame_sql.labels.counts import finish
from fame_sql.warehouse.warehouse import Warehouse, utc_now

LINES = 50
_Z = 1.959963984540054
_EXPORTED = ("log_id", "timestamp", "host_name", "service_name", "severity_text", "message")


@dataclass(frozen=True)
class ErrorRate:
    """A share of wrong labels, with its 95 % interval.

    Parameters
    ----------
    judged, wrong : int
        Labels that a person has judged, and those that the person contradicts.
    """

    judged: int
    wrong: int

    @property
    def rate(self) -> float | None:
        """The share of wrong labels; None before any is judged."""
        return self.wrong / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval, which also holds for few labels and for none that is wrong."""
        if not self.judged:
            return 0.0, 1.0
        n, share, z2 = self.judged, self.wrong / self.judged, _Z * _Z
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        low = centre - half if self.wrong else 0.0
        high = centre + half if self.wrong < n else 1.0
        return max(0.0, low), min(1.0, high)


@dataclass(frozen=True)
class AuditReport:
    """What an audit has found so far.

    Parameters
    ----------
    drawn : int
        Labels in the sample.
    all, normal, anomalous : ErrorRate
        Of all labels in it, of those that say normal (wrong: missed anomalies) and of those that
        say anomalous (wrong: false alarms).
    """

    drawn: int
    all: ErrorRate
    normal: ErrorRate
    anomalous: ErrorRate


@dataclass
class Audit:
    """A person's judgement of a random sample of a language model's labels.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with labels of a language model.
    author : str or None
        The name of the person.
    """

    warehouse: Warehouse
    author: str | None = None
    _judged: list[int] = field(default_factory=list)

    def draw(self, lines: int = LINES, seed: int = 0) -> int:
        """Draw a new sample, and return its size.

        Raises
        ------
        InputError
            If there is no label of a language model.
        """
        facts = {"lines": lines, "seed": seed, "drawn_at": utc_now()}
        self.warehouse.connection.execute(sql.load("labels/audit/draw"), facts)
        if not (drawn := self.report().drawn):
            raise InputError(
                "no line has a label by a language model: run 'fame label --llm-model NAME' first"
            )
        return drawn

    @property
    def is_drawn(self) -> bool:
        """Whether there is a sample."""
        return bool(self.warehouse.value("SELECT count(*) FROM fame.audits"))

    def open_lines(self) -> list[dict[str, Any]]:
        """Return the lines that nobody has judged, without the model's labels."""
        return self.warehouse.records(sql.load("labels/audit/open"))

    def judge(self, log_id: int, *, is_anomaly: bool) -> None:
        """Store a label; it takes precedence over the model's."""
        facts = {"author": self.author, "labelled_at": utc_now()}
        self.warehouse.connection.execute(
            sql.load("labels/judge_line"), {"log_id": log_id, "is_anomaly": is_anomaly, **facts}
        )
        self._judged.append(log_id)

    def undo(self) -> bool:
        """Delete the last label of this audit; return False if there is none."""
        if not self._judged:
            return False
        self.warehouse.connection.execute(
            "DELETE FROM fame.labels WHERE source = 'human' AND log_id = ?", [self._judged.pop()]
        )
        return True

    def export(self, path: Path) -> int:
        """Write the open lines to a new CSV file with an empty column for labels.

        Raises
        ------
        InputError
            If the file exists, or cannot be written.
        """
        rows = [
            {**line, "message": line["body"], "label": "", "evidence": ""}
            for line in self.open_lines()
        ]
        write_csv(path, rows, (*_EXPORTED, "label", "evidence"), "fame label import")
        return len(rows)

    def report(self) -> AuditReport:
        """Return what has been found so far."""
        [facts] = self.warehouse.records(sql.load("labels/audit/report"))
        return AuditReport(
            facts["drawn"],
            ErrorRate(facts["judged"], facts["wrong"]),
            ErrorRate(facts["normal_judged"], facts["normal_wrong"]),
            ErrorRate(facts["anomalous_judged"], facts["anomalous_wrong"]),
        )

    def finish(self) -> AuditReport:
        """Update the status of the templates, and return the report."""
        with self.warehouse.transaction():
            finish(self.warehouse)
        return self.report()
