"""Maintenance windows: repeated by the clock of a zone, or once.

A repeated window holds by what the clock of its zone shows: from 02:00 to 03:00 on the day on which
clocks go forward is no time at all, and two hours on the day on which they go back. Its first
moment belongs to it, its last does not. If it goes past midnight, it belongs to the day on which it
starts. A window that happens once is two moments, compared in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fame_sql.errors import InputError
from fame_sql.operations.alerts.durations import duration
from fame_sql.operations.alerts.matching import Match, read_match
from fame_sql.operations.incidents import Incident

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KEYS = {"name", "from", "to", "weekdays", "zone", "match", "except", "start", "end", "for"}
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """A time in which alerts of some incidents are held back.

    Parameters
    ----------
    name : str
        Its name.
    zone : str
        The zone of its times.
    match : Match
        Which incidents it is about.
    spared : str
        Severity from which alerts go out all the same; empty for none.
    start, end : datetime or None
        Of a window that happens once, in UTC without a zone.
    begins, ends : time or None
        Of a repeated one, by its clock; no ``ends`` means midnight.
    weekdays : frozenset of int
        The days on which a repeated window starts, Monday is 0.
    notes : tuple of str
        What its author may not expect of it.
    """

    name: str
    zone: str = "UTC"
    match: Match = field(default_factory=Match)
    spared: str = ""
    start: datetime | None = None
    end: datetime | None = None
    begins: time | None = None
    ends: time | None = None
    weekdays: frozenset[int] = frozenset(range(7))
    notes: tuple[str, ...] = ()

    def holds(self, now: datetime) -> bool:
        """Return whether a moment, in UTC without a zone, lies in the window."""
        if self.start is not None and self.end is not None:
            return self.start <= now < self.end
        local = now.replace(tzinfo=UTC).astimezone(zone_of(self.zone))
        clock, begins = local.time().replace(tzinfo=None), self.begins or time()
        today, yesterday = local.weekday(), (local.weekday() - 1) % 7
        if self.ends is None:
            return today in self.weekdays and clock >= begins
        if begins < self.ends:
            return today in self.weekdays and begins <= clock < self.ends
        evening = today in self.weekdays and clock >= begins
        return evening or (yesterday in self.weekdays and clock < self.ends)

    def covers(self, incident: Incident, now: datetime) -> bool:
        """Return whether it is about an incident, and holds now."""
        return self.match.covers(incident) and self.holds(now)

    def spans(self, start: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
        """Yield the times that it holds, in UTC, from ``start`` on for some days."""
        stop, since = start + days * _DAY, None
        now = start
        while now < stop:
            if self.holds(now):
                since = since or now
            elif since is not None:
                yield since, now
                since = None
            now += _MINUTE
        if since is not None:
            yield since, stop

    def until(self, now: datetime) -> datetime | None:
        """Return when the window that holds now ends, None if not within eight days."""
        if self.end is not None:
            return self.end
        moment, last = now.replace(second=0, microsecond=0), now + 8 * _DAY
        while moment < last:
            moment += _MINUTE
            if not self.holds(moment):
                return moment
        return None


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone, from the system or from pytz, which has its own copy of all zones.

    Raises
    ------
    InputError
        If there is no zone of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    import pytz

    try:
        with pytz.open_resource(name) as file:
            return ZoneInfo.from_file(file, key=name)
    except (ValueError, OSError):
        raise InputError(
            f"there is no time zone {name!r}: write one such as Europe/Berlin"
        ) from None


def read_window(given: Mapping[str, Any], number: int) -> Window:
    """Return the window of one table ``[[maintenance]]``.

    Raises
    ------
    InputError
        If a key is unknown or missing, a time does not exist, or the window is empty.
    """
    where = f"maintenance {given.get('name', number)!r}"
    if unknown := sorted(set(given) - _KEYS):
        raise InputError(f"{where}: {unknown[0]!r} is no key; keys are {', '.join(sorted(_KEYS))}")
    texts = {"name": f"window {number}", "zone": "UTC", "match": "", "except": ""}
    for key in texts:
        texts[key] = given.get(key, texts[key])
        if not isinstance(texts[key], str):
            raise InputError(f"{where}: {key} = {texts[key]!r} is no text")
    zone = texts["zone"]
    zone_of(zone)
    common: dict[str, Any] = {
        "name": texts["name"],
        "zone": zone,
        "match": read_match(texts["match"], where),
        "spared": texts["except"],
    }
    if "start" in given:
        return Window(**common, **_once(given, zone, where))
    return Window(**common, **_repeated(given, where))


def _repeated(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not {"from", "to", "weekdays"} & set(given):
        raise InputError(f"{where}: give from and to, or weekdays, or start and end")
    if ("from" in given) != ("to" in given):
        raise InputError(f"{where}: give both from and to, such as from = '22:00', to = '07:00'")
    begins = _clock(given.get("from", "00:00"), f"{where}: from")
    last = given.get("to", "24:00")
    ends = None if last == "24:00" else _clock(last, f"{where}: to")
    if ends == begins:
        raise InputError(f"{where}: from and to are both {last}, so that the window is empty")
    notes = []
    if "weekdays" not in given:
        notes.append("it holds on every day, as it names no weekdays")
    if "from" not in given:
        notes.append("it holds for whole days, as it names no times")
    if ends is not None and (ends.hour, ends.minute) == (23, 59):
        notes.append("the last minute of the day is outside; write to = '24:00' to have it in")
    if "zone" not in given:
        notes.append("its times are UTC, as it names no zone")
    return {
        "begins": begins,
        "ends": ends,
        "weekdays": _weekdays(given.get("weekdays", list(WEEKDAYS)), where),
        "notes": tuple(notes),
    }


def _clock(text: object, where: str) -> time:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InputError(
            f"{where} = {text!r} is no time of day: write 00:00 to 23:59, or to = 24:00"
        )
    return time(int(found[1]), int(found[2]))


def _weekdays(given: object, where: str) -> frozenset[int]:
    names = given if isinstance(given, list) else [given]
    if not names:
        raise InputError(f"{where}: weekdays is empty, so that the window never holds")
    for name in names:
        if name not in WEEKDAYS:
            raise InputError(f"{where}: weekdays has {name!r}; days are {', '.join(WEEKDAYS)}")
    return frozenset(WEEKDAYS.index(name) for name in names)


def _once(given: Mapping[str, Any], zone: str, where: str) -> dict[str, Any]:
    if ("end" in given) == ("for" in given):
        raise InputError(f"{where}: give start and either end or for")
    start, notes = _moment(given["start"], zone, f"{where}: start")
    if "for" in given:
        end = start + duration(given["for"], f"{where}: for")
    else:
        end, more = _moment(given["end"], zone, f"{where}: end")
        notes += more
    if end <= start:
        raise InputError(f"{where}: it ends before it starts ({start}Z to {end}Z)")
    return {"start": start, "end": end, "notes": tuple(notes)}


def _moment(given: object, zone: str, where: str) -> tuple[datetime, list[str]]:
    """Return a moment in UTC; refuse a local time that the clocks leave out."""
    try:
        read = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    except ValueError:
        raise InputError(f"{where} = {given!r} is no time: write 2026-03-29 02:30") from None
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise InputError(f"{where} = {read}: write a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    if read.tzinfo is not None:
        return read.astimezone(UTC).replace(tzinfo=None), []
    local = read.replace(tzinfo=zone_of(zone))
    moment = local.astimezone(UTC)
    if moment.astimezone(zone_of(zone)).replace(tzinfo=None) != read:
        raise InputError(f"{where}: {read} does not exist in {zone}, where clocks go forward then")
    later = local.replace(fold=1).astimezone(UTC)
    plain = moment.replace(tzinfo=None)
    notes = (
        [] if later == moment else [f"{read} happens twice in {zone}: the first is meant, {plain}Z"]
    )
    return plain, notes
