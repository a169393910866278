"""A moment to come on the command line: a time in UTC, or how long from now, such as 14d."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_SPAN = re.compile(r"(\d{1,6})\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Until(click.ParamType[datetime]):
    """A time in UTC without a zone. A date is its first moment in UTC."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time that a text names."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if span := _SPAN.fullmatch(text):
                return _now() + timedelta(**{_UNITS[span[2]]: int(span[1])})
            found = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            self.fail(
                f"{text!r} is no time: write it like 2026-01-31T08:00 (UTC), or from now like 14d, "
                "12h or 30m",
                param,
                ctx,
            )
        return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def _now() -> datetime:
    from fame_sql.warehouse.connection import utc_now

    return utc_now()


UNTIL = Until()
