"""A moment on the command line: a time in UTC, or how long it is from now, such as 2h."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_NUMBER = re.compile(r"\d{1,7}")
_SPAN = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[datetime]):
    """A time in UTC without a zone; a date is its first moment.

    Parameters
    ----------
    ahead : bool
        Whether a span of time, such as ``2h``, lies ahead of now or before it.
    """

    name = "time"

    def __init__(self, *, ahead: bool) -> None:
        self._ahead = ahead

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time that a text names."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            span = _SPAN.fullmatch(text)
            return self._from_now(*span.groups()) if span else _written(text)
        except (ValueError, OverflowError):
            span_is = "from now like 14d," if self._ahead else "as an age like 2h,"
            self.fail(
                f"{text!r} is no time: write it like 2025-01-31T08:00 (UTC), or "
                f"{span_is} 12h or 30m",
                param,
                ctx,
            )

    def _from_now(self, number: str, unit: str) -> datetime:
        from fame_sql.warehouse.connection import utc_now

        span = timedelta(**{_UNITS[unit]: int(number)})
        return utc_now() + span if self._ahead else utc_now() - span


def _written(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


class Snapshot(click.ParamType[datetime | int]):
    """A state of a lake: a time, or the number of a snapshot."""

    name = "snapshot"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | int:
        """Return the time or the number that a text names."""
        if isinstance(value, int):
            return value
        text = str(value).strip()
        return int(text) if _NUMBER.fullmatch(text) else MOMENT.convert(value, param, ctx)


MOMENT = Moment(ahead=False)
UNTIL = Moment(ahead=True)
SNAPSHOT = Snapshot()
