"""Spans of time as people write them, such as ``30m``, and as messages say them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from fame_sql.errors import InputError

_DURATION = re.compile(r"(\d{1,6})(s|m|h|d|w)")
# A hundred years; with far more, the calendar of Python ends.
_LONGEST = timedelta(days=36_500)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: object, name: str) -> timedelta:
    """Return a span of time.

    Parameters
    ----------
    text : object
        A whole number and a unit: ``30s``, ``5m``, ``6h``, ``7d`` or ``2w``.
    name : str
        The setting or option that it was given for.

    Raises
    ------
    InputError
        If it is anything else, or longer than a hundred years.
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InputError(
            f"{name} = {text!r} is no span of time: write a whole number and s, m, h, d or w, "
            "such as 30m"
        )
    span = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if span > _LONGEST:
        raise InputError(f"{name} = {text!r} is too long: write at most {_LONGEST.days}d")
    return span


def span_of(seconds: float) -> str:
    """Return a span of time as :func:`duration` reads it, in the largest unit that divides it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def spoken(span: timedelta) -> str:
    """Return a span of time in at most two units, such as ``2 h 5 min``."""
    seconds = max(0, round(span.total_seconds()))
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts = []
    for unit, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def clock_time(moment: datetime, beside: datetime | None = None) -> str:
    """Return a time in UTC, without its day if it is that of ``beside``."""
    same_day = beside is not None and moment.date() == beside.date()
    return f"{moment:%H:%M}Z" if same_day else f"{moment:%Y-%m-%d %H:%M}Z"
