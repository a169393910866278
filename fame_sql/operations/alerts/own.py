"""Incidents that fame-sql has with itself: no new lines, nothing scored, a channel that fails.

They take the way of all others, so that people are told once, reminded, and told of the end. But
quiet times do not hold for them, and they have channels of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fame_sql.operations.alerts.durations import clock_time, spoken
from fame_sql.operations.alerts.notice import OWN
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.state import AlertState
from fame_sql.operations.incidents import Change, Incident, Severity

_QUIET = f"{OWN}quiet:"
_CHANNEL = f"{OWN}channel:"


@dataclass(frozen=True)
class Activity:
    """What a warehouse did last.

    Parameters
    ----------
    ingested_at : datetime or None
        When lines came last.
    unscored_since : datetime or None
        Since when there are lines without a verdict.
    """

    ingested_at: datetime | None
    unscored_since: datetime | None


def changes_of_activity(
    state: AlertState, settings: AlertSettings, activity: Activity, now: datetime
) -> list[Change]:
    """Return what begins or ends when nothing is ingested or scored for too long."""
    quiet = settings.heartbeat.quiet
    if quiet is None:
        return []
    found = (
        ("ingested", activity.ingested_at, "no new lines", "error"),
        ("scored", activity.unscored_since, "new lines are not scored", "error"),
    )
    changes: list[Change] = []
    for name, since, words, severity in found:
        is_late = since is not None and now - since >= quiet
        summary = (
            "" if since is None else f"{words} for {spoken(now - since)}, since {clock_time(since)}"
        )
        changes += _change(state, f"{_QUIET}{name}", is_late, summary, severity, since or now, now)  # type: ignore[arg-type]
    return changes


def changes_of_channels(state: AlertState, settings: AlertSettings, now: datetime) -> list[Change]:
    """Return what begins or ends when a channel fails too often, or works again."""
    changes: list[Change] = []
    alert = settings.delivery_alert
    if not alert.via:
        return []
    for name in settings.channels:
        channel = state.channel(name)
        fails = channel.is_broken or channel.failures >= alert.after
        since = channel.failing_since or now
        summary = f"the channel {name} fails, {_undelivered(state, name, since)}: {channel.reason}"
        changes += _change(state, f"{_CHANNEL}{name}", fails, summary, "error", since, now)
    return changes


def _undelivered(state: AlertState, name: str, since: datetime) -> str:
    """Return how many messages a channel has not delivered, in words."""
    waiting = sum(1 for _ in state.pending(name))
    refused = sum(
        delivery.channel == name
        and delivery.state == "refused"
        and (delivery.finished_at or since) >= since
        for delivery in state.deliveries.values()
    )
    said = []
    if waiting or not refused:
        said.append("1 message waits" if waiting == 1 else f"{waiting} messages wait")
    if refused:
        said.append(f"{refused} {'message was' if refused == 1 else 'messages were'} refused")
    return " and ".join(said)


def channels_of(incident: Incident, settings: AlertSettings) -> tuple[str, ...]:
    """Return the channels of an incident that fame-sql has with itself."""
    if incident.incident_id.startswith(_CHANNEL):
        failing = incident.incident_id.removeprefix(_CHANNEL)
        return tuple(name for name in settings.delivery_alert.via if name != failing)
    return settings.heartbeat.channels or tuple(settings.channels)


def _change(
    state: AlertState,
    incident_id: str,
    is_bad: bool,
    summary: str,
    severity: Severity,
    since: datetime,
    now: datetime,
) -> Iterator[Change]:
    known = state.followed.get(incident_id)
    is_open = known is not None and known.ended_at is None
    if is_bad and not is_open:
        yield Change(_incident(incident_id, summary, severity, since, now), "opened", now)
    elif is_bad and known is not None:
        updated = replace(known.incident, summary=summary, last_seen=now)
        yield Change(updated, "corrected", now)
    elif is_open and known is not None:
        ended = replace(known.incident, state="resolved", last_seen=now)
        yield Change(ended, "resolved", now)


def _incident(
    incident_id: str, summary: str, severity: Severity, since: datetime, now: datetime
) -> Incident:
    return Incident(
        incident_id=incident_id,
        fingerprint=incident_id,
        service_name="fame-sql",
        domain="",
        templates=(),
        severity=severity,
        state="open",
        first_seen=since,
        last_seen=max(since, now - timedelta()),
        lines=0,
        lines_to_read=0,
        counts=0,
        worst_score=None,
        summary=summary,
    )
