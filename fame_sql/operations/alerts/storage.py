"""Read what the alerts know from a warehouse, and store what has changed of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from fame_sql import sql
from fame_sql.operations.alerts.matching import read_match
from fame_sql.operations.alerts.notice import from_json, incident_from_json, to_json
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.state import (
    AlertState,
    ChannelState,
    Delivery,
    Followed,
    Hold,
    Silence,
    Told,
)
from fame_sql.warehouse import settings as warehouse_settings
from fame_sql.warehouse.warehouse import Warehouse

_KEPT = timedelta(days=30)
_LONGEST = timedelta(days=36_500)
_WRITTEN = timedelta(days=2)


def load_state(warehouse: Warehouse, now: datetime) -> AlertState:
    """Return what the alerts know.

    Parameters
    ----------
    warehouse : Warehouse
        May be open read-only.
    now : datetime
        The time, in UTC.
    """
    state = AlertState()
    for row in _rows(warehouse, "incidents"):
        incident = incident_from_json(json.loads(row[0]))
        state.followed[incident.incident_id] = Followed(incident, *row[1:])
    for row in _rows(warehouse, "told"):
        state.told[row[0], row[1]] = Told(*row)
    for row in _rows(warehouse, "deliveries", [now - _WRITTEN]):
        delivery = _delivery(row)
        state.deliveries[delivery.delivery_id] = delivery
    for row in _rows(warehouse, "holds"):
        state.holds[row[0], row[1]] = Hold(*row)
    for row in _rows(warehouse, "channels"):
        state.channels[row[0]] = ChannelState(*row)
    state.last_pass = _moment(warehouse, warehouse_settings.ALERT_PASS)
    state.last_beat = _moment(warehouse, warehouse_settings.ALERT_BEAT)
    state.restored = _moment(warehouse, warehouse_settings.ALERT_RESTORED)
    state.first_model_at = warehouse.value("SELECT min(created_at) FROM fame.models")
    state.recounted_at = _moment(warehouse, warehouse_settings.INCIDENTS_RECOUNTED)
    state.silences = load_silences(warehouse, state.last_pass or now)
    return state


def load_silences(warehouse: Warehouse, since: datetime) -> list[Silence]:
    """Return the silences that have not ended before a time."""
    return [
        Silence(row[0], read_match(row[1], f"silence {row[0]}"), *row[2:])
        for row in _rows(warehouse, "silences", [since])
    ]


def store_state(
    warehouse: Warehouse,
    before: AlertState,
    after: AlertState,
    settings: AlertSettings,
    now: datetime,
) -> None:
    """Store what has changed, inside the caller's transaction.

    Parameters
    ----------
    warehouse : Warehouse
        An open warehouse.
    before, after : AlertState
        What was known, and what is known now.
    settings : AlertSettings
        The settings, which say how long something must be remembered.
    now : datetime
        The time, in UTC.
    """
    incidents = _changed(before.followed, after.followed)
    _store(warehouse, "incidents", [_incident_row(followed) for followed in incidents])
    told = [_told_row(told) for told in _changed(before.told, after.told)]
    _store(warehouse, "told", told)
    deliveries = _changed(before.deliveries, after.deliveries)
    _store(warehouse, "deliveries", [_delivery_row(delivery) for delivery in deliveries])
    channels = _changed(before.channels, after.channels)
    _store(warehouse, "channels", [asdict(channel) for channel in channels])
    _store_holds(warehouse, before, after, now)
    if after.last_pass is not None:
        _write_moment(warehouse, warehouse_settings.ALERT_PASS, after.last_pass)
    if after.last_beat is not None:
        _write_moment(warehouse, warehouse_settings.ALERT_BEAT, after.last_beat)
    _forget(warehouse, now - min(max(_KEPT, settings.suppress), _LONGEST))


def _forget(warehouse: Warehouse, before: datetime) -> None:
    for name in ("incidents", "deliveries", "holds"):
        statement = sql.load(f"operations/alerts/forget_{name}")
        warehouse.connection.execute(statement, {"before": before})
    warehouse.connection.execute(sql.load("operations/alerts/forget_told"))


def copy_of(state: AlertState) -> AlertState:
    """Return a copy, to find out later what has changed."""
    return deepcopy(state)


def _rows(warehouse: Warehouse, name: str, parameters: object = None) -> list[tuple[Any, ...]]:
    return warehouse.rows(sql.load(f"operations/alerts/{name}"), parameters)


def _changed(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
    return [value for key, value in after.items() if before.get(key) != value]


def _store(warehouse: Warehouse, what: str, rows: Sequence[dict[str, Any]]) -> None:
    """Replace the rows of what has changed."""
    if rows:
        _run_on(warehouse, f"remove_{what}", rows)
        _run_on(warehouse, f"store_{what}", rows)


def _run_on(warehouse: Warehouse, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Run a statement that reads the rows as ``changed``."""
    table = pa.Table.from_pylist(list(rows))
    warehouse.with_table("changed", table, sql.load(f"operations/alerts/{name}"))


def _incident_row(followed: Followed) -> dict[str, Any]:
    row = {field.name: getattr(followed, field.name) for field in fields(followed)}
    plain = asdict(followed.incident)
    plain |= {name: plain[name].isoformat() for name in ("first_seen", "last_seen")}
    identifier = followed.incident.incident_id
    return {**row, "incident_id": identifier, "incident": json.dumps(plain)}


def _told_row(told: Told) -> dict[str, Any]:
    row = asdict(told)
    row["told_at"] = row.pop("at")
    return row


def _delivery_row(delivery: Delivery) -> dict[str, Any]:
    row = {field.name: getattr(delivery, field.name) for field in fields(delivery)}
    items = json.dumps([to_json(item) for item in delivery.items])
    return {**row, "items": items, "memo": json.dumps(dict(delivery.memo))}


def _delivery(row: tuple[Any, ...]) -> Delivery:
    names = (
        "delivery_id", "channel", "unit", "signature", "items", "title", "created_at", "next_try",
        "state", "attempts", "unknowns", "finished_at", "reason", "degraded", "memo",
    )  # fmt: skip
    values = dict(zip(names, row, strict=True))
    values["items"] = tuple(from_json(item) for item in json.loads(values["items"]))
    values["memo"] = json.loads(values["memo"])
    return Delivery(**values)


def _store_holds(
    warehouse: Warehouse, before: AlertState, after: AlertState, now: datetime
) -> None:
    release = sql.load("operations/alerts/release_hold")
    new = []
    for key, hold in after.holds.items():
        if before.holds.get(key) != hold:
            row = asdict(hold)
            row["held_by"] = row.pop("by")
            new.append(row)
    for key, hold in before.holds.items():
        if after.holds.get(key) != hold:
            warehouse.connection.execute(release, [now, *key])
    if new:
        _run_on(warehouse, "add_holds", new)


def _moment(warehouse: Warehouse, key: str) -> datetime | None:
    found = warehouse_settings.read(warehouse.connection, key)
    return datetime.fromisoformat(found) if found else None


def _write_moment(warehouse: Warehouse, key: str, moment: datetime) -> None:
    warehouse_settings.write(warehouse.connection, key, moment.isoformat())
