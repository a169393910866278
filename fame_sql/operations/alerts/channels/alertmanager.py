"""Alertmanager, by its API v2: it is told in every pass what is still open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fame_sql.operations.alerts.channels.channel import (
    HTTP_OPTIONS,
    HttpChannel,
    Option,
    Surroundings,
    Traits,
    shown,
)
from fame_sql.operations.alerts.notice import Item, Notice
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.settings import ChannelSettings
from fame_sql.operations.alerts.text import cut, one_line

OPTIONS = {
    **HTTP_OPTIONS,
    "url": Option("address", required=True),
    "expires": Option("duration"),
}

TRAITS = Traits(keeps_state=True, refreshes=True, recognises=True)

PATH = "/api/v2/alerts"
LONGEST = 4_000


def open_channel(settings: ChannelSettings, around: Surroundings) -> Alertmanager:
    """Return a channel that can send."""
    url = around.secrets.value(settings.options["url"], f"channel {settings.name}: url")
    url = url if url.rstrip("/").endswith(PATH) else url.rstrip("/") + PATH
    return Alertmanager(settings, around, url)


@dataclass
class Alertmanager(HttpChannel):
    """Posts alerts whose labels never change, in one list."""

    def show(self, notice: Notice) -> str:
        """Return what would be sent."""
        return shown(list(self._alerts(notice)))

    def send(self, notices: Sequence[Notice], memo: Mapping[str, Any]) -> Outcome:
        """Post the alerts of some notices in one list."""
        return self.post([alert for notice in notices for alert in self._alerts(notice)])

    def _alerts(self, notice: Notice) -> Iterator[dict[str, Any]]:
        now = self.around.now()
        for item in notice.items:
            if item.was and item.was != item.severity:
                # The label of the severity has changed, so that this is another alert there.
                yield self._alert(item, item.was, min(now, item.ended_at or now))
            yield self._alert(item, item.severity, self._end(item, now))

    def _end(self, item: Item, now: datetime) -> datetime:
        if item.is_over:
            return min(item.ended_at or now, now)
        span: timedelta = self.settings.options.get("expires", timedelta(minutes=45))
        return now + span

    def _alert(self, item: Item, severity: str, end: datetime) -> dict[str, Any]:
        incident = item.incident
        labels = {
            "alertname": "fame_incident",
            "service": incident.service_name,
            "domain": incident.domain,
            "severity": severity,
            "source": self.around.source,
            "fingerprint": incident.fingerprint,
        }
        annotations = {
            "summary": incident.summary,
            "counts": item.counts(),
            "incident": incident.incident_id,
            "known": incident.known,
            "example": incident.examples[0] if incident.examples else "",
            "note": item.note,
            "next": item.next_command(),
        }
        return {
            "labels": _filled(labels),
            "annotations": _filled(annotations),
            "startsAt": _written(min(incident.first_seen, end, self.around.now())),
            "endsAt": _written(end),
        }


def _filled(texts: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is empty, as the server does."""
    lines = {name: cut(one_line(text), LONGEST) for name, text in texts.items()}
    return {name: text for name, text in lines.items() if text}


def _written(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"
