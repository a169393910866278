"""What follows from the outcome of a delivery."""

from __future__ import annotations

from datetime import datetime, timedelta

from fame_sql.operations.alerts.channels import Traits
from fame_sql.operations.alerts.notice import Item
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.settings import Retry
from fame_sql.operations.alerts.severities import worst
from fame_sql.operations.alerts.state import AlertState, Delivery

PROBE = timedelta(hours=1)
"""How often a channel is tried that takes nothing until somebody changes something."""

_MOST_UNKNOWN = 2


def record(
    state: AlertState,
    delivery: Delivery,
    outcome: Outcome,
    traits: Traits,
    retry: Retry,
    mark: str,
    now: datetime,
) -> None:
    """Bring what is known up to date with how a delivery ended.

    Parameters
    ----------
    state : AlertState
        What is known; it is changed.
    delivery : Delivery
        The message.
    outcome : Outcome
        How sending it ended.
    traits : Traits
        What the receivers of the channel are like.
    retry : Retry
        How long to wait before it is sent again.
    mark : str
        What the key of the channel is known by.
    now : datetime
        The time, in UTC.
    """
    delivery.attempts += 1
    delivery.reason, delivery.memo = outcome.reason, dict(outcome.memo)
    channel = state.channel(delivery.channel)
    if outcome.status == "delivered":
        _delivered(state, delivery, outcome.degraded, mark, now)
        return
    channel.failures += 1
    channel.failing_since = channel.failing_since or now
    channel.reason = outcome.reason
    if outcome.status == "refused":
        _finish(delivery, "refused", now)
        for item in delivery.items:
            told = state.told[(delivery.channel, item.incident.incident_id)]
            told.refused, told.refused_phase = item.severity, item.phase
        return
    if outcome.status == "broken":
        channel.is_broken = True
        channel.next_try = now + PROBE
    elif outcome.wait is not None:
        channel.next_try = now + outcome.wait
    delivery.unknowns += outcome.status == "unknown"
    if delivery.unknowns >= _MOST_UNKNOWN and not traits.recognises:
        # A third message of the same would help nobody; a reminder follows if it stays open.
        _finish(delivery, "unknown", now)
        _tell(state, delivery, mark, now)
        return
    wait = outcome.wait or min(retry.first * retry.factor ** (delivery.attempts - 1), retry.longest)
    delivery.next_try = now + (PROBE if outcome.status == "broken" else wait)


def _delivered(
    state: AlertState, delivery: Delivery, degraded: str, mark: str, now: datetime
) -> None:
    channel = state.channel(delivery.channel)
    channel.delivered += 1
    channel.failures, channel.failing_since, channel.next_try = 0, None, None
    channel.is_broken, channel.reason = False, ""
    delivery.degraded, delivery.reason = degraded, ""
    _finish(delivery, "delivered", now)
    _tell(state, delivery, mark, now)
    for waiting in state.pending(delivery.channel):
        waiting.next_try = min(waiting.next_try, now)


def _finish(delivery: Delivery, how: str, now: datetime) -> None:
    delivery.state = how  # type: ignore[assignment]
    delivery.finished_at = now


def _tell(state: AlertState, delivery: Delivery, mark: str, now: datetime) -> None:
    for item in delivery.items:
        _tell_item(state, delivery.channel, item, mark, now)


def _tell_item(state: AlertState, channel: str, item: Item, mark: str, now: datetime) -> None:
    told = state.told[(channel, item.incident.incident_id)]
    is_same = told.phase == item.phase and bool(told.severity)
    told.severity = worst(told.severity, item.severity) if is_same else item.severity
    told.phase, told.lines, told.owed, told.refused = item.phase, item.incident.lines, "", ""
    if item.is_over:
        is_repeat = item.what == "resolved" and told.what == "resolved"
        told.what, told.ended_at = "settled" if is_repeat else "resolved", now
        return
    told.what, told.at, told.mark = "opened", now, mark


def assume_delivered(state: AlertState, delivery: Delivery, now: datetime) -> None:
    """Take a message without an answer for delivered: its receivers may know what it says."""
    _finish(delivery, "unknown", now)
    _tell(state, delivery, "", now)


def assume_begun(state: AlertState, delivery: Delivery, traits: Traits, now: datetime) -> None:
    """Take a delivery that was begun, and whose end nobody has seen, for one without an answer."""
    delivery.attempts += 1
    delivery.unknowns += 1
    delivery.next_try = now
    delivery.reason = "the process ended while it was sent"
    if delivery.unknowns >= _MOST_UNKNOWN and not traits.recognises:
        assume_delivered(state, delivery, now)


def forgive(state: AlertState, now: datetime) -> None:
    """Try again at once what failed, since somebody has changed something."""
    for channel in state.channels.values():
        channel.is_broken, channel.next_try = False, None
    for told in state.told.values():
        told.refused = ""
    for delivery in state.pending():
        delivery.next_try = now
