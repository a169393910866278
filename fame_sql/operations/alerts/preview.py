"""What a pass would send now."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from fame_sql.operations.alerts.changes import Source, read_changes
from fame_sql.operations.alerts.channels import open_channel
from fame_sql.operations.alerts.clock import Clock, SystemClock
from fame_sql.operations.alerts.deciding import decide
from fame_sql.operations.alerts.secrets import Secrets
from fame_sql.operations.alerts.state import Delivery
from fame_sql.operations.alerts.stored_settings import load_settings
from fame_sql.operations.alerts.surroundings import surroundings, traits
from fame_sql.warehouse.warehouse import Warehouse

_SCHEMES = {"url": "http", "server": "smtp", "apprise": "json"}


class WithoutSecrets(Secrets):
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
        See :func:`~.passes.run_pass`.
    """
    clock = clock or SystemClock()
    settings = load_settings(warehouse)
    secrets = Secrets(os.environ if environment is None else environment)
    source.update(warehouse, clock.now())
    warehouse.connection.execute("BEGIN")
    try:
        state, _, _ = read_changes(warehouse, source, settings, clock.now())
        decide(state, settings, traits(settings), clock.now())
    finally:
        warehouse.connection.execute("ROLLBACK")
    around = surroundings(settings, WithoutSecrets(secrets), clock)
    for delivery in sorted(state.pending(), key=lambda each: each.urgency):
        if delivery.channel in settings.channels:
            channel = open_channel(settings.channels[delivery.channel], around)
            yield delivery, channel.show(delivery.notice())
