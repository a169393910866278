"""How sending a notice ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

Status = Literal["delivered", "failed", "unknown", "refused", "broken"]


@dataclass(frozen=True)
class Outcome:
    """How sending a notice ended.

    Parameters
    ----------
    status : {"delivered", "failed", "unknown", "refused", "broken"}
        ``failed``: not delivered, to be repeated. ``unknown``: sent, without an answer.
        ``refused``: the receiver does not take this message. ``broken``: it takes none, until
        somebody changes something.
    reason : str
        What the receiver or the network said, without secrets.
    wait : timedelta or None
        How long the receiver asked to wait.
    memo : mapping
        What the channel must know when it repeats the message.
    degraded : str
        What is missing in a message that was delivered; empty if nothing.
    """

    status: Status
    reason: str = ""
    wait: timedelta | None = None
    memo: Mapping[str, Any] = field(default_factory=dict)
    degraded: str = ""
