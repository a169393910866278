"""Why a suspect is one, in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fame_sql.suspects.suspects import Suspect

_SERVER_ERROR = 2
_REFUSED = 1


def reasons_of(suspect: Suspect) -> list[str]:
    """Return the reasons: level, words, number of lines, source, burst, beginning."""
    found = (
        _level(suspect),
        _words(suspect),
        counted(suspect.lines),
        _origin(suspect),
        *_times(suspect),
    )
    return [reason for reason in found if reason]


def _level(suspect: Suspect) -> str | None:
    """Return the level; access logs have none, but the status of a request."""
    if not suspect.severity:
        return None
    if suspect.severity_text:
        return suspect.severity_text.upper()
    if suspect.severity >= _SERVER_ERROR:
        return "error of the server"
    return "request refused" if suspect.severity >= _REFUSED else "request failed"


def _words(suspect: Suspect) -> str | None:
    if suspect.phrase is None:
        return None
    if suspect.phrase.startswith("/"):
        return f'asks for paths that scanners try ("{suspect.phrase}")'
    return f'says "{suspect.phrase}"'


def counted(lines: int) -> str:
    """Return a number of lines in words."""
    return f"{lines:,} line{'' if lines == 1 else 's'}"


def _origin(suspect: Suspect) -> str | None:
    if suspect.origin is None:
        return None
    if suspect.origin_lines == suspect.lines:
        return f"all from {suspect.origin}"
    return f"{suspect.origin_lines:,} from {suspect.origin}"


def _times(suspect: Suspect) -> list[str]:
    reasons = []
    if suspect.burst_start is not None and suspect.burst_stop is not None:
        period = _period(suspect.burst_start, suspect.burst_stop)
        reasons.append(f"burst {period} ({counted(suspect.burst_lines or 0)})")
    if suspect.is_new and suspect.first_seen is not None:
        reasons.append(f"new: not before {suspect.first_seen:%Y-%m-%d %H:%M}")
    return reasons


def _period(start: datetime, stop: datetime) -> str:
    """Return a period to the minute, the day only where it differs."""
    if stop - start < timedelta(minutes=1):
        return f"{start:%Y-%m-%d %H:%M}"
    same_day = start.date() == stop.date()
    return f"{start:%Y-%m-%d %H:%M} to {stop:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}}"
