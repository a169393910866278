"""A hundred other services, by the library ``apprise``, which is an extra."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fame_sql.errors import InputError
from fame_sql.operations.alerts.channels.channel import Option, Surroundings, Traits
from fame_sql.operations.alerts.notice import Notice
from fame_sql.operations.alerts.outcome import Outcome
from fame_sql.operations.alerts.settings import ChannelSettings
from fame_sql.operations.alerts.text import cut, one_line

OPTIONS = {"url": Option("secret", required=True)}

TRAITS = Traits()

_TYPES = {"info": "info", "warning": "warning", "error": "failure", "critical": "failure"}
"""The library's types of a message, by which services choose a colour or a sound."""


def open_channel(settings: ChannelSettings, around: Surroundings) -> Apprise:
    """Return a channel that can send.

    Raises
    ------
    InputError
        If apprise is not installed, or does not know the address.
    """
    where = f"channel {settings.name}"
    url = around.secrets.value(settings.options["url"], f"{where}: url of apprise")
    try:
        library: Any = importlib.import_module("apprise")
    except ImportError:
        raise InputError(
            f"{where}: apprise is not installed: pip install 'fame-sql[apprise]'"
        ) from None
    sender = library.Apprise()
    if not sender.add(url):
        raise InputError(f"{where}: apprise does not know the address")
    return Apprise(sender)


@dataclass
class Apprise:
    """Sends a text; the library says only whether it was delivered."""

    sender: Any

    def mark(self) -> str:
        """Return nothing, since the library tells no key."""
        return ""

    def show(self, notice: Notice) -> str:
        """Return the text that would be sent."""
        lines = [notice.headline()]
        for item in notice.items[:20]:
            lines += [item.headline(), f"{item.times()}, {item.counts()}"]
            lines += [*item.incident.examples[:1], item.next_command()]
        return cut("\n".join(one_line(line) for line in lines if line), 1_500)

    def send(self, notices: Sequence[Notice], memo: Mapping[str, Any]) -> Outcome:
        """Send a text."""
        title = cut(one_line(notices[0].headline()), 200)
        # Anything may come from a plugin of the library, and its text may hold the address.
        try:
            sent = self.sender.notify(
                title=title, body=self.show(notices[0]), notify_type=_type(notices[0])
            )
        except Exception as error:
            return Outcome("failed", f"apprise: {type(error).__name__}")
        return Outcome("delivered") if sent else Outcome("failed", "apprise could not deliver it")


def _type(notice: Notice) -> str:
    return "success" if notice.is_over else _TYPES[notice.severity]
