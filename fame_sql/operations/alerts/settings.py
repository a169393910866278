"""The settings of alerts: channels, routes, and when to be quiet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fame_sql.operations.alerts.matching import Match
from fame_sql.operations.alerts.severities import rank
from fame_sql.operations.alerts.windows import Window
from fame_sql.operations.incidents import Incident, Severity


@dataclass(frozen=True)
class ChannelSettings:
    """One table ``[channels.NAME]``.

    Parameters
    ----------
    name : str
        Its name.
    kind : str
        Which channel it is, such as ``slack``.
    options : mapping
        What that kind takes, checked.
    match : Match
        Which incidents it takes at all.
    severity : str
        The mildest severity that it takes.
    notify_end : bool
        Whether people are told there that an incident is over.
    """

    name: str
    kind: str
    options: Mapping[str, Any]
    match: Match = field(default_factory=Match)
    severity: Severity = "info"
    notify_end: bool = True


@dataclass(frozen=True)
class Route:
    """One table ``[[routes]]``: which incidents go to which channels.

    Parameters
    ----------
    severity : str
        The mildest severity that it takes.
    services, domains : frozenset of str
        What it takes; all if empty.
    match : Match
        Further conditions.
    channels : tuple of str
        Where these incidents go; nowhere if empty.
    after : timedelta
        How long an incident must have been open, to reach others when nobody mends it.
    last : bool
        Whether later routes are not asked about an incident that it takes.
    """

    severity: Severity = "info"
    services: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    match: Match = field(default_factory=Match)
    channels: tuple[str, ...] = ()
    after: timedelta = timedelta()
    last: bool = False

    def takes(self, incident: Incident, severity: Severity) -> bool:
        """Return whether it takes an incident whose worst severity is ``severity``."""
        return (
            rank(severity) >= rank(self.severity)
            and (not self.services or incident.service_name in self.services)
            and (not self.domains or incident.domain in self.domains)
            and self.match.covers(incident)
        )


@dataclass(frozen=True)
class Retry:
    """How a delivery that failed is repeated.

    Parameters
    ----------
    first : timedelta
        The wait after the first failure.
    factor : float
        How much longer each further wait is.
    longest : timedelta
        The longest wait.
    within : timedelta
        How long one pass waits for deliveries that are due again; the next pass has the others.
    """

    first: timedelta = timedelta(seconds=2)
    factor: float = 2.0
    longest: timedelta = timedelta(minutes=15)
    within: timedelta = timedelta(seconds=30)


@dataclass(frozen=True)
class Heartbeat:
    """Signs of life, and of their absence.

    Parameters
    ----------
    url : str
        The watcher that is called after a pass; empty for none.
    every : timedelta
        The shortest time between two calls.
    quiet : timedelta or None
        After how long without a new line, or with lines that nothing scores, an alert goes out.
    channels : tuple of str
        Where that alert goes; everywhere if empty.
    """

    url: str = ""
    every: timedelta = timedelta(minutes=5)
    quiet: timedelta | None = None
    channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeliveryAlert:
    """When people are told that a channel does not work.

    Parameters
    ----------
    after : int
        Failures of a channel.
    via : tuple of str
        Channels that say it.
    repeat : timedelta
        How often it is repeated.
    """

    after: int = 3
    via: tuple[str, ...] = ()
    repeat: timedelta = timedelta(hours=6)


@dataclass(frozen=True)
class AlertSettings:
    """All settings of alerts.

    Parameters
    ----------
    channels : mapping
        The channels by name.
    routes : tuple of Route
        Tried in order; without any, all incidents go to all channels.
    windows : tuple of Window
        Maintenance windows.
    suppress : timedelta
        How long a channel is not told again of a fingerprint that it was told of.
    remind : timedelta or None
        After how long people are told that an incident is still open; None for never.
    group_by : tuple of str
        Fields by which news is put into one message.
    group_wait : timedelta
        How long news waits for more of its group.
    limit, limit_per : int, timedelta
        The most messages of a channel in a time; what exceeds it goes into one message.
    downtime : timedelta
        A gap between two passes that people are told of, with what happened in it.
    lateness : timedelta
        How long ago an incident can have ended that late lines tell of, so that people learn of it.
    source : str
        What tells this warehouse's alerts from those of others at the same receivers.
    proxy : str
        The proxy of HTTP channels; empty for the one in the environment, ``none`` for none.
    retry, heartbeat, delivery_alert
        See their classes.
    notes : tuple of str
        What the author of the settings may not expect.
    """

    channels: Mapping[str, ChannelSettings] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    windows: tuple[Window, ...] = ()
    suppress: timedelta = timedelta(minutes=30)
    remind: timedelta | None = timedelta(hours=4)
    group_by: tuple[str, ...] = ()
    group_wait: timedelta = timedelta()
    limit: int = 10
    limit_per: timedelta = timedelta(minutes=10)
    downtime: timedelta = timedelta(minutes=15)
    lateness: timedelta = timedelta(days=1)
    source: str = ""
    proxy: str = ""
    retry: Retry = field(default_factory=Retry)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    delivery_alert: DeliveryAlert = field(default_factory=DeliveryAlert)
    notes: tuple[str, ...] = ()

    def routed(self, incident: Incident, severity: Severity) -> dict[str, timedelta]:
        """Return the channels of an incident, and how long it must be open for each."""
        waits: dict[str, timedelta] = {}
        for route in self._taken_by(incident, severity):
            for name in route.channels:
                waits[name] = min(route.after, waits.get(name, route.after))
        return {
            name: wait for name, wait in waits.items() if self._accepts(name, incident, severity)
        }

    def ignores(self, incident: Incident, severity: Severity) -> bool:
        """Return whether a route takes an incident and sends it nowhere: somebody wants it so."""
        return any(not route.channels for route in self._taken_by(incident, severity))

    def _taken_by(self, incident: Incident, severity: Severity) -> Iterator[Route]:
        for route in self.routes or (Route(channels=tuple(self.channels)),):
            if route.takes(incident, severity):
                yield route
                if route.last:
                    return

    def _accepts(self, name: str, incident: Incident, severity: Severity) -> bool:
        channel = self.channels.get(name)
        return (
            channel is not None
            and rank(severity) >= rank(channel.severity)
            and channel.match.covers(incident)
        )
