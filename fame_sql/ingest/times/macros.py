"""The SQL macros that read times, for one source."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from string import Template

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.sql.quoting import literal

CLOCK = r"(\d{1,2}:\d{2}(?::\d{2})?(?:[.,:]\d{1,9})?)(?: ?([AaPp]\.?[Mm]\b|(?i:VORM|NACHM)\b)\.?)?"
"""A clock and the half of the day, as two groups."""

ZONE = r"(Z|z|[+-]\d{1,2}(?::?\d{2})?|(?:UTC|GMT)[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]{2,5})"
"""A zone or what may be the name of one, as one group."""


CLOCK_PATTERN = (
    r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,:]\d{1,9})?(?: ?(?:[AaPp]\.?[Mm]\b|(?i:VORM|NACHM)\b)\.?)?"
)
"""The same without groups."""

LETTERS = "[A-Za-zÀ-ɏ]"
"""Letters of European languages; classes of Unicode make regular expressions slow."""

_NOT_IN_TEXT = {"Z", "ART", "WET"}


@dataclass(frozen=True)
class TimeChoices:
    """What the times of a source do not say themselves.

    Parameters
    ----------
    timezone : str, optional
        The zone of times without one, such as ``Europe/Berlin``; None is UTC.
    day_first : bool, optional
        Whether the day comes before the month in dates of numbers that end with the year; None
        if the lines do not say.
    date : str, optional
        The date of times without one, as in 2024-02-03; None is that of the last change of the
        source.
    date_is_given : bool
        Whether a user has named it; otherwise it is from the name of the file.
    """

    timezone: str | None = None
    day_first: bool | None = None
    date: str | None = None
    date_is_given: bool = False


UTC_TIMES = TimeChoices()
"""The choices where nothing is known: times without a zone are in UTC."""


@cache
def zone_names() -> tuple[str, ...]:
    """Return the abbreviations of zones that are known."""
    return tuple(row["zone"] for row in _rows("zones"))


def text_zones() -> tuple[str, ...]:
    """Return the abbreviations that are zones where they stand after a time."""
    return ("Z", *(name for name in zone_names() if name not in _NOT_IN_TEXT))


def strict_zone() -> str:
    """Return the pattern of a zone that is no other word."""
    names = "|".join(text_zones())
    return rf"(?:(?:UTC|GMT)[+-]\d{{1,2}}(?::?\d{{2}})?\b|[+-]\d{{2}}:?\d{{2}}\b|(?:{names})\b)"


def check_timezone(name: str) -> str:
    """Return the name of a zone of the IANA database.

    Raises
    ------
    InputError
        If there is no such zone.
    """
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, KeyError):
        raise InputError(
            f"unknown timezone {name!r}: use a name such as Europe/Berlin, America/New_York or UTC"
        ) from None


def is_date(text: str) -> bool:
    """Return whether a text is a date such as 2024-02-03."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def check_date(text: str) -> str:
    """Return a date such as 2024-02-03.

    Raises
    ------
    InputError
        If it is none.
    """
    if not is_date(text):
        raise InputError(f"{text!r} is no date: write it as in 2024-02-03")
    return text


def time_macros(choices: TimeChoices = UTC_TIMES) -> str:
    """Return the statements that create what the SELECTs of the formats share."""
    local, zoned = _local(choices.timezone)
    base = Template(sql.load("ingest/macros")).substitute(local=local, zoned=zoned)
    return base + _times(choices)


def _times(choices: TimeChoices) -> str:
    return Template(sql.load("ingest/times")).substitute(
        clock=CLOCK,
        zone=ZONE,
        day_first="TRUE" if choices.day_first else "FALSE",
        date=_date(choices.date),
        date_guess=_date_guess(choices),
        date_is_certain="FALSE" if choices.day_first is None else "TRUE",
        zones=_pairs((row["zone"], row["minutes"]) for row in _rows("zones")),
        zone_guesses=_cases(
            (row["zone"], literal(f"{row['zone']}, which is also a zone of {row['also']}"))
            for row in _rows("zones")
            if row["also"]
        ),
        months=_pairs(_months()),
    )


def _date(given: str | None) -> str:
    """Return the year, the month and the day of times without a date, as SQL."""
    if given is not None:
        return ", ".join(literal(part) for part in given.split("-"))
    return ", ".join(f"strftime(ingest_latest(), '%{code}')" for code in "Ymd")


def _date_guess(choices: TimeChoices) -> str:
    if choices.date_is_given:
        return "NULL"
    return literal("the date" if choices.date is None else "the date, from the name of the file")


def _local(timezone: str | None) -> tuple[str, str]:
    shifted = "moment - to_minutes(ingest_zone_minutes(zone))"
    if timezone is None:
        return "moment", shifted
    # DuckDB reads a TIMESTAMP in a zone, and writes the moment in another.
    local = f"timezone('UTC', timezone({literal(timezone)}, moment))"
    return local, f"CASE WHEN zone = '' THEN {local} ELSE {shifted} END"


def _months() -> list[tuple[str, str]]:
    return [(name, row["month"]) for row in _rows("months") for name in row["names"].split()]


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """Return keys and values as one text: a list of constants is slow to plan."""
    return "".join(f" {key}={value}" for key, value in pairs) + " "


def _cases(pairs: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"WHEN {literal(name)} THEN {value}" for name, value in pairs)


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    text = files("fame_sql.ingest.times").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
