"""The channels that alerts go to: one file for each kind, found by its name.

A new kind of channel is a new file here. It has a dictionary ``OPTIONS`` with the options that it
takes, and a function ``open_channel`` that returns a :class:`~.channel.Channel`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

from fame_sql.errors import InputError
from fame_sql.operations.alerts.channels.channel import Channel, Option, Surroundings, Traits
from fame_sql.operations.alerts.settings import ChannelSettings

__all__ = [
    "Channel",
    "Option",
    "Surroundings",
    "Traits",
    "kinds",
    "module_of",
    "open_channel",
    "traits_of",
]

_NO_KIND = {"channel"}


def kinds() -> list[str]:
    """Return the kinds of channels that there are."""
    return sorted(
        found.name for found in pkgutil.iter_modules(__path__) if found.name not in _NO_KIND
    )


def module_of(kind: object, where: str) -> ModuleType:
    """Return the file of a kind of channel.

    Raises
    ------
    InputError
        If there is none.
    """
    if kind not in kinds():
        raise InputError(f"{where}: there is no channel {kind!r}; kinds are {', '.join(kinds())}")
    return import_module(f"{__name__}.{kind}")


def traits_of(settings: ChannelSettings) -> Traits:
    """Return what the receivers of a channel are like."""
    traits: Traits = module_of(settings.kind, f"channel {settings.name}").TRAITS
    return traits


def open_channel(settings: ChannelSettings, around: Surroundings) -> Channel:
    """Return a channel that can send.

    Raises
    ------
    InputError
        If a variable that it names is not set, or holds what cannot be used.
    """
    module = module_of(settings.kind, f"channel {settings.name}")
    opened: Channel = module.open_channel(settings, around)
    return opened
