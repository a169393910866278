"""What systemd is told of a service with ``Type=notify``: a line to a socket, without a library."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Tell systemd a state, such as ``READY=1``; do nothing where it has not asked.

    Parameters
    ----------
    state : str
        Lines of ``NAME=VALUE``, as of ``sd_notify(3)``.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address or address[0] not in "/@":
        return
    # A name that begins with '@' is one of Linux's abstract sockets.
    place = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        # Who does not read, such as a container's manager after the start, must not hold us up.
        sender.setblocking(False)
        sender.sendto(state.encode(), place)


def watchdog_seconds() -> float | None:
    """Return how often systemd wants a sign of life (``WatchdogSec``), None if it does not."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    is_own = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 2e6 if microseconds.isdecimal() and is_own else None
