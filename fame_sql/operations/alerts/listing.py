"""What people can look up about alerts: messages, what is held back, channels and windows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.operations.alerts import http
from fame_sql.operations.alerts.channels import Surroundings, open_channel, traits_of
from fame_sql.operations.alerts.channels.channel import HttpChannel
from fame_sql.operations.alerts.notice import Item, Notice, delivery_id
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.recording import forgive
from fame_sql.operations.alerts.secrets import Secrets
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.storage import copy_of, load_state, store_state
from fame_sql.operations.alerts.stored_settings import load_settings
from fame_sql.operations.alerts.windows import zone_of
from fame_sql.operations.incidents import Incident
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_OCCURRENCES = 3
_AHEAD = 14


def list_deliveries(warehouse: Warehouse, *, every: bool = False) -> list[dict[str, Any]]:
    """Return the messages that wait or failed, or all of the last 30 days, the newest first."""
    return warehouse.records(sql.load("operations/alerts/list_deliveries"), {"every": every})


def list_holds(warehouse: Warehouse, *, every: bool = False) -> list[dict[str, Any]]:
    """Return what is held back now, or was within 30 days, with the reason."""
    return warehouse.records(sql.load("operations/alerts/list_holds"), {"every": every})


def list_channels(
    warehouse: Warehouse, settings: AlertSettings, environment: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the channels, how they are reached and how they are doing."""
    secrets = Secrets(os.environ if environment is None else environment)
    around = Surroundings(secrets, utc_now, settings.source, proxy=settings.proxy)
    state = load_state(warehouse, utc_now())
    rows = []
    for name, channel in settings.channels.items():
        known = state.channel(name)
        rows.append(
            {
                "channel": name,
                "kind": channel.kind,
                "from_severity": channel.severity,
                "through": _way(settings, name, around),
                "delivered": known.delivered,
                "failures": known.failures,
                "waiting": sum(1 for _ in state.pending(name)),
                "last_error": known.reason,
            }
        )
    return rows


def _way(settings: AlertSettings, name: str, around: Surroundings) -> str:
    """Return the proxy that a channel takes, or that it takes none; an error if it cannot send."""
    try:
        channel = open_channel(settings.channels[name], around)
    except InputError as error:
        return f"unusable: {around.secrets.hidden(str(error))}"
    if not isinstance(channel, HttpChannel):
        return "direct"
    proxy = http.proxy_for(channel.url, channel.connection)
    return f"proxy {proxy}" if proxy else "direct"


def occurrences(settings: AlertSettings, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the next times of each maintenance window, in UTC and by its own clock."""
    start = now.replace(second=0, microsecond=0)
    for window in settings.windows:
        zone = zone_of(window.zone)
        spans = [(window.start, window.end)] if window.start else window.spans(start, _AHEAD)
        for (begins, ends), _ in zip(spans, range(_OCCURRENCES), strict=False):
            if begins is None or ends is None:
                continue
            local = begins.replace(tzinfo=zone_of("UTC")).astimezone(zone)
            yield {
                "window": window.name,
                "from": f"{begins:%Y-%m-%d %H:%M}Z",
                "to": f"{ends:%Y-%m-%d %H:%M}Z",
                "local": f"{local:%a %Y-%m-%d %H:%M} {window.zone}",
            }


def retry_all(warehouse: Warehouse, now: datetime) -> int:
    """Let the next pass send what failed, and return how many messages wait."""
    settings = load_settings(warehouse)
    state = load_state(warehouse, now)
    before = copy_of(state)
    forgive(state, now)
    with warehouse.transaction():
        store_state(warehouse, before, state, settings, now)
    return sum(1 for _ in state.pending())


def send_test(
    settings: AlertSettings, name: str, environment: Mapping[str, str] | None = None
) -> Outcome:
    """Send a message that says that it is a test, and its end to receivers that keep alerts open.

    Raises
    ------
    InputError
        If there is no such channel, or it cannot send.
    """
    if name not in settings.channels:
        raise InputError(f"there is no channel {name!r}; there are {', '.join(settings.channels)}")
    secrets = Secrets(os.environ if environment is None else environment)
    around = Surroundings(secrets, utc_now, settings.source, proxy=settings.proxy)
    channel = open_channel(settings.channels[name], around)
    outcome = channel.send([sample(name, utc_now())], {})
    if outcome.status == "delivered" and traits_of(settings.channels[name]).keeps_state:
        # A receiver that keeps alerts open would keep this one, and wake somebody again.
        return channel.send([sample(name, utc_now(), is_over=True)], {})
    return outcome


def sample(channel: str, now: datetime, *, is_over: bool = False) -> Notice:
    """Return a notice of an incident that is none, or of its end."""
    incident = Incident(
        incident_id="fame:test",
        fingerprint="fame:test",
        service_name="fame-sql",
        domain="test",
        templates=("a test of <*>",),
        severity="info",
        state="resolved",
        first_seen=now - timedelta(minutes=5),
        last_seen=now,
        lines=1,
        lines_to_read=1,
        counts=0,
        worst_score=None,
        summary="a test of this channel, nothing is wrong",
        examples=("a test of 192.0.2.1",),
    )
    item = Item(incident, "resolved" if is_over else "opened", 1, "info", "", now)
    return Notice(delivery_id("test", now), channel, "fame:test", (item,), "", now)
