"""Decide which messages go out to one channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from fame_sql.operations.alerts.channels import Traits
from fame_sql.operations.alerts.composing import (
    Draft,
    Want,
    drafts_for_people,
    drafts_for_receivers,
    gap_title,
    parted,
    restored_draft,
    unit_of,
    written,
)
from fame_sql.operations.alerts.decision import Decision
from fame_sql.operations.alerts.durations import clock_time
from fame_sql.operations.alerts.holding import goes_on, held_back
from fame_sql.operations.alerts.notice import Item, What
from fame_sql.operations.alerts.own import channels_of
from fame_sql.operations.alerts.recording import assume_delivered
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.severities import rank
from fame_sql.operations.alerts.state import (
    AlertState,
    Delivery,
    Followed,
    Hold,
    HoldKind,
    Told,
)
from fame_sql.operations.alerts.wanting import (
    is_news_when_over,
    item_of,
    returns,
    wanted,
    was_away,
)


@dataclass
class ChannelPass:
    """The decision about one channel.

    Parameters
    ----------
    state : AlertState
        What is known; what is decided is added to it.
    settings : AlertSettings
        The settings.
    traits : Traits
        What the receivers of the channel are like.
    name : str
        The channel.
    now : datetime
        The time, in UTC.
    decision : Decision
        Receives what is decided.
    """

    state: AlertState
    settings: AlertSettings
    traits: Traits
    name: str
    now: datetime
    decision: Decision

    def decide(self) -> None:
        """Write the messages of the channel, and withdraw those that were overtaken."""
        self._take_unanswered_for_told()
        wants = [
            want
            for followed in list(self.state.followed.values())
            for want in self._wants(followed)
        ]
        wants = self._within_limit(wants)
        drafts = self._drafts(wants)
        pending = {delivery.signature: delivery for delivery in self.state.pending(self.name)}
        for draft in drafts:
            new = written(draft, self.name, self.now)
            if pending.pop(new.signature, None) is None:
                new.next_try = max(self.now, self.state.channel(self.name).next_try or self.now)
                self.state.deliveries[new.delivery_id] = new
                self.decision.written.append(new)
        for delivery in pending.values():
            if not (delivery.unknowns and self._is_right(delivery)):
                delivery.state, delivery.finished_at = "overtaken", self.now
                self.decision.overtaken.append(delivery)

    def _take_unanswered_for_told(self) -> None:
        """Take it that people know of what was sent without an answer and has ended since."""
        for delivery in list(self.state.pending(self.name)):
            if delivery.unknowns and not self._is_right(delivery):
                assume_delivered(self.state, delivery, self.now)

    def _is_right(self, delivery: Delivery) -> bool:
        """Return whether a message still says of some incident what is so."""
        for item in delivery.items:
            known = self.state.followed.get(item.incident.incident_id)
            is_same = known is not None and known.phase == item.phase
            if is_same and known is not None and item.is_over == (known.ended_at is not None):
                return True
        return False

    def _wants(self, followed: Followed) -> list[Want]:
        told = self.state.told_of(self.name, followed)
        if self._awaits_answer(followed):
            return []
        self._note_silence_end(followed, told)
        routed = self._routed(followed)
        what = wanted(followed, told, self.traits, self.settings, self.now)
        if what is None or not (routed or told.what in ("opened", "owed", "resolved")):
            return []
        if what == "over" and not self._tells_over(followed, told):
            return []
        if what in ("opened", "reopened") and self._waits(followed):
            return []
        if what == "opened" and self._is_open_there(followed):
            told.what, told.phase, told.at = "opened", followed.phase, self.now
            told.severity, told.lines = followed.worst, followed.incident.lines
            return []
        hold = held_back(self.state, followed, told, what, self.traits, self.settings, self.now)
        if hold is not None:
            self._hold(hold, told, what, followed)
            return []
        return self._let_out(followed, told, what)

    def _is_open_there(self, followed: Followed) -> bool:
        """Return whether a receiver has an incident of the same fingerprint open, no milder one."""
        if not self.traits.keeps_state or self.traits.refreshes or self.settings.group_by:
            return False
        return any(
            told.channel == self.name
            and told.fingerprint == followed.incident.fingerprint
            and told.what == "opened"
            and told.incident_id != followed.incident.incident_id
            and rank(told.severity) >= rank(followed.worst)
            for told in self.state.told.values()
        )

    def _routed(self, followed: Followed) -> bool:
        if followed.is_own:
            return self.name in channels_of(followed.incident, self.settings)
        wait = self.settings.routed(followed.incident, followed.worst).get(self.name)
        told_from = min(followed.quiet_until or followed.opened_at, self.now)
        return wait is not None and self.now - max(followed.opened_at, told_from) >= wait

    def _waits(self, followed: Followed) -> bool:
        """Return whether an incident still waits for others of its group."""
        if followed.is_own:
            return False
        unit = unit_of(followed.incident, self.settings.group_by)
        oldest = min(
            (
                other.opened_at
                for other in self.state.followed.values()
                if unit_of(other.incident, self.settings.group_by) == unit
                and self.state.told_of(self.name, other).phase < other.phase
            ),
            default=followed.opened_at,
        )
        # A clock that was set back keeps nobody waiting.
        return timedelta() <= self.now - oldest < self.settings.group_wait

    def _tells_over(self, followed: Followed, told: Told) -> bool:
        """Return whether people are told of what was over before it could be announced."""
        if told.what == "owed":
            return True
        told.phase = followed.phase
        is_news = is_news_when_over(self.state, followed, self.settings, self.now)
        if self.traits.keeps_state or followed.is_own or not is_news:
            told.what = "settled"
            self.decision.unannounced.add(told.incident_id)
            return False
        told.what = "owed"
        return True

    def _awaits_answer(self, followed: Followed) -> bool:
        """Return whether a message of an open incident was sent and not answered."""
        if followed.ended_at is not None:
            return False
        return any(
            delivery.unknowns
            and item.incident.incident_id == followed.incident.incident_id
            and item.phase == followed.phase
            for delivery in self.state.pending(self.name)
            for item in delivery.items
        )

    def _note_silence_end(self, followed: Followed, told: Told) -> None:
        """Owe a reminder of what is still open when a silence has ended."""
        last = self.state.last_pass
        if followed.ended_at is not None or told.what != "opened" or last is None:
            return
        for silence in self.state.silences:
            if last < silence.ends_at <= self.now and silence.match.covers(followed.incident):
                told.owed = f"silence {silence.match.text}"

    def _hold(self, hold: Hold, told: Told, what: What, followed: Followed) -> None:
        if hold.kind == "dismissal" and followed.ended_at is not None:
            # A dismissal says that nobody wants to hear of it, not even of its end.
            told.what, told.phase = "settled", followed.phase
            return
        self.decision.held.append(hold)

    def _let_out(self, followed: Followed, told: Told, what: What) -> list[Want]:
        channel = self.settings.channels[self.name]
        if what == "resolved" and not channel.notify_end:
            told.what, told.ended_at = "settled", self.now
            return []
        released = self.state.holds.get((self.name, followed.incident.incident_id))
        if released is not None and released.phase != followed.phase:
            released = None
        notes = [returns(self.state, followed, self.now)]
        if released is not None:
            notes.append(f"held back since {clock_time(released.since)}: {released.why}")
            if goes_on(self.state, self.settings, released, what, self.now):
                released = None
        note = "; ".join(filter(None, notes))
        if what == "reminder" and told.owed:
            kind: HoldKind = "dismissal" if told.owed.startswith("dismissal") else "silence"
            by = told.owed.partition(" ")[2]
            known = told.incident_id
            released = released or Hold(
                self.name, known, followed.phase, kind, by, told.owed, self.now
            )
        return [Want(item_of(followed, told, what, note), released)]

    def _within_limit(self, wants: list[Want]) -> list[Want]:
        """Hold back all but what is critical when too many messages went out already."""
        if self.traits.keeps_state or self._room() > 0:
            return wants
        kept = []
        pending = {
            (item.incident.incident_id, item.phase, item.what)
            for delivery in self.state.pending(self.name)
            for item in delivery.items
        }
        for want in wants:
            item = want.item
            is_written = (item.incident.incident_id, item.phase, item.what) in pending
            if is_written or (item.severity == "critical" and item.what in ("opened", "worsened")):
                kept.append(want)
                continue
            why = f"{self.settings.limit} messages were written within {self.settings.limit_per}"
            incident_id = item.incident.incident_id
            self.decision.held.append(
                Hold(self.name, incident_id, item.phase, "limit", "limit", why, self.now)
            )
        return kept

    def _room(self) -> int:
        span = self.settings.limit_per
        return self.settings.limit - self.state.written_since(self.name, span, self.now)

    def _drafts(self, wants: list[Want]) -> list[Draft]:
        if self.traits.keeps_state:
            return drafts_for_receivers(wants, self._still_open(wants), self.settings)
        is_back = was_away(self.state, self.settings, self.now)
        gap = gap_title(self.state.last_pass, self.now) if is_back else ""
        pending = sum(1 for _ in self.state.pending(self.name))
        known, new = parted(wants, self.state.restored)
        drafts = drafts_for_people(new, self.settings, max(1, self._room() + pending), gap)
        return [*drafts, *([restored_draft(known)] if known else [])]

    def _still_open(self, wants: list[Want]) -> list[Item]:
        named = {want.item.incident.incident_id for want in wants}
        return [
            item_of(followed, told, "reminder")
            for followed in self.state.followed.values()
            if followed.ended_at is None
            and followed.incident.incident_id not in named
            and (told := self.state.told_of(self.name, followed)).what == "opened"
        ]
