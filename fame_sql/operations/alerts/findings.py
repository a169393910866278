"""What is wrong with alerts, and the command that mends it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta

from fame_sql import sql
from fame_sql.errors import FameError
from fame_sql.operations.alerts.durations import clock_time, spoken
from fame_sql.operations.alerts.storage import load_state
from fame_sql.operations.alerts.stored_settings import has_settings, load_settings, unusable
from fame_sql.operations.alerts.templates import failed
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_LATELY = timedelta(days=2)
_LATE = timedelta(hours=1)


def alert_findings(
    warehouse: Warehouse, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with alerts, and what mends it; nothing if none are set.

    Parameters
    ----------
    warehouse : Warehouse
        May be open read-only.
    environment : mapping, optional
        Where secrets come from; ``os.environ`` by default.
    """
    if not has_settings(warehouse):
        return
    now = utc_now()
    try:
        settings = load_settings(warehouse)
    except FameError as error:
        yield f"the settings of alerts cannot be read: {error}", "fame alert set alerts.toml"
        return
    yield from _undelivered(warehouse)
    for problem in unusable(settings, os.environ if environment is None else environment, now):
        yield f"alerts could not be sent from here: {problem}", "fame alert routes"
    for name, channel in settings.channels.items():
        if wrong := failed(channel.options):
            yield f"messages of the channel {name} say: {wrong}", "fame alert set alerts.toml"
    last = load_state(warehouse, now).last_pass
    if last is not None and now - last > _LATE:
        yield f"alerts were looked for last {spoken(now - last)} ago", "fame alert"


def _undelivered(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    since = {"since": utc_now() - _LATELY}
    for row in warehouse.records(sql.load("operations/alerts/undelivered"), since):
        counted = [
            f"{row[what]} {words}"
            for what, words in (
                ("waiting", "wait"),
                ("refused", "were refused"),
                ("unknown", "have no known outcome"),
            )
            if row[what]
        ]
        reason = row["channel_reason"] or row["reason"]
        yield (
            f"alerts are not delivered by the channel {row['channel']}: {', '.join(counted)}, the "
            f"oldest since {clock_time(row['oldest'])}: {reason}",
            "fame alert retry",
        )
