"""What holds a notice back: silences, maintenance windows, and what was said just before."""

from __future__ import annotations

from datetime import datetime

from fame_sql.operations.alerts.channels import Traits
from fame_sql.operations.alerts.durations import clock_time, spoken
from fame_sql.operations.alerts.notice import What
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.severities import rank
from fame_sql.operations.alerts.state import AlertState, Followed, Hold, Told
from fame_sql.operations.alerts.wanting import last_told


def held_back(
    state: AlertState,
    followed: Followed,
    told: Told,
    what: What,
    traits: Traits,
    settings: AlertSettings,
    now: datetime,
) -> Hold | None:
    """Return what holds a notice back, None if it can go out.

    Parameters
    ----------
    state : AlertState
        What is known.
    followed : Followed
        The incident.
    told : Told
        What the channel was told of it.
    what : str
        What the notice says.
    traits : Traits
        What the channel's receivers are like: one that keeps alerts open learns of each end.
    settings : AlertSettings
        The settings.
    now : datetime
        The time, in UTC.
    """
    if traits.keeps_state and what in ("resolved", "refresh"):
        return None
    refused = _refused(followed, told, what, now)
    if refused is not None or followed.is_own:
        return refused
    return _quiet(state, followed, told, settings, now) or _suppressed(
        state, followed, told, what, settings, now
    )


def goes_on(
    state: AlertState, settings: AlertSettings, hold: Hold, what: What, now: datetime
) -> bool:
    """Return whether what held a notice back still holds, and only lets out what has become worse.

    Parameters
    ----------
    state : AlertState
        What is known.
    settings : AlertSettings
        The settings.
    hold : Hold
        What held it back.
    what : str
        What the notice says.
    now : datetime
        The time, in UTC.
    """
    if hold.kind == "silence":
        return any(
            each.match.text == hold.by and each.starts_at <= now < each.ends_at
            for each in state.silences
        )
    if hold.kind == "maintenance":
        return any(each.name == hold.by and each.holds(now) for each in settings.windows)
    return hold.kind == "dismissal" and what == "worsened"


def note_quiet(state: AlertState, settings: AlertSettings, now: datetime) -> None:
    """Note until when nobody could be told of what opened during a quiet time.

    A route with ``after`` waits from then on, because nobody could act on it before.
    """
    last = state.last_pass
    for followed in state.followed.values():
        until = followed.quiet_until
        is_new = last is None or followed.opened_at > last
        was_quiet = until is not None and (last is None or until >= last)
        if followed.ended_at is not None or followed.is_own or not (is_new or was_quiet):
            continue
        nobody = Told("", followed.incident.incident_id, followed.incident.fingerprint)
        hold = _quiet(state, followed, nobody, settings, now)
        if hold is not None:
            followed.quiet_until = hold.until or now
        elif until is not None:
            # A silence can be ended early.
            followed.quiet_until = min(until, now)


def _quiet(
    state: AlertState, followed: Followed, told: Told, settings: AlertSettings, now: datetime
) -> Hold | None:
    return (
        _dismissed(followed, told, now)
        or _silenced(state, followed, told, now)
        or _in_maintenance(followed, told, settings, now)
    )


def _refused(followed: Followed, told: Told, what: What, now: datetime) -> Hold | None:
    """Hold back what the receiver has refused, unless it is worse now."""
    if not told.refused or told.refused_phase < followed.phase or what == "resolved":
        return None
    if rank(followed.worst) > rank(told.refused):
        return None
    why = f"the receiver refused it as {told.refused}"
    return _hold(followed, told, "refused", told.channel, why, now, None)


def _dismissed(followed: Followed, told: Told, now: datetime) -> Hold | None:
    if not followed.incident.silenced:
        return None
    why = followed.incident.known or "it was dismissed"
    return _hold(followed, told, "dismissal", "of this incident", why, now, None)


def _silenced(state: AlertState, followed: Followed, told: Told, now: datetime) -> Hold | None:
    for silence in state.silences:
        if silence.covers(followed.incident, now):
            why = (
                f"silence {silence.silence_id} of {silence.author} until "
                f"{clock_time(silence.ends_at)}: {silence.reason}"
            )
            return _hold(followed, told, "silence", silence.match.text, why, now, silence.ends_at)
    return None


def _in_maintenance(
    followed: Followed, told: Told, settings: AlertSettings, now: datetime
) -> Hold | None:
    for window in settings.windows:
        is_spared = bool(window.spared) and rank(followed.worst) >= rank(window.spared)
        if not is_spared and window.covers(followed.incident, now):
            until = window.until(now)
            why = f"maintenance {window.name}" + (f" until {clock_time(until)}" if until else "")
            return _hold(followed, told, "maintenance", window.name, why, now, until)
    return None


def _suppressed(
    state: AlertState,
    followed: Followed,
    told: Told,
    what: What,
    settings: AlertSettings,
    now: datetime,
) -> Hold | None:
    """Hold back news of a fingerprint that the channel heard of just before, unless it is worse."""
    if what not in ("opened", "reopened", "worsened"):
        return None
    last = last_told(state, told.channel, followed.incident.fingerprint)
    if last is None or last.at is None or rank(followed.worst) > rank(last.severity or "info"):
        return None
    until = last.at + settings.suppress
    if not last.at <= now < until:
        return None
    why = (
        f"announced at {clock_time(last.at)}; suppress is {spoken(settings.suppress)}, so not "
        f"again before {clock_time(until)}"
    )
    return _hold(followed, told, "suppressed", "suppress", why, now, until)


def _hold(
    followed: Followed,
    told: Told,
    kind: str,
    by: str,
    why: str,
    now: datetime,
    until: datetime | None,
) -> Hold:
    incident_id = followed.incident.incident_id
    return Hold(told.channel, incident_id, followed.phase, kind, by, why, now, until)  # type: ignore[arg-type]
