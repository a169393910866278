"""A clock that was set back: what is known from its future is moved, so that nobody waits for it.

Otherwise a delivery would wait until the clock is again where it was, signs of life would stay
away, and an incident that worsens after the clock was set back would seem to have worsened before
people were told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from fame_sql.operations.alerts.state import AlertState
from fame_sql.operations.incidents import Change

_JUST_BEFORE = timedelta(microseconds=1)


def moved_back(state: AlertState, changes: Sequence[Change], now: datetime) -> list[Change]:
    """Move what is known from the future, if the last pass is later than now.

    Parameters
    ----------
    state : AlertState
        What is known; it is changed.
    changes : sequence of Change
        Changes of incidents since the last pass.
    now : datetime
        The time, in UTC.

    Returns
    -------
    list of Change
        The changes, none of them later than now.
    """
    if state.last_pass is None or state.last_pass <= now:
        return list(changes)
    by = state.last_pass - now
    # What was told was told before the changes that nobody has read yet.
    latest = min([now, *(change.at for change in changes)]) - _JUST_BEFORE

    def move(rows: Iterable[object], *names: str) -> None:
        for row in rows:
            for name in names:
                moment = getattr(row, name)
                if moment is not None and moment > latest:
                    setattr(row, name, min(moment - by, latest))

    names = ("opened_at", "ended_at", "worsened_at", "corrected_at", "quiet_until")
    move(state.followed.values(), *names)
    move(state.told.values(), "at", "ended_at")
    move(state.deliveries.values(), "created_at", "finished_at")
    move([state], "last_beat")
    for delivery in state.deliveries.values():
        delivery.next_try -= by
    for channel in state.channels.values():
        channel.next_try = channel.next_try and channel.next_try - by
    return [replace(change, at=min(change.at, now)) for change in changes]
