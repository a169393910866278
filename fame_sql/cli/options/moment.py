"""A moment on the command line: a time in UTC, or an age such as 2h."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

_AGE = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Moment(click.ParamType[datetime]):
    """A time in UTC without a zone, or how long ago it was."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time that a text names."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            return _before_now(text) if _AGE.fullmatch(text) else _written(text)
        except (ValueError, OverflowError):
            self.fail(
                f"{text!r} is no time: write it like 2025-01-31T08:00 (UTC), or as an age like 2h, "
                "30m or 7d",
                param,
                ctx,
            )


def _before_now(text: str) -> datetime:
    from fame_sql.warehouse.connection import utc_now

    number, unit = _AGE.fullmatch(text).groups()  # type: ignore[union-attr]
    return utc_now() - timedelta(**{_UNITS[unit]: int(number)})


def _written(text: str) -> datetime:
    from datetime import UTC

    found = datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


MOMENT = Moment()
