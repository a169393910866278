"""What a channel should be told of an incident, from what it was told before.

It is decided from what has been delivered, not from what has happened: so nothing is lost by a
restart, a silence or a receiver that is down, and what was overtaken meanwhile is not said.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fame_sql.operations.alerts.channels import Traits
from fame_sql.operations.alerts.durations import clock_time
from fame_sql.operations.alerts.notice import Item, What
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.severities import rank
from fame_sql.operations.alerts.state import AlertState, Followed, Told

_MUCH_LARGER = 2
_OFTEN = 3
_DAY = timedelta(days=1)


def wanted(
    followed: Followed,
    told: Told,
    traits: Traits,
    settings: AlertSettings,
    now: datetime,
) -> What | None:
    """Return what a channel should be told, None for nothing.

    Parameters
    ----------
    followed : Followed
        The incident.
    told : Told
        What the channel was told.
    traits : Traits
        What its receivers are like.
    settings : AlertSettings
        The settings.
    now : datetime
        The time, in UTC.
    """
    if followed.ended_at is None:
        return _of_open(followed, told, traits, settings, now)
    return _of_ended(followed, told, traits)


def _of_open(
    followed: Followed, told: Told, traits: Traits, settings: AlertSettings, now: datetime
) -> What | None:
    if told.phase < followed.phase or told.what != "opened":
        return "opened" if told.at is None else "reopened"
    if rank(followed.worst) > rank(told.severity):
        return "worsened"
    if traits.refreshes:
        return "refresh"
    if traits.keeps_state or told.at is None:
        return None
    if followed.worsened_at is not None and followed.worsened_at > told.at:
        return "worsened"
    remind = settings.delivery_alert.repeat if followed.is_own else settings.remind
    is_due = remind is not None and now - told.at >= remind
    return "reminder" if told.owed or is_due else None


def _of_ended(followed: Followed, told: Told, traits: Traits) -> What | None:
    if told.phase < followed.phase or told.what == "":
        return "over"
    if told.what == "owed":
        return "over"
    if told.what == "opened" or (traits.refreshes and told.what == "resolved"):
        # Said twice where it does no harm: the first may have been lost on the way.
        return "resolved"
    is_news = told.what == "resolved" and not traits.keeps_state and _is_corrected(followed, told)
    return "corrected" if is_news else None


def _is_corrected(followed: Followed, told: Told) -> bool:
    """Return whether late lines made an incident worse, or much larger, than people know."""
    at, since = followed.corrected_at, told.ended_at
    if at is None or since is None or at <= since:
        return False
    grown = followed.incident.lines >= _MUCH_LARGER * max(1, told.lines)
    return grown or rank(followed.worst) > rank(told.severity)


def is_news_when_over(
    state: AlertState, followed: Followed, settings: AlertSettings, now: datetime
) -> bool:
    """Return whether people are told of what was over before it could be announced."""
    last, last_seen = state.last_pass, followed.incident.last_seen
    if _is_history(state, followed):
        return False
    if last is None:
        return followed.corrected_at is not None
    age = followed.opened_at - last_seen
    is_late = settings.downtime < age <= settings.lateness
    is_of_the_gap = was_away(state, settings, now) and last_seen >= last - settings.lateness
    return followed.corrected_at is not None or is_late or is_of_the_gap


def _is_history(state: AlertState, followed: Followed) -> bool:
    """Return whether old lines were found anomalous by the first model, or a count of all lines."""
    incident, first = followed.incident, state.first_model_at
    if incident.worst_score is None:
        return followed.opened_at == state.recounted_at
    return first is not None and incident.last_seen < first


def was_away(state: AlertState, settings: AlertSettings, now: datetime) -> bool:
    """Return whether the last pass was so long ago that people have to know."""
    return state.last_pass is not None and now - state.last_pass > settings.downtime


def item_of(followed: Followed, told: Told, what: What, note: str = "") -> Item:
    """Return what a notice says of an incident."""
    severity = followed.worst if what != "refresh" else (told.severity or followed.worst)
    is_known = told.phase == followed.phase and what in ("worsened", "corrected")
    return Item(
        incident=followed.incident,
        what=what,
        phase=followed.phase,
        severity=severity,  # type: ignore[arg-type]
        was=told.severity if is_known else "",
        opened_at=followed.opened_at,
        ended_at=followed.ended_at,
        note=note,
    )


def returns(state: AlertState, followed: Followed, now: datetime) -> str:
    """Return how often a fingerprint came within a day, in words; empty for less than three times.

    An incident that comes and goes is announced once in a while. What went between is counted, so
    that people know it for what it is.
    """
    fingerprint = followed.incident.fingerprint
    same = [
        each
        for each in state.followed.values()
        if each.incident.fingerprint == fingerprint and now - each.incident.last_seen <= _DAY
    ]
    times = sum(each.phase for each in same)
    if times < _OFTEN or followed.is_own:
        return ""
    since = min(each.incident.first_seen for each in same)
    return f"it came {times} times since {clock_time(since)}"


def last_told(state: AlertState, channel: str, fingerprint: str) -> Told | None:
    """Return what a channel was told last of a fingerprint, by whatever incident."""
    found = [
        told
        for told in state.told.values()
        if told.channel == channel and told.fingerprint == fingerprint and told.at is not None
    ]
    return max(found, key=lambda told: told.at or datetime.min, default=None)
