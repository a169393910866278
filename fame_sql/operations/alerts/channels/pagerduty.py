"""PagerDuty, by its Events API v2."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fame_sql.errors import InputError
from fame_sql.operations.alerts import http
from fame_sql.operations.alerts.channels.channel import (
    HTTP_OPTIONS,
    HttpChannel,
    Option,
    Surroundings,
    Traits,
    encoded,
    shown,
)
from fame_sql.operations.alerts.notice import Item, Notice
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.settings import ChannelSettings
from fame_sql.operations.alerts.text import cut, one_line

OPTIONS = {
    **HTTP_OPTIONS,
    "routing_key": Option("secret", required=True),
    "url": Option("address"),
}

TRAITS = Traits(keeps_state=True, recognises=True)

URL = "https://events.pagerduty.com/v2/enqueue"
LONGEST_SUMMARY = 1_024
LONGEST_KEY = 255
LONGEST_NAME = 1_024
MOST_BYTES = 500_000
LONGEST_DETAIL = 20_000
_KEY_LENGTH = 32


def open_channel(settings: ChannelSettings, around: Surroundings) -> PagerDuty:
    """Return a channel that can send.

    Raises
    ------
    InputError
        If the routing key has another length than all have.
    """
    where = f"channel {settings.name}"
    key = around.secrets.value(settings.options["routing_key"], f"{where}: routing_key")
    if len(key) != _KEY_LENGTH:
        raise InputError(f"{where}: the routing key has {len(key)} characters, not {_KEY_LENGTH}")
    url = around.secrets.value(settings.options.get("url", URL), f"{where}: url")
    return PagerDuty(settings, around, url, routing_key=key)


@dataclass
class PagerDuty(HttpChannel):
    """Triggers and resolves one alert for each fingerprint or group."""

    routing_key: str = ""

    def mark(self) -> str:
        """Return the first digits of a hash of the routing key."""
        return hashlib.sha256(f"fame-sql {self.routing_key}".encode()).hexdigest()[:8]

    def show(self, notice: Notice) -> str:
        """Return what would be sent, without the routing key."""
        return shown(self._event(notice))

    def send(self, notices: Sequence[Notice], memo: Mapping[str, Any]) -> Outcome:
        """Send an event."""
        event = self._event(notices[0])
        outcome = self.post({"routing_key": self.routing_key, **event})
        left = event.get("payload", {}).get("custom_details", {}).get("examples_left_out")
        if outcome.status == "delivered" and left:
            return Outcome("delivered", degraded=f"{left} examples left out, since they do not fit")
        return outcome

    def judged(self, answer: http.Answer) -> Outcome:
        """Return what an answer means: a wrong key concerns every event."""
        if answer.status == 400 and "routing_key" in answer.text:
            return self.failure("broken", f"400 {answer.text}")
        return super().judged(answer)

    def _event(self, notice: Notice) -> dict[str, Any]:
        prefix = one_line(self.around.source, "fame")
        event: dict[str, Any] = {
            "event_action": "resolve" if notice.is_over else "trigger",
            "dedup_key": _key(f"{prefix}:{notice.unit}"),
        }
        if notice.is_over:
            return event
        event |= {"client": "fame-sql", "payload": self._payload(notice)}
        return _fitted(event)

    def _payload(self, notice: Notice) -> dict[str, Any]:
        first = notice.items[0]
        place = first.incident.service_name or self.around.source
        service = one_line(first.incident.service_name, "(no service)")
        return {
            "summary": cut(notice.headline(), LONGEST_SUMMARY, "utf-16"),
            "source": cut(one_line(place, self.around.host), LONGEST_NAME),
            "severity": notice.severity,
            "timestamp": f"{first.incident.first_seen.isoformat(timespec='milliseconds')}Z",
            "component": cut(service, LONGEST_NAME),
            "class": cut(one_line(first.incident.domain, "(no domain)"), LONGEST_NAME),
            "custom_details": {"incidents": [_details(item) for item in notice.items[:50]]},
        }


def _key(text: str) -> str:
    """Return a key for a fingerprint or group, which stays its own if the text is too long."""
    if len(text.encode()) <= LONGEST_KEY:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{cut(text, LONGEST_KEY - len(digest) - 1, 'bytes')}:{digest}"


def _details(item: Item) -> dict[str, Any]:
    incident = item.incident
    return {
        "incident": incident.incident_id,
        "severity": item.severity,
        "summary": cut(one_line(incident.summary), LONGEST_DETAIL),
        "times": item.times(),
        "counts": item.counts(),
        "known": incident.known,
        "note": item.note,
        "next": item.next_command(),
        "templates": [cut(one_line(text), 1_000) for text in incident.templates[:20]],
        "examples": [cut(one_line(text), 4_000) for text in incident.examples],
    }


def _fitted(event: dict[str, Any]) -> dict[str, Any]:
    """Leave out examples from the end, then details, until the event is small enough."""
    details = event["payload"]["custom_details"]
    left_out = 0
    size = len(encoded(event))
    for incident in reversed(details["incidents"]):
        while incident["examples"] and size > MOST_BYTES:
            size -= len(json.dumps(incident["examples"].pop(), ensure_ascii=False).encode()) + 2
            left_out += 1
    if left_out:
        details["examples_left_out"] = left_out
    while len(encoded(event)) > MOST_BYTES and details["incidents"]:
        details["incidents"].pop()
    return event
