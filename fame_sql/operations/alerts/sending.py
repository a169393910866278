"""Send the messages that are due, one after another, the worst first.

One at a time: so a process that is killed leaves at most one message whose outcome nobody knows. A
channel that fails is left alone until its messages are due again, so that it holds up the others
once at most. Channels that worked last time come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import FameError
from fame_sql.operations.alerts.channels import Channel, Surroundings, Traits, open_channel
from fame_sql.operations.alerts.clock import Clock
from fame_sql.operations.alerts.journal import Journal
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.recording import PROBE, record
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.state import AlertState, Delivery
from fame_sql.operations.alerts.templates import failed


@dataclass
class Sender:
    """Sends the messages of one pass.

    Parameters
    ----------
    state : AlertState
        What is known; it is changed.
    settings : AlertSettings
        The settings.
    traits : mapping
        What the receivers of each channel are like.
    around : Surroundings
        Secrets and the like.
    journal : Journal
        Where it is noted what is sent.
    clock : Clock
        The time.
    progress : Progress
        Receives the progress by channels: what is delivered of what is due.
    """

    state: AlertState
    settings: AlertSettings
    traits: Mapping[str, Traits]
    around: Surroundings
    journal: Journal
    clock: Clock
    progress: Progress = field(default_factory=SilentProgress)
    sent: list[Delivery] = field(default_factory=list)
    failed: list[Delivery] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    _channels: dict[str, Channel | str] = field(default_factory=dict)
    _last: dict[str, datetime] = field(default_factory=dict)

    def send_due(self) -> None:
        """Send what is due, and wait a little for what will be."""
        deadline = self.clock.now() + self.settings.retry.within
        while True:
            self._round()
            due = self._next_due()
            if due is None or due > deadline:
                return
            self.clock.sleep(max(0.0, (due - self.clock.now()).total_seconds()))

    def _next_due(self) -> datetime | None:
        times = [
            max(
                delivery.next_try,
                self.state.channel(delivery.channel).next_try or delivery.next_try,
            )
            for delivery in self.state.pending()
            if delivery.channel in self.settings.channels
        ]
        return min(times, default=None)

    def _round(self) -> None:
        for name in self._ordered(self.settings.channels):
            if self._due(name):
                self._send_to(name)

    def _send_to(self, name: str) -> None:
        waiting = sum(1 for _ in self.state.pending(name))
        with self.progress.step(f"sending to {name}", waiting) as step:
            while batch := self._due(name):
                if not self._send(name, batch):
                    return
                step.advance(len(batch))

    def _ordered(self, names: Iterable[str]) -> list[str]:
        """Put channels last that failed, or were being sent to when a process was killed."""
        unsure = {delivery.channel for delivery in self.state.pending() if delivery.attempts}
        return sorted(names, key=lambda n: n in unsure or self.state.channel(n).failures > 0)

    def _due(self, name: str) -> list[Delivery]:
        """Return what to send to a channel next: one message, or all if it must be refreshed."""
        now, channel = self.clock.now(), self.state.channel(name)
        if channel.next_try is not None and self._is_later(channel.next_try, now):
            return []
        due = [d for d in self.state.pending(name) if not self._is_later(d.next_try, now)]
        due.sort(key=lambda delivery: delivery.urgency)
        return due if self.traits[name].refreshes else due[:1]

    def _is_later(self, moment: datetime, now: datetime) -> bool:
        """Return whether to wait; what is further away was written before a clock was set back."""
        return now < moment <= now + max(self.settings.retry.longest, PROBE)

    def _send(self, name: str, batch: Sequence[Delivery]) -> bool:
        """Send a batch; return whether the channel may be sent more at once."""
        outcome, mark = self._attempt(name, batch)
        if outcome.status == "refused" and len(batch) > 1:
            # One of them is not accepted, and the answer does not say which.
            fine = [self._send(name, [delivery]) for delivery in batch]
            return all(fine)
        now = self.clock.now()
        for delivery in batch:
            self.journal.end(delivery.delivery_id, now, outcome, mark)
            retry = self.settings.retry
            record(self.state, delivery, outcome, self.traits[name], retry, mark, now)
            self.changed.add(delivery.delivery_id)
            (self.sent if outcome.status == "delivered" else self.failed).append(delivery)
        return outcome.status in ("delivered", "refused")

    def _attempt(self, name: str, batch: Sequence[Delivery]) -> tuple[Outcome, str]:
        channel = self._channel(name)
        if isinstance(channel, str):
            return Outcome("broken", channel), ""
        self._keep_pause(name)
        now = self.clock.now()
        for delivery in batch:
            self.journal.begin(delivery.delivery_id, now)
        try:
            outcome = channel.send([d.notice() for d in batch], batch[0].memo)
        except Exception as error:
            # A mistake in one channel must not keep the others from being used.
            outcome = Outcome("failed", f"{type(error).__name__} in the channel {name}")
        self._last[name] = self.clock.now()
        if outcome.status == "delivered":
            options = self.settings.channels[name].options
            missing = "; ".join(filter(None, (outcome.degraded, failed(options))))
            outcome = replace(outcome, degraded=missing)
        return outcome, channel.mark()

    def _channel(self, name: str) -> Channel | str:
        """Return the channel, or why there is none."""
        if name not in self._channels:
            try:
                self._channels[name] = open_channel(self.settings.channels[name], self.around)
            except FameError as error:
                self._channels[name] = self.around.secrets.hidden(str(error))
        return self._channels[name]

    def _keep_pause(self, name: str) -> None:
        last, pause = self._last.get(name), self.traits[name].pause
        if last is not None and pause > timedelta():
            left = last + pause - self.clock.now()
            self.clock.sleep(max(0.0, left.total_seconds()))
