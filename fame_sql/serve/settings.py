"""The settings of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ServeSettings:
    """How a server takes logs in, and within which limits.

    Parameters
    ----------
    host : str
        The address to listen at.
    port : int
        The port of HTTP; 0 is any that is free.
    syslog_tcp, syslog_udp : int or None
        The ports of syslog; None listens to none, 0 is any that is free.
    follow : sequence of Path
        Files and folders that are followed.
    timezone : str or None
        The zone of times that name none; None is UTC.
    redact : bool
        Mask secrets, addresses and names before anything is stored.
    alert_every : float
        Seconds from one pass over counts, incidents and alerts to the next.
    max_body : int
        The most bytes of a request, after decompression.
    max_message : int
        The most bytes that are kept of a syslog message.
    queue_records, queue_bytes : int
        The most records and bytes that wait to be stored; what comes beyond is refused.
    drain_seconds : float
        The longest time from a stop to the end.
    """

    host: str = "127.0.0.1"
    port: int = 4318
    syslog_tcp: int | None = None
    syslog_udp: int | None = None
    follow: Sequence[Path] = field(default=())
    timezone: str | None = None
    redact: bool = False
    alert_every: float = 10.0
    max_body: int = 64 << 20
    max_message: int = 64 << 10
    queue_records: int = 200_000
    queue_bytes: int = 256 << 20
    drain_seconds: float = 9.0
