"""Put what a channel should be told into messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fame_sql.operations.alerts.durations import clock_time
from fame_sql.operations.alerts.matching import values_of
from fame_sql.operations.alerts.notice import Item, counted, delivery_id, signature
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.severities import rank
from fame_sql.operations.alerts.state import Delivery, Hold
from fame_sql.operations.incidents import Incident

_QUIET_TIMES = ("silence", "dismissal", "maintenance")


@dataclass(frozen=True)
class Want:
    """What a channel should be told of one incident.

    Parameters
    ----------
    item : Item
        What to say.
    released : Hold or None
        What held it back until now.
    """

    item: Item
    released: Hold | None = None


@dataclass(frozen=True)
class Draft:
    """A message before it has an identifier.

    Parameters
    ----------
    unit : str
        What a receiver keeps as one.
    items : tuple of Item
        The incidents, the worst first.
    title : str
        A line above them.
    """

    unit: str
    items: tuple[Item, ...]
    title: str = ""


def unit_of(incident: Incident, group_by: Sequence[str]) -> str:
    """Return what a receiver that keeps alerts open keeps an incident in."""
    if not group_by or incident.incident_id.startswith("fame:"):
        return incident.fingerprint
    values = [",".join(values_of(incident, field)) for field in group_by]
    return "group:" + "|".join(f"{f}={v}" for f, v in zip(group_by, values, strict=True))


def drafts_for_people(
    wants: Sequence[Want], settings: AlertSettings, room: int, gap: str
) -> list[Draft]:
    """Return the messages of a channel that people read.

    Parameters
    ----------
    wants : sequence of Want
        What they should be told.
    settings : AlertSettings
        The settings.
    room : int
        How many messages there can be; what does not fit goes into the last one.
    gap : str
        How to say when nothing was looked at; empty if that was not long.
    """
    released: dict[str, list[Item]] = {}
    groups: dict[str, list[Item]] = {}
    over: list[Item] = []
    for want in wants:
        if want.item.what == "over":
            over.append(want.item)
        elif want.released is not None and want.released.kind in _QUIET_TIMES:
            released.setdefault(f"{want.released.kind} {want.released.by}", []).append(want.item)
        else:
            groups.setdefault(_group(want.item, settings), []).append(want.item)
    if released and over:
        # What began and ended meanwhile is a line of the message that says what is open now.
        next(iter(released.values())).extend(over)
        over = []
    drafts = [_draft(f"ended:{name}", items, f"{name} ended") for name, items in released.items()]
    drafts += [_draft(unit, items, _count(items)) for unit, items in groups.items()]
    drafts.sort(key=lambda draft: -rank(draft.items[0].severity))
    drafts = _within(drafts, room - bool(over))
    if over:
        title = f"{counted(len(over), 'incident')} began and ended before they could be announced"
        drafts.append(_draft("over", over, gap + title))
    return drafts


def parted(wants: Sequence[Want], restored: datetime | None) -> tuple[list[Want], list[Want]]:
    """Part what people may know already, because the warehouse forgot that they were told.

    Parameters
    ----------
    wants : sequence of Want
        What they should be told.
    restored : datetime or None
        The last pass that was forgotten; None if none was.

    Returns
    -------
    tuple of list of Want
        What began before that pass, and what is new.
    """
    known: list[Want] = []
    new: list[Want] = []
    for want in wants:
        is_known = (
            restored is not None
            and want.item.incident.first_seen <= restored
            and want.item.what in ("opened", "reopened", "over")
        )
        (known if is_known else new).append(want)
    return known, new


def restored_draft(wants: Sequence[Want]) -> Draft:
    """Return one message of all that people may know already."""
    title = f"the state of alerts was lost, {counted(len(wants), 'incident')}, some may be repeats"
    return replace(_draft("restored", [want.item for want in wants]), title=title)


def drafts_for_receivers(
    wants: Sequence[Want], still_open: Iterable[Item], settings: AlertSettings
) -> list[Draft]:
    """Return the messages of a channel whose receiver keeps alerts open, one for each unit.

    Parameters
    ----------
    wants : sequence of Want
        What it should be told.
    still_open : iterable of Item
        What else is open there.
    settings : AlertSettings
        The settings.
    """
    units: dict[str, list[Item]] = {}
    for want in wants:
        units.setdefault(unit_of(want.item.incident, settings.group_by), []).append(want.item)
    others: dict[str, list[Item]] = {}
    for item in still_open:
        others.setdefault(unit_of(item.incident, settings.group_by), []).append(item)
    drafts = []
    for unit, items in units.items():
        news = [item for item in items if not item.is_over]
        if news and settings.group_by:
            drafts.append(_draft(unit, [*news, *others.get(unit, [])], _count(news)))
        elif news or not others.get(unit):
            drafts.append(_draft(unit, news or items))
    return drafts


def _group(item: Item, settings: AlertSettings) -> str:
    if settings.group_by:
        return unit_of(item.incident, settings.group_by)
    return f"incident:{item.incident.fingerprint}"


def _draft(unit: str, items: Iterable[Item], title: str = "") -> Draft:
    ordered = sorted(
        items, key=lambda item: (-rank(item.severity), item.opened_at, item.incident.incident_id)
    )
    return Draft(
        unit, tuple(ordered), title if len(ordered) > 1 or unit.startswith("ended:") else ""
    )


def _count(items: Sequence[Item]) -> str:
    worst = max((item.severity for item in items), key=rank)
    services = {item.incident.service_name for item in items}
    where = f" in {next(iter(services))}" if len(services) == 1 and "" not in services else ""
    return f"{worst}: {counted(len(items), 'incident')}{where}"


def _within(drafts: list[Draft], room: int) -> list[Draft]:
    """Put what exceeds the room into one message."""
    if len(drafts) <= max(1, room):
        return drafts
    alone = max(0, room - 1)
    rest = [item for draft in drafts[alone:] for item in draft.items]
    return [*drafts[:alone], _draft("digest", rest, _count(rest))]


def written(draft: Draft, channel: str, now: datetime) -> Delivery:
    """Return a draft as a message that can be sent."""
    said = signature(channel, draft.unit, draft.items)
    return Delivery(
        delivery_id(said, now), channel, draft.unit, said, draft.items, draft.title, now, now
    )


def gap_title(last_pass: datetime | None, now: datetime) -> str:
    """Return how to say since when nothing was looked at; empty if there was no pass before."""
    if last_pass is None:
        return ""
    return f"from {clock_time(last_pass)} to {clock_time(now, last_pass)}: "
