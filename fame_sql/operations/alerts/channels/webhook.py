"""A webhook: JSON with an ``Idempotency-Key``, for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fame_sql.operations.alerts.channels.channel import (
    HTTP_OPTIONS,
    HttpChannel,
    Option,
    Surroundings,
    Traits,
    encoded,
    shown,
)
from fame_sql.operations.alerts.notice import Notice, to_json
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.settings import ChannelSettings
from fame_sql.operations.alerts.text import cut

OPTIONS = {
    **HTTP_OPTIONS,
    "url": Option("address", required=True),
    "token": Option("secret"),
    "max_bytes": Option("number", least=4_096),  # Room for one incident without its lines.
}

TRAITS = Traits(recognises=True)

MOST_BYTES = 500_000


def open_channel(settings: ChannelSettings, around: Surroundings) -> Webhook:
    """Return a channel that can send."""
    where = f"channel {settings.name}"
    url = around.secrets.value(settings.options["url"], f"{where}: url")
    channel = Webhook(settings, around, url)
    if "token" in settings.options:
        token = around.secrets.value(settings.options["token"], f"{where}: token")
        channel.headers["Authorization"] = f"Bearer {token}"
    return channel


@dataclass
class Webhook(HttpChannel):
    """Posts a notice with all that is known of its incidents."""

    def show(self, notice: Notice) -> str:
        """Return what would be sent."""
        return shown(self._fitted(notice)[0])

    def send(self, notices: Sequence[Notice], memo: Mapping[str, Any]) -> Outcome:
        """Post one notice."""
        body, left = self._fitted(notices[0])
        outcome = self.post(body, {"Idempotency-Key": notices[0].delivery_id})
        if outcome.status == "delivered" and left:
            return Outcome(
                "delivered", degraded=f"{left} incidents left out, since they do not fit"
            )
        return outcome

    def _fitted(self, notice: Notice) -> tuple[dict[str, Any], int]:
        most = int(self.settings.options.get("max_bytes", MOST_BYTES))
        body, kept = notice_as_json(notice), len(notice.items)
        while len(encoded(body)) > most and kept > 1:
            kept = kept // 2
            body = {**notice_as_json(notice, kept), "incidents_left_out": len(notice.items) - kept}
        if len(encoded(body)) > most:
            body["incidents"][0] |= {"examples": [], "templates": []}
        for longest in (1_000, 100):
            if len(encoded(body)) > most:
                body["headline"] = cut(body["headline"], longest)
                body["incidents"][0] = _shortened(body["incidents"][0], longest)
        return body, len(notice.items) - kept


def _shortened(said: dict[str, Any], longest: int) -> dict[str, Any]:
    """Return values of which no text is longer."""
    return {
        name: cut(value, longest) if isinstance(value, str) else value
        for name, value in said.items()
    }


def notice_as_json(notice: Notice, most: int | None = None) -> dict[str, Any]:
    """Return a notice as values that JSON has, the texts of the log as they were logged."""
    said = []
    for item in notice.items[:most]:
        plain = to_json(item)
        incident = plain.pop("incident")
        said.append({**incident, **plain, "next": item.next_command()})
    return {
        "version": 1,
        "delivery_id": notice.delivery_id,
        "source": "fame-sql",
        "severity": notice.severity,
        "is_over": notice.is_over,
        "headline": notice.headline(),
        "may_be_repeat": notice.may_be_repeat,
        "created_at": f"{notice.created_at.isoformat()}Z",
        "incidents": said,
    }
