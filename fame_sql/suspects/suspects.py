"""Suspects: templates ranked by level, failure words, number of lines and where they come from.

The ranking is the view ``fame.suspects``. Here its rows are put together into matters: a suspect
with those that say nearly the same, or that come and go with it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from fame_sql import sql
from fame_sql.suspects.reasons import reasons_of
from fame_sql.warehouse.warehouse import Warehouse

CLOSEST = 3
"""How many suspects are shown at most where nothing stands out."""


@dataclass(frozen=True)
class Suspect:
    """A row of ``fame.suspects``: lines of one template with the same level.

    Parameters
    ----------
    rank, suspicion : int, float
        Its place among all suspects, and what it was ranked by.
    strength : str or None
        ``"strong"``, ``"worth a look"``, or None below both.
    leader : int
        The rank of the suspect that it belongs with; its own if it leads.
    suspect_id : str
        Its key in ``fame.suspect_lines``.
    template_id, template, example : str
        The template (the canonical text of an event without one) and a message.
    lines : int
        Number of lines.
    severity_text : str or None
        The level as it is written.
    severity, polarity : float, int
        How severe the level and how bad the words are, from 0 to 3.
    phrase : str or None
        The strongest failure words.
    origin, origin_lines : str or None, int or None
        The address or host of at least half of the lines, and of how many.
    burst_start, burst_stop, burst_lines : datetime, datetime, int, or None
        When most of the lines came, if that was not when the log as a whole was busy.
    is_new : bool
        Whether the first line came after a fifth of the log's time.
    first_seen, last_seen : datetime or None
        The times of the first and the last line.
    status : str
        By its labels: ``"normal"``, ``"anomalous"``, ``"mixed"`` or ``"unlabelled"``.
    """

    rank: int
    suspicion: float
    strength: str | None
    leader: int
    suspect_id: str
    template_id: str | None
    template: str
    example: str
    lines: int
    severity_text: str | None
    severity: float
    phrase: str | None
    polarity: int
    origin: str | None
    origin_lines: int | None
    burst_start: datetime | None
    burst_stop: datetime | None
    burst_lines: int | None
    is_new: bool
    first_seen: datetime | None
    last_seen: datetime | None
    status: str

    def reasons(self) -> list[str]:
        """Return why it is suspected, in words: the parts that count first."""
        return reasons_of(self)


@dataclass(frozen=True)
class Matter:
    """A suspect and those that belong with it, which are one thing to look at.

    Parameters
    ----------
    suspect : Suspect
        The highest ranked.
    others : tuple of Suspect
        The others, by rank.
    """

    suspect: Suspect
    others: tuple[Suspect, ...]

    @property
    def lines(self) -> int:
        """Lines of all of them."""
        return self.suspect.lines + sum(other.lines for other in self.others)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        others = [
            {"suspect_id": other.suspect_id, "lines": other.lines, "example": other.example}
            for other in self.others
        ]
        return {**asdict(self.suspect), "reasons": self.suspect.reasons(), "with": others}


@dataclass(frozen=True)
class Look:
    """What there is to look at in a warehouse.

    Parameters
    ----------
    lines, templates : int
        Lines and templates in the warehouse.
    unmatched_events : int
        Events that no template matches.
    lines_with_severity : int
        Lines whose level is known; without any, the words alone decide.
    labels : int
        Labels of people, a language model or the log, which are taken into account.
    matters : tuple of Matter
        The suspects that stand out, the strongest first.
    closest : tuple of Matter
        If there are none, what comes closest.
    """

    lines: int
    templates: int
    unmatched_events: int
    lines_with_severity: int
    labels: int
    matters: tuple[Matter, ...]
    closest: tuple[Matter, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        facts = {name: value for name, value in vars(self).items() if isinstance(value, int)}
        return {
            **facts,
            "suspects": [matter.to_dict() for matter in self.matters],
            "closest": [matter.to_dict() for matter in self.closest],
        }


def find_suspects(warehouse: Warehouse) -> Look:
    """Rank the lines of a warehouse without a model.

    Suspects whose labels are all normal are left out.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse with logs; templates make the suspects larger and the list shorter.
    """
    counts = warehouse.records(sql.load("suspects/counts"))[0]
    rows = warehouse.records(sql.load("suspects/page"))
    matters = [_matter(list(group)) for _, group in groupby(rows, key=lambda row: row["leader"])]
    standing_out = tuple(matter for matter in matters if matter.suspect.strength is not None)
    closest = () if standing_out else tuple(matters[:CLOSEST])
    return Look(**counts, matters=standing_out, closest=closest)


def _matter(rows: list[dict[str, Any]]) -> Matter:
    suspect, *others = (Suspect(**row) for row in rows)
    return Matter(suspect, tuple(others))
