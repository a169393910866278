"""Follow incidents by their changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from fame_sql.operations.alerts.notice import cleaned
from fame_sql.operations.alerts.severities import rank, worst
from fame_sql.operations.alerts.state import AlertState, Followed
from fame_sql.operations.incidents import Change


def follow(state: AlertState, changes: Iterable[Change]) -> None:
    """Bring what is known of incidents up to date.

    Parameters
    ----------
    state : AlertState
        What is known; it is changed.
    changes : iterable of Change
        The changes since then, in their order.
    """
    for change in changes:
        incident = cleaned(change.incident)
        known = state.followed.get(incident.incident_id)
        if known is None:
            state.followed[incident.incident_id] = _new(change)
        elif known.ended_at is not None and incident.state != "resolved":
            _open_again(known, change)
        else:
            _update(state, known, change)


def note_dismissed(state: AlertState, dismissed: Mapping[str, str]) -> None:
    """Note which open incidents dismissals cover, which is no change of the incident itself.

    Parameters
    ----------
    state : AlertState
        What is known; it is changed.
    dismissed : mapping
        What is known of the incidents that are covered, by their identifiers.
    """
    for incident_id, known in dismissed.items():
        followed = state.followed.get(incident_id)
        if followed is not None and followed.ended_at is None:
            followed.incident = replace(followed.incident, silenced=True, known=known)


def _new(change: Change) -> Followed:
    incident = cleaned(change.incident)
    ended_at = change.at if incident.state == "resolved" else None
    corrected_at = change.at if change.transition == "corrected" else None
    return Followed(incident, 1, change.at, ended_at, incident.severity, corrected_at=corrected_at)


def _open_again(known: Followed, change: Change) -> None:
    known.incident = cleaned(change.incident)
    known.phase += 1
    known.opened_at, known.ended_at = change.at, None
    known.worst = known.incident.severity
    known.worsened_at = known.corrected_at = known.quiet_until = None


def _update(state: AlertState, known: Followed, change: Change) -> None:
    incident = cleaned(change.incident)
    if change.transition == "worsened" or rank(incident.severity) > rank(known.worst):
        known.worsened_at = change.at
    if change.transition == "reopened" and not incident.silenced:
        _owe_reminder(state, incident.incident_id)
    if change.transition == "corrected":
        known.corrected_at = change.at
    if incident.state == "resolved":
        known.ended_at = known.ended_at or change.at
    known.incident = incident
    known.worst = worst(known.worst, incident.severity)


def _owe_reminder(state: AlertState, incident_id: str) -> None:
    """Remind those who know of an incident that it goes on, when its dismissal has ended."""
    for told in state.told.values():
        if told.incident_id == incident_id and told.what == "opened":
            told.owed = "dismissal of this incident"
