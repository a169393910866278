"""An incident, and a change of one: what an alert is made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["critical", "error", "warning", "info"]
State = Literal["open", "worsened", "resolved"]
Transition = Literal["opened", "worsened", "resolved", "reopened", "corrected"]


@dataclass(frozen=True)
class Incident:
    """Anomalies of one service that belong together.

    Parameters
    ----------
    incident_id : str
        Identifies this incident, from its first change to its last.
    fingerprint : str
        Identifies what is wrong, across incidents: made from service, domain and template, never
        from times or values. Silences and deduplication keys use it. An incident keeps the one that
        it was opened with, so that its end has the key of its beginning.
    service_name : str
        The service, empty if the log names none.
    domain : str
        The domain of most of its anomalies, empty if there are only counts.
    templates : tuple of str
        Texts of its templates, those with most anomalies first.
    severity : {"critical", "error", "warning", "info"}
        How bad it is.
    state : {"open", "worsened", "resolved"}
        Where it stands.
    first_seen, last_seen : datetime
        Times of its first and last anomaly, in UTC without a zone, as in the warehouse.
    lines : int
        Anomalous lines.
    lines_to_read : int
        Distinct events among them.
    counts : int
        Count anomalies: bursts, silences, first sightings and shifts of share.
    worst_score : float or None
        Highest score of a line, None if there are only counts.
    summary : str
        One sentence: what, and since when.
    examples : tuple of str
        Up to five messages as they were logged, of distinct events.
    known : str
        What is known of the fingerprint, such as "seen 3 times, dismissed on …"; may be empty.
    revision : int
        Grows by one with each change of the incident.
    silenced : bool
        Whether dismissals in force covered all of it when it changed, and it was no worse than
        when it was dismissed. Such a change is recorded, and nobody is to be alerted; ``known``
        says why. If the dismissal ends while the incident goes on, ``reopened`` follows.
    """

    incident_id: str
    fingerprint: str
    service_name: str
    domain: str
    templates: tuple[str, ...]
    severity: Severity
    state: State
    first_seen: datetime
    last_seen: datetime
    lines: int
    lines_to_read: int
    counts: int
    worst_score: float | None
    summary: str
    examples: tuple[str, ...] = ()
    known: str = ""
    revision: int = 1
    silenced: bool = False


@dataclass(frozen=True)
class Change:
    """A change of an incident that people may have to know of.

    Parameters
    ----------
    incident : Incident
        The incident after the change.
    transition : {"opened", "worsened", "resolved", "reopened", "corrected"}
        What happened. ``corrected`` is a change that late lines made to the past.
    at : datetime
        When it was found, in UTC without a zone.
    """

    incident: Incident
    transition: Transition
    at: datetime
