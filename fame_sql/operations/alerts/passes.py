"""One pass of alerts: read what has changed, decide, write the messages down, send them.

The warehouse is open while a pass decides, and closed while it sends: what happens then is in the
journal, which is taken into the warehouse afterwards, by this pass or the next.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from fame_sql import sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import InputError, WarehouseError
from fame_sql.operations.alerts.channels import Surroundings, Traits, open_channel, traits_of
from fame_sql.operations.alerts.deciding import Decision, decide
from fame_sql.operations.alerts.following import follow, note_dismissed
from fame_sql.operations.alerts.heartbeat import beat, is_due
from fame_sql.operations.alerts.journal import Journal, locked_journal
from fame_sql.operations.alerts.own import Activity, changes_of_activity, changes_of_channels
from fame_sql.operations.alerts.recording import assume_begun, record
from fame_sql.operations.alerts.secrets import Secrets
from fame_sql.operations.alerts.sending import Clock, Sender
from fame_sql.operations.alerts.setback import moved_back
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.state import AlertState, Delivery
from fame_sql.operations.alerts.storage import copy_of, load_state, store_state
from fame_sql.operations.alerts.stored_settings import load_settings
from fame_sql.operations.incidents import Change
from fame_sql.warehouse import settings as warehouse_settings
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_WAIT_FOR_WAREHOUSE = 30.0


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


class SystemClock:
    """The clock of the system."""

    def now(self) -> datetime:
        """Return the time, in UTC without a zone."""
        return utc_now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass
class PassReport:
    """What one pass did.

    Parameters
    ----------
    sent, failed : list of Delivery
        Messages that were delivered, and attempts that failed.
    pending : list of Delivery
        Messages that wait for the next pass.
    decision : Decision
        What was decided.
    repeated : int
        Messages that were sent before, and of which nobody knows whether they arrived.
    notes : list of str
        What people should know.
    """

    sent: list[Delivery] = field(default_factory=list)
    failed: list[Delivery] = field(default_factory=list)
    pending: list[Delivery] = field(default_factory=list)
    decision: Decision = field(default_factory=Decision)
    repeated: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 if all that was due was delivered, 3 if some of it was not, 4 if none of it was."""
        lost = [delivery for delivery in self.failed if delivery.state != "delivered"]
        if not lost:
            return 0
        return 3 if self.sent else 4


