"""Bring the stored incidents up to date with what is anomalous and has not been read yet.

An incident is all anomalies of a service without a gap longer than :data:`GAP`. Which lines belong
together therefore does not depend on the order in which they came. Of the lines that were read
before, none is read again: an update reads the lines after the last one, those of events that had
no verdict then, and the incidents that the new anomalies reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from string import Template
from typing import Any

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress, Step
from fame_sql.operations.feedback.feedback import complete_feedback
from fame_sql.operations.incidents.changes import changes_after, last_number
from fame_sql.operations.incidents.incident import Change
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse

GAP = timedelta(minutes=2)
"""The longest time between two anomalies of one incident, unless set."""
QUIET = timedelta(minutes=10)
"""How long a fingerprint has to be quiet until its incidents are over, unless set."""

_IN_FILE = {"anomalies": "fame.file_anomalies", "lines": "fame.logs"}
_GATHERING = ("find_spans", "gather", "shrink", "weigh", "judge", "apply")
_PARTS = len(_GATHERING) + 5
"""New lines, new counts, gathering, waiting lines, what is silenced and what is over."""
_NEW = ("new_anomalies", "new_counts", "withdrawn_counts")
_IN_PARTITIONS = {"anomalies": "fame.anomalies", "lines": "fame.all_logs"}


def update(
    warehouse: Warehouse, now: datetime, *, progress: Progress | None = None
) -> list[Change]:
    """Bring the incidents of a warehouse up to date, and return what has changed.

    One transaction: a process that is killed has changed nothing. The changes are stored as well,
    see :func:`~fame_sql.operations.incidents.changes.changes_after`.

    Parameters
    ----------
    warehouse : Warehouse
        Open for writing.
    now : datetime
        The time, in UTC without a zone.
    progress : Progress, optional
        Receives the progress by the parts of the transaction.

    Returns
    -------
    list of Change
        In the order in which they are stored; empty if nothing is new.
    """
    shown = (progress or SilentProgress()).step("gathering incidents", _PARTS)
    with shown as step, warehouse.transaction(), _moment(warehouse, now):
        number = last_number(warehouse)
        _begin(warehouse, now)
        _grow(warehouse, now, step)
        if _has_rows(warehouse, "fame.feedback"):
            complete_feedback(warehouse)
            _run(warehouse, "silence")
        _tell(warehouse)
        step.advance()
        _run(warehouse, "resolve")
        _tell(warehouse)
    return [change for _, change in changes_after(warehouse, number)]


def read_gap(warehouse: Warehouse) -> timedelta:
    """Return the longest time between two anomalies of one incident."""
    return _duration(warehouse, settings.INCIDENT_GAP, GAP)


def read_quiet(warehouse: Warehouse) -> timedelta:
    """Return how long a fingerprint has to be quiet until its incidents are over."""
    return _duration(warehouse, settings.INCIDENT_QUIET, QUIET)


def lines_left(warehouse: Warehouse) -> int:
    """Return how many lines of the warehouse's file no update has read."""
    after = _last_read(warehouse)
    return int(warehouse.value("SELECT count(*) FROM fame.logs WHERE log_id > ?", [after]))


@contextmanager
def _moment(warehouse: Warehouse, now: datetime) -> Iterator[None]:
    """Let the views take ``now`` for the time."""
    warehouse.connection.execute(
        f"SET VARIABLE fame_moment = TIMESTAMP '{now:%Y-%m-%d %H:%M:%S.%f}'"
    )
    try:
        yield
    finally:
        warehouse.connection.execute("RESET VARIABLE fame_moment")


def _begin(warehouse: Warehouse, now: datetime) -> None:
    facts = {"now": now, "gap": read_gap(warehouse), "quiet": read_quiet(warehouse)}
    _run(warehouse, "begin", facts)


def _grow(warehouse: Warehouse, now: datetime, progress: Step) -> None:
    """Add what is new to the incidents."""
    after = _last_read(warehouse)
    [place] = warehouse.records(sql.load("operations/incidents/place"), {"after": after})
    until = max(after, place["until"])
    relations = _IN_PARTITIONS if place["in_partitions"] else _IN_FILE
    lines = {"after": after, "until": until}
    waiting = {"waiting_from": place["waiting_from"]}
    _run(warehouse, "new_lines", lines | waiting, **relations)
    progress.advance()
    has_counts = warehouse.value(sql.load("operations/incidents/has_counts"))
    _run(warehouse, "new_counts" if has_counts else "no_counts")
    if has_counts:
        _withdraw(warehouse, now, lines, relations)
    progress.advance()
    if any(_has_rows(warehouse, what) for what in _NEW):
        for step in _GATHERING:
            _run(warehouse, step)
            progress.advance()
    if until > after or place["judged"]:
        _run(warehouse, "wait_no_longer")
        _run(warehouse, "wait", lines, **relations)
    progress.advance()
    settings.write(warehouse.connection, settings.INCIDENTS_READ, str(until))


def _withdraw(
    warehouse: Warehouse, now: datetime, lines: dict[str, int], relations: dict[str, str]
) -> None:
    """Find the count anomalies that late lines, or a count of all lines, have taken back."""
    if settings.read(warehouse.connection, settings.COUNTS_RECOUNTED) is not None:
        _run(warehouse, "withdraw_recounted")
        settings.write(warehouse.connection, settings.INCIDENTS_RECOUNTED, now.isoformat())
        if not warehouse.value(sql.load("operations/incidents/waiting_counts")):
            settings.remove(warehouse.connection, settings.COUNTS_RECOUNTED)
    elif lines["until"] > lines["after"]:
        _run(warehouse, "withdraw_counts", lines, **relations)


def _tell(warehouse: Warehouse) -> None:
    if _has_rows(warehouse, "incidents_to_tell"):
        _run(warehouse, "tell")


def _has_rows(warehouse: Warehouse, relation: str) -> bool:
    return bool(warehouse.value(f"SELECT count(*) > 0 FROM {relation}"))


def _run(warehouse: Warehouse, step: str, parameters: Any = None, **relations: str) -> None:
    statement = Template(sql.load(f"operations/incidents/{step}")).safe_substitute(relations)
    warehouse.connection.execute(statement, parameters)


def _last_read(warehouse: Warehouse) -> int:
    return int(settings.read(warehouse.connection, settings.INCIDENTS_READ) or 0)


def _duration(warehouse: Warehouse, key: str, default: timedelta) -> timedelta:
    stored = settings.read(warehouse.connection, key)
    return default if stored is None else timedelta(seconds=float(stored))
