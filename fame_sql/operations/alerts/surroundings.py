"""What all channels of a pass share: secrets, the clock, and the name of this machine."""

from __future__ import annotations

import socket

from fame_sql.errors import InputError
from fame_sql.operations.alerts.channels import Surroundings, Traits, traits_of
from fame_sql.operations.alerts.clock import Clock
from fame_sql.operations.alerts.secrets import Secrets
from fame_sql.operations.alerts.settings import AlertSettings


def traits(settings: AlertSettings) -> dict[str, Traits]:
    """Return what the receivers of each channel are like."""
    return {name: traits_of(channel) for name, channel in settings.channels.items()}


def learn(settings: AlertSettings, secrets: Secrets) -> None:
    """Read all secrets, since a receiver may answer with that of another channel."""
    options = [each.options for each in settings.channels.values()]
    named = [value for given in options for value in given.values() if isinstance(value, str)]
    for value in (*named, settings.proxy, settings.heartbeat.url):
        try:
            secrets.value(value, "settings")
        except InputError:
            continue


def surroundings(settings: AlertSettings, secrets: Secrets, clock: Clock) -> Surroundings:
    """Return what the channels of a pass need."""
    return Surroundings(
        secrets, clock.now, settings.source, socket.gethostname() or "fame", settings.proxy
    )