def run_pass(
    path: Path,
    opened: Callable[[], AbstractContextManager[Warehouse]],
    source: Source,
    *,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> PassReport:
    """Send what there is to tell.

    Parameters
    ----------
    path : Path
        The warehouse; the journal lies beside it.
    opened : callable
        Opens it for writing.
    source : Source
        Where changes of incidents come from.
    clock : Clock, optional
        The time; that of the system by default.
    environment : mapping, optional
        Where secrets come from; ``os.environ`` by default.
    progress : Progress, optional
        Receives the progress of sending, by channels.

    Raises
    ------
    PassRunningError
        If another pass is sending.
    MissingStageError
        If no channel is set.
    WarehouseError
        If the warehouse cannot be opened for writing; then nothing is sent.
    """
    clock = clock or SystemClock()
    secrets = Secrets(os.environ if environment is None else environment)
    report = PassReport()
    with locked_journal(path) as journal:
        with opened() as warehouse:
            report.repeated = take_journal(warehouse, journal, clock.now())
            settings = load_settings(warehouse)
            _learn(settings, secrets)
            report.notes += _note_restored(warehouse, journal)
            now = clock.now()
            state, report.decision = _decide(warehouse, source, settings, now)
            journal.note_pass(now)
        _warn_of_keys(state, settings, secrets, report)
        _send(state, settings, secrets, journal, clock, report, progress or SilentProgress())
        _finish(opened, journal, state, settings, secrets, clock, report)
    report.notes = [*report.decision.notes, *report.notes]
    return report


def _note_restored(warehouse: Warehouse, journal: Journal) -> list[str]:
    """Remember that the warehouse is older than the last pass over it, if it is."""
    sent, key = journal.last_pass(), warehouse_settings.ALERT_PASS
    known = warehouse_settings.read(warehouse.connection, key)
    if sent is None or (known is not None and datetime.fromisoformat(known) >= sent):
        return []
    key = warehouse_settings.ALERT_RESTORED
    warehouse_settings.write(warehouse.connection, key, sent.isoformat())
    since = f"of {known[:19]}Z" if known else "without any pass"
    return [
        f"the warehouse is a copy {since}, and alerts were sent until {sent:%Y-%m-%d %H:%M:%S}Z: "
        "what is told of the time before may be repeats, and comes in one message"
    ]


def _decide(
    warehouse: Warehouse, source: Source, settings: AlertSettings, now: datetime
) -> tuple[AlertState, Decision]:
    """Decide in one transaction, together with the position up to which changes were read."""
    source.update(warehouse, now)
    with warehouse.transaction():
        state, before, position = _read(warehouse, source, settings, now)
        decision = decide(state, settings, traits(settings), now)
        store_state(warehouse, before, state, settings, now)
        key = warehouse_settings.ALERT_POSITION
        warehouse_settings.write(warehouse.connection, key, str(position))
    return state, decision


def _read(
    warehouse: Warehouse, source: Source, settings: AlertSettings, now: datetime
) -> tuple[AlertState, AlertState, int]:
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


def preview(
    warehouse: Warehouse,
    source: Source,
    *,
    clock: Clock | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[Delivery, str]]:
    """Yield what a pass would send now, without sending or writing it down.

    Parameters
    ----------
    warehouse : Warehouse
        Open for writing, since incidents are brought up to date; all else is undone.
    source : Source
        Where changes of incidents come from.
    clock, environment
        See :func:`run_pass`.
    """
    clock = clock or SystemClock()
    settings = load_settings(warehouse)
    secrets = Secrets(os.environ if environment is None else environment)
    source.update(warehouse, clock.now())
    warehouse.connection.execute("BEGIN")
    try:
        state, _, _ = _read(warehouse, source, settings, clock.now())
        decide(state, settings, traits(settings), clock.now())
    finally:
        warehouse.connection.execute("ROLLBACK")
    around = _around(settings, _WithoutSecrets(secrets), clock)
    for delivery in sorted(state.pending(), key=lambda each: each.urgency):
        if delivery.channel in settings.channels:
            channel = open_channel(settings.channels[delivery.channel], around)
            yield delivery, channel.show(delivery.notice())


_SCHEMES = {"url": "http", "server": "smtp", "apprise": "json"}


class _WithoutSecrets(Secrets):
    """Stands for secrets where nothing is sent: any value of the right form does."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__({})
        self._secrets = secrets

    def value(self, given: str, where: str) -> str:
        """Return the setting, or a value in the place of a variable."""
        if not given.startswith("env:"):
            return given
        scheme = _SCHEMES.get(where.rpartition(" ")[2])
        return f"{scheme}://127.0.0.1" if scheme else "0" * 32


def traits(settings: AlertSettings) -> dict[str, Traits]:
    """Return what the receivers of each channel are like."""
    return {name: traits_of(channel) for name, channel in settings.channels.items()}


def _learn(settings: AlertSettings, secrets: Secrets) -> None:
    """Read all secrets, since a receiver may answer with that of another channel."""
    options = [each.options for each in settings.channels.values()]
    named = [value for given in options for value in given.values() if isinstance(value, str)]
    for value in (*named, settings.proxy, settings.heartbeat.url):
        try:
            secrets.value(value, "settings")
        except InputError:
            continue


def _around(settings: AlertSettings, secrets: Secrets, clock: Clock) -> Surroundings:
    return Surroundings(
        secrets, clock.now, settings.source, socket.gethostname() or "fame", settings.proxy
    )


def _send(
    state: AlertState,
    settings: AlertSettings,
    secrets: Secrets,
    journal: Journal,
    clock: Clock,
    report: PassReport,
    progress: Progress,
) -> None:
    around = _around(settings, secrets, clock)
    sender = Sender(state, settings, traits(settings), around, journal, clock, progress)
    sender.send_due()
    report.sent, report.failed = sender.sent, sender.failed
    report.pending = [d for d in state.pending() if d.channel in settings.channels]


def _finish(
    opened: Callable[[], AbstractContextManager[Warehouse]],
    journal: Journal,
    state: AlertState,
    settings: AlertSettings,
    secrets: Secrets,
    clock: Clock,
    report: PassReport,
) -> None:
    """Take the journal into the warehouse, and give a sign of life."""
    is_beating = is_due(state, settings, clock.now())
    if is_beating and (problem := beat(settings, secrets)):
        report.notes.append(problem)
    if not (report.sent or report.failed or is_beating):
        return
    try:
        with _patiently(opened) as warehouse:
            take_journal(warehouse, journal, clock.now())
            if is_beating:
                key, moment = warehouse_settings.ALERT_BEAT, clock.now().isoformat()
                warehouse_settings.write(warehouse.connection, key, moment)
    except WarehouseError as error:
        report.notes.append(f"{error}; the next pass stores what was sent")


def _patiently(
    opened: Callable[[], AbstractContextManager[Warehouse]],
) -> AbstractContextManager[Warehouse]:
    """Open the warehouse, and wait a little if another process has it."""
    deadline = time.monotonic() + _WAIT_FOR_WAREHOUSE
    while True:
        try:
            return opened()
        except WarehouseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def take_journal(warehouse: Warehouse, journal: Journal, now: datetime) -> int:
    """Store what the journal says, and empty it; return how many outcomes nobody knows."""
    entries = journal.entries()
    if not entries:
        return 0
    settings = load_settings(warehouse)
    state = load_state(warehouse, now)
    before, unknown, known = copy_of(state), 0, traits(settings)
    for entry in entries:
        delivery = state.deliveries.get(entry.delivery_id)
        if delivery is None or delivery.state != "pending":
            continue
        of = known.get(delivery.channel, Traits())
        if entry.outcome is None:
            unknown += 1
            assume_begun(state, delivery, of, now)
            continue
        record(state, delivery, entry.outcome, of, settings.retry, entry.mark, entry.at)
    with warehouse.transaction():
        store_state(warehouse, before, state, settings, now)
    journal.clear()
    return unknown


def _warn_of_keys(
    state: AlertState, settings: AlertSettings, secrets: Secrets, report: PassReport
) -> None:
    """Say where an incident is open at a receiver under another key than the one of today."""
    for delivery in state.pending():
        for item in delivery.items:
            told = state.told.get((delivery.channel, item.incident.incident_id))
            if not item.is_over or told is None or not told.mark:
                continue
            try:
                around = _around(settings, secrets, SystemClock())
                mark = open_channel(settings.channels[delivery.channel], around).mark()
            except (KeyError, ValueError):
                continue
            if mark != told.mark:
                report.notes.append(
                    f"{told.incident_id} was announced with another key of the channel "
                    f"{delivery.channel}; it may stay open there as {delivery.unit}: close it by "
                    "hand"
                )
