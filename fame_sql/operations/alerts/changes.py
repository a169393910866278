"""What a pass reads: the changes since the last one, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from fame_sql import sql
from fame_sql.operations.alerts.following import follow, note_dismissed
from fame_sql.operations.alerts.own import Activity, changes_of_activity, changes_of_channels
from fame_sql.operations.alerts.setback import moved_back
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.state import AlertState
from fame_sql.operations.alerts.storage import copy_of, load_state
from fame_sql.operations.incidents import Change
from fame_sql.warehouse import settings as warehouse_settings
from fame_sql.warehouse.warehouse import Warehouse


class Source(Protocol):
    """Where changes of incidents come from."""

    def update(self, warehouse: Warehouse, now: datetime) -> None:
        """Find what has changed since the last time, in transactions of its own."""
        ...

    def changes(self, warehouse: Warehouse, after: int) -> list[tuple[int, Change]]:
        """Return the changes after a number, each with its own."""
        ...

    def dismissed(self, warehouse: Warehouse) -> Mapping[str, str]:
        """Return what is known of the incidents that dismissals cover now, by their identifiers."""
        ...


def read_changes(
    warehouse: Warehouse, source: Source, settings: AlertSettings, now: datetime
) -> tuple[AlertState, AlertState, int]:
    """Bring what is known up to date with what has changed since the last pass.

    Parameters
    ----------
    warehouse : Warehouse
        The warehouse, in a transaction.
    source : Source
        Where changes of incidents come from.
    settings : AlertSettings
        The settings in force.
    now : datetime
        The time of the pass, in UTC.

    Returns
    -------
    state, before : AlertState
        What is known now, and what was known before.
    position : int
        The number of the last change that was read.
    """
    state = load_state(warehouse, now)
    before = copy_of(state)
    key = warehouse_settings.ALERT_POSITION
    position = int(warehouse_settings.read(warehouse.connection, key) or 0)
    numbered = source.changes(warehouse, position)
    follow(state, moved_back(state, [change for _, change in numbered], now))
    note_dismissed(state, source.dismissed(warehouse))
    activity = Activity(None, None)
    if settings.heartbeat.quiet is not None:
        activity = Activity(*warehouse.rows(sql.load("operations/alerts/activity"))[0])
    follow(state, changes_of_activity(state, settings, activity, now))
    follow(state, changes_of_channels(state, settings, now))
    return state, before, max((number for number, _ in numbered), default=position)
