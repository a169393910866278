"""What is done about alarms of windows: routed by severity, suppressed where they repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import Field

from fame_sql.llm.answers import Closed, Id, Severity

RANKS: tuple[Severity, ...] = ("info", "warning", "error", "critical")
ROUTES = {"critical": "page", "error": "page", "warning": "ticket", "info": "log"}


class WindowAlarm(Closed):
    """What an engineer should be told of a part of a window, with the lines that show it."""

    type: str = Field(max_length=200)
    severity: Severity
    summary: str = Field(max_length=2000)
    lines: list[Id] = Field(max_length=1000)


class WindowAnswer(Closed):
    """The alarms of a part of a window; none if there is nothing to tell."""

    alarms: list[WindowAlarm] = Field(max_length=100)


@dataclass(frozen=True)
class JudgedWindow:
    """What a language model says of a window of a service.

    Parameters
    ----------
    window_start : datetime
        When it begins.
    service_name : str
        The service.
    is_alarm : bool
        Whether there is an alarm.
    alarm_severity, alarm_type, summary : str or None
        Of its most severe alarm.
    evidence : list of int
        The lines that show the alarms.
    suppressed : bool
        Whether an alarm of the same type came a short while ago.
    route : str or None
        Where it goes: ``page``, ``ticket`` or ``log``.
    cost_usd : float or None
        What the answers have cost.
    """

    window_start: datetime
    service_name: str
    is_alarm: bool = False
    alarm_severity: Severity | None = None
    alarm_type: str | None = None
    summary: str | None = None
    evidence: tuple[int, ...] = ()
    suppressed: bool = False
    route: str | None = None
    cost_usd: float | None = None


def suppress(windows: Sequence[JudgedWindow], minutes: float) -> list[JudgedWindow]:
    """Mark alarms whose type was reported for the same service within some minutes before.

    One that is more severe than what was reported is reported again.

    Parameters
    ----------
    windows : sequence of JudgedWindow
        In the order of time.
    minutes : float
        How long an alarm silences its type.
    """
    silent = timedelta(minutes=minutes)
    reported: dict[tuple[str, str], JudgedWindow] = {}
    found = []
    for window in windows:
        if not window.is_alarm:
            found.append(window)
            continue
        key = (window.service_name, _kind(window.alarm_type))
        last = reported.get(key)
        again = (
            last is not None
            and window.window_start - last.window_start <= silent
            and _rank(window) <= _rank(last)
        )
        if not again:
            reported[key] = window
        found.append(replace(window, suppressed=again))
    return found


def _kind(text: str | None) -> str:
    return "-".join((text or "").lower().split())


def _rank(window: JudgedWindow) -> int:
    return RANKS.index(window.alarm_severity or "info")
