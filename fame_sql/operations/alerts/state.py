"""What the alerts know: incidents that are followed, what each channel was told, and deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from fame_sql.operations.alerts.matching import Match
from fame_sql.operations.alerts.notice import OWN, Item, Notice
from fame_sql.operations.alerts.severities import rank
from fame_sql.operations.incidents import Incident, Severity

DeliveryState = Literal["pending", "delivered", "refused", "overtaken", "unknown"]
HoldKind = Literal["silence", "dismissal", "maintenance", "suppressed", "limit", "refused"]


@dataclass
class Followed:
    """An incident, and its course since it was found.

    Parameters
    ----------
    incident : Incident
        As it is now.
    phase : int
        Grows each time that it opens again.
    opened_at : datetime
        When this phase was found.
    ended_at : datetime or None
        When it was found to be over; None while it is open.
    worst : Severity
        The worst severity of this phase.
    worsened_at, corrected_at : datetime or None
        When it got worse, or late lines changed it, last.
    quiet_until : datetime or None
        The end of the quiet time during which it opened; None if there was none.
    """

    incident: Incident
    phase: int
    opened_at: datetime
    ended_at: datetime | None
    worst: Severity
    worsened_at: datetime | None = None
    corrected_at: datetime | None = None
    quiet_until: datetime | None = None

    @property
    def is_own(self) -> bool:
        """Whether it is about fame-sql itself: quiet times do not hold for it."""
        return self.incident.incident_id.startswith(OWN)


@dataclass
class Told:
    """What a channel has been told of an incident.

    Parameters
    ----------
    channel, incident_id, fingerprint : str
        Which channel, and of what.
    phase : int
        Of which phase.
    what : {"", "opened", "resolved", "settled", "owed"}
        Nothing yet; that it is open; that it is over; nothing more to say; that it was over before
        it could be announced, which is still to be said.
    severity : str
        The worst severity that it was told in this phase; empty if none.
    at : datetime or None
        When it was last told that the incident is open.
    ended_at : datetime or None
        When it was told that it is over.
    lines : int
        How many lines it was told of.
    mark : str
        What the key of the channel was known by.
    refused : str
        The severity of the notice that it refused; empty if none.
    refused_phase : int
        Of which phase.
    owed : str
        Why a reminder is due; empty if none is.
    """

    channel: str
    incident_id: str
    fingerprint: str
    phase: int = 0
    what: Literal["", "opened", "resolved", "settled", "owed"] = ""
    severity: str = ""
    at: datetime | None = None
    ended_at: datetime | None = None
    lines: int = 0
    mark: str = ""
    refused: str = ""
    refused_phase: int = 0
    owed: str = ""


@dataclass
class Delivery:
    """A message to a channel, and what became of it.

    Parameters
    ----------
    delivery_id, channel, unit, title : str
        See :class:`~fame_sql.operations.alerts.notice.Notice`.
    signature : str
        What it says, to find out whether it is still right.
    items : tuple of Item
        Its incidents.
    created_at : datetime
        When it was written.
    state : {"pending", "delivered", "refused", "overtaken", "unknown"}
        Where it stands.
    attempts, unknowns : int
        How often it was sent, and how often no answer came.
    next_try : datetime
        When it is due.
    finished_at : datetime or None
        When it got its last state.
    reason, degraded : str
        What the receiver said, and what is missing in what was delivered.
    memo : mapping
        What the channel must know when it repeats it.
    """

    delivery_id: str
    channel: str
    unit: str
    signature: str
    items: tuple[Item, ...]
    title: str
    created_at: datetime
    next_try: datetime
    state: DeliveryState = "pending"
    attempts: int = 0
    unknowns: int = 0
    finished_at: datetime | None = None
    reason: str = ""
    degraded: str = ""
    memo: Mapping[str, Any] = field(default_factory=dict)

    @property
    def urgency(self) -> tuple[int, datetime, datetime, str]:
        """What messages are sorted by before they are sent."""
        worst = max(rank(item.severity) for item in self.items)
        first = min(self.items, key=lambda item: (item.opened_at, item.incident.incident_id))
        return -worst, self.created_at, first.opened_at, first.incident.incident_id

    def notice(self) -> Notice:
        """Return what is sent."""
        return Notice(
            self.delivery_id,
            self.channel,
            self.unit,
            self.items,
            self.title,
            self.created_at,
            may_be_repeat=self.unknowns > 0,
        )


@dataclass(frozen=True)
class Hold:
    """A notice that is held back, and why.

    Parameters
    ----------
    channel, incident_id : str
        Which notice.
    phase : int
        Of which phase of the incident.
    kind : str
        What holds it back.
    by : str
        Which silence or window.
    why : str
        The reason in words.
    since, until : datetime or None
        From when, and until when if that is known.
    """

    channel: str
    incident_id: str
    phase: int
    kind: HoldKind
    by: str
    why: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Silence:
    """Somebody's wish not to be told of some incidents for a time.

    Parameters
    ----------
    silence_id : str
        Its identifier.
    match : Match
        Which incidents.
    starts_at, ends_at : datetime
        From when until when, in UTC.
    author, reason : str
        Who wants it, and why.
    """

    silence_id: str
    match: Match
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str

    def covers(self, incident: Incident, now: datetime) -> bool:
        """Return whether it holds an incident back now."""
        return self.starts_at <= now < self.ends_at and self.match.covers(incident)


@dataclass
class ChannelState:
    """How a channel is doing.

    Parameters
    ----------
    channel : str
        Its name.
    delivered, failures : int
        Messages that it took, and attempts in a row that failed.
    failing_since : datetime or None
        When it began to fail.
    next_try : datetime or None
        Before this it is sent nothing.
    is_broken : bool
        Whether it takes nothing until somebody changes something.
    reason : str
        What it said last.
    """

    channel: str
    delivered: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    next_try: datetime | None = None
    is_broken: bool = False
    reason: str = ""


@dataclass
class AlertState:
    """All that the alerts know.

    Parameters
    ----------
    followed : dict
        Incidents by their identifier.
    told : dict
        By channel and incident.
    deliveries : dict
        By identifier: those that are pending, and those of the last days.
    holds : dict
        What is held back now, by channel and incident.
    silences : list
        Silences that hold, or have ended since the last pass.
    channels : dict
        Channels by name.
    last_pass : datetime or None
        When the last pass was.
    last_beat : datetime or None
        When the watcher was last called.
    restored : datetime or None
        The last pass that was forgotten, because an older copy of the warehouse was put back.
        Messages about incidents that began before it may be repeats.
    first_model_at : datetime or None
        When the first model of the warehouse was made; None if there is none.
    recounted_at : datetime or None
        When incidents followed a count of all lines last; None if they never did.
    """

    followed: dict[str, Followed] = field(default_factory=dict)
    told: dict[tuple[str, str], Told] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    holds: dict[tuple[str, str], Hold] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)
    channels: dict[str, ChannelState] = field(default_factory=dict)
    last_pass: datetime | None = None
    last_beat: datetime | None = None
    restored: datetime | None = None
    first_model_at: datetime | None = None
    recounted_at: datetime | None = None

    def told_of(self, channel: str, followed: Followed) -> Told:
        """Return what a channel was told of an incident."""
        incident = followed.incident
        key = (channel, incident.incident_id)
        return self.told.setdefault(key, Told(channel, incident.incident_id, incident.fingerprint))

    def channel(self, name: str) -> ChannelState:
        """Return how a channel is doing."""
        return self.channels.setdefault(name, ChannelState(name))

    def pending(self, channel: str | None = None) -> Iterator[Delivery]:
        """Yield the deliveries that are still to be sent."""
        for delivery in self.deliveries.values():
            if delivery.state == "pending" and channel in (None, delivery.channel):
                yield delivery

    def written_since(self, channel: str, span: timedelta, now: datetime) -> int:
        """Return how many messages to a channel were written in a time."""
        return sum(
            d.channel == channel and d.state != "overtaken" and now - d.created_at < span
            for d in self.deliveries.values()
        )
