"""What a channel is told: a notice of one or several incidents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from fame_sql.operations.alerts.durations import clock_time, spoken
from fame_sql.operations.alerts.severities import rank, severity_of, worst
from fame_sql.operations.alerts.text import one_line
from fame_sql.operations.incidents import Incident, Severity

What = Literal[
    "opened", "reopened", "worsened", "reminder", "resolved", "corrected", "over", "refresh"
]

OWN = "fame:"
"""How the identifiers of incidents begin that fame-sql has with itself."""

_WORDS: dict[What, str] = {
    "opened": "new",
    "reopened": "again",
    "worsened": "worse",
    "reminder": "still open",
    "resolved": "ended",
    "corrected": "corrected by late lines",
    "over": "over, seen afterwards",
    "refresh": "still open",
}


@dataclass(frozen=True)
class Item:
    """What a notice says of one incident.

    Parameters
    ----------
    incident : Incident
        The incident, as it was when the notice was written.
    what : str
        What happened.
    phase : int
        Grows each time that the incident opens again.
    severity : Severity
        The worst severity of this phase.
    was : str
        The severity that the channel was told last; empty if it was told nothing.
    opened_at : datetime
        When it was found.
    ended_at : datetime or None
        When it ended.
    note : str
        What to add, such as what held the notice back.
    """

    incident: Incident
    what: What
    phase: int
    severity: Severity
    was: str
    opened_at: datetime
    ended_at: datetime | None = None
    note: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the incident has ended."""
        return self.what in ("resolved", "over") or (
            self.what == "corrected" and self.ended_at is not None
        )

    def headline(self) -> str:
        """Return one line: what happened, how bad, where, and what it is about."""
        incident = self.incident
        severity = (
            self.severity
            if not self.was or self.was == self.severity
            else (f"{self.was} -> {self.severity}")
        )
        service = one_line(incident.service_name, "(no service)")
        summary = one_line(incident.summary, "(no message)")
        return f"{_WORDS[self.what]}: {severity}, {service}: {summary}"

    def times(self) -> str:
        """Return since when it is open and when it was seen last, or from when to when it was."""
        first, last = self.incident.first_seen, self.incident.last_seen
        if not self.is_over:
            return f"since {clock_time(first)}, last seen {clock_time(last, first)}"
        return f"{clock_time(first)} to {clock_time(last, first)} ({spoken(last - first)})"

    def counts(self) -> str:
        """Return how much there is to read."""
        incident = self.incident
        parts = [counted(incident.lines, "line"), f"{incident.lines_to_read} to read"]
        if incident.counts:
            strange = f"{counted(incident.counts, 'count')} out of the ordinary"
            parts = [*(parts if incident.lines else ()), strange]
        return ", ".join(parts)

    def next_command(self) -> str:
        """Return the command that shows more; empty for what is over."""
        if self.is_over:
            return ""
        name = self.incident.incident_id
        return "fame doctor" if name.startswith(OWN) else f"fame incidents show {name}"

    def values(self) -> dict[str, object]:
        """Return what a template can name."""
        incident = self.incident
        return {
            "what": _WORDS[self.what],
            "severity": self.severity,
            "service": incident.service_name,
            "domain": incident.domain,
            "summary": incident.summary,
            "lines": incident.lines,
            "lines_to_read": incident.lines_to_read,
            "first_seen": clock_time(incident.first_seen),
            "last_seen": clock_time(incident.last_seen),
            "templates": " | ".join(incident.templates),
            "example": incident.examples[0] if incident.examples else "",
            "known": incident.known,
            "incident": incident.incident_id,
            "fingerprint": incident.fingerprint,
        }


@dataclass(frozen=True)
class Notice:
    """What one channel is told in one message.

    Parameters
    ----------
    delivery_id : str
        Identifies the message: a repeat has the same.
    channel : str
        The name of the channel.
    unit : str
        What a receiver that keeps alerts open keeps as one: a fingerprint, or a group.
    items : tuple of Item
        The incidents, the worst first.
    title : str
        A line above them; may be empty.
    created_at : datetime
        When it was written, in UTC.
    may_be_repeat : bool
        Whether it was sent before without an answer.
    """

    delivery_id: str
    channel: str
    unit: str
    items: tuple[Item, ...]
    title: str
    created_at: datetime
    may_be_repeat: bool = False

    @property
    def severity(self) -> Severity:
        """The worst severity of its incidents."""
        return worst(*(item.severity for item in self.items))

    @property
    def is_over(self) -> bool:
        """Whether all its incidents have ended."""
        return all(item.is_over for item in self.items)

    def headline(self) -> str:
        """Return one line that says what it is about."""
        first = self.title or self.items[0].headline()
        more = 0 if self.title else len(self.items) - 1
        return f"{first} (and {more} more)" if more else first


def counted(number: int, what: str) -> str:
    """Return a number of things in words.

    Parameters
    ----------
    number : int
        How many.
    what : str
        What one of them is called.
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def signature(channel: str, unit: str, items: Sequence[Item]) -> str:
    """Return what tells a notice from one that says something else."""
    said = sorted(
        (i.incident.incident_id, i.phase, i.what, rank(i.severity) if i.what != "refresh" else 0)
        for i in items
    )
    return hashlib.sha256(repr((channel, unit, said)).encode()).hexdigest()[:16]


def delivery_id(of_notice: str, created_at: datetime) -> str:
    """Return the identifier of a notice with this signature, written at this time."""
    return hashlib.sha256(f"{of_notice} {created_at.isoformat()}".encode()).hexdigest()[:32]


def to_json(item: Item) -> dict[str, Any]:
    """Return an item as values that JSON has."""
    plain = asdict(item)
    for holder in (plain, plain["incident"]):
        for name, value in holder.items():
            if isinstance(value, datetime):
                holder[name] = value.isoformat()
    return plain


def from_json(plain: Mapping[str, Any]) -> Item:
    """Return the item that :func:`to_json` wrote."""
    values = dict(plain)
    values["incident"] = incident_from_json(values["incident"])
    for name in ("opened_at", "ended_at"):
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return Item(**values)


def incident_from_json(plain: Mapping[str, Any]) -> Incident:
    """Return the incident of a dictionary in which times are texts."""
    values = dict(plain)
    for name in ("first_seen", "last_seen"):
        values[name] = datetime.fromisoformat(values[name])
    for name in ("templates", "examples"):
        values[name] = tuple(values[name])
    return Incident(**values)


def cleaned(incident: Incident) -> Incident:
    """Return an incident with a severity that is known."""
    return replace(incident, severity=severity_of(incident.severity))
