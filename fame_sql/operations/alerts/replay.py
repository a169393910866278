"""Storing in the warehouse what the journal says about a pass."""

from __future__ import annotations

from datetime import datetime

from fame_sql.operations.alerts.channels import Traits
from fame_sql.operations.alerts.journal import Journal
from fame_sql.operations.alerts.recording import assume_begun, record
from fame_sql.operations.alerts.storage import copy_of, load_state, store_state
from fame_sql.operations.alerts.stored_settings import load_settings
from fame_sql.operations.alerts.surroundings import traits
from fame_sql.warehouse.warehouse import Warehouse


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
