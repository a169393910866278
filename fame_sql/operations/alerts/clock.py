"""The clock of a pass, which tests set."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Protocol

from fame_sql.warehouse.warehouse import utc_now


class Clock(Protocol):
    """The time, and waiting."""

    def now(self) -> datetime:
        """Return the time, in UTC without a zone."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The clock of the system."""

    def now(self) -> datetime:
        """Return the time, in UTC without a zone."""
        return utc_now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
