"""Waiting for a warehouse that another process holds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from fame_sql.cli.progress import terminal_progress
from fame_sql.errors import HeldError

T = TypeVar("T")

_PAUSE = 0.2


def waited(opening: Callable[[], T], seconds: float) -> T:
    """Return what opens a warehouse as soon as no other process holds it.

    Raises
    ------
    HeldError
        If another process still holds it after ``seconds``.
    """
    try:
        return opening()
    except HeldError:
        if seconds <= 0:
            raise
    until = time.monotonic() + seconds
    with terminal_progress().step("waiting for the process that holds the warehouse"):
        while True:
            time.sleep(_PAUSE)
            try:
                return opening()
            except HeldError:
                if time.monotonic() >= until:
                    raise
