"""One pass of alerts: read what has changed, decide, write the messages down, send them.

The warehouse is open while a pass decides, and closed while it sends: what happens then is in the
journal, which is taken into the warehouse afterwards, by this pass or the next.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import WarehouseError
from fame_sql.operations.alerts.changes import Source, read_changes
from fame_sql.operations.alerts.channels import open_channel
from fame_sql.operations.alerts.clock import Clock, SystemClock
from fame_sql.operations.alerts.deciding import decide
from fame_sql.operations.alerts.decision import Decision
from fame_sql.operations.alerts.heartbeat import beat, is_due
from fame_sql.operations.alerts.journal import Journal, locked_journal
from fame_sql.operations.alerts.replay import take_journal
from fame_sql.operations.alerts.secrets import Secrets
from fame_sql.operations.alerts.sending import Sender
from fame_sql.operations.alerts.settings import AlertSettings
from fame_sql.operations.alerts.state import AlertState, Delivery
from fame_sql.operations.alerts.storage import store_state
from fame_sql.operations.alerts.stored_settings import load_settings
from fame_sql.operations.alerts.surroundings import learn, surroundings, traits
from fame_sql.warehouse import settings as warehouse_settings
from fame_sql.warehouse.warehouse import Warehouse

_WAIT_FOR_WAREHOUSE = 30.0


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
            learn(settings, secrets)
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
        state, before, position = read_changes(warehouse, source, settings, now)
        decision = decide(state, settings, traits(settings), now)
        store_state(warehouse, before, state, settings, now)
        key = warehouse_settings.ALERT_POSITION
        warehouse_settings.write(warehouse.connection, key, str(position))
    return state, decision


def _send(
    state: AlertState,
    settings: AlertSettings,
    secrets: Secrets,
    journal: Journal,
    clock: Clock,
    report: PassReport,
    progress: Progress,
) -> None:
    around = surroundings(settings, secrets, clock)
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
                around = surroundings(settings, secrets, SystemClock())
                mark = open_channel(settings.channels[delivery.channel], around).mark()
            except (KeyError, ValueError):
                continue
            if mark != told.mark:
                report.notes.append(
                    f"{told.incident_id} was announced with another key of the channel "
                    f"{delivery.channel}; it may stay open there as {delivery.unit}: close it by "
                    "hand"
                )
