"""Times as logs write them: the macros that read them, and the choices that a source needs."""

from __future__ import annotations

from fame_sql.ingest.times.macros import (
    TimeChoices,
    check_date,
    check_timezone,
    is_date,
    time_macros,
)

__all__ = ["TimeChoices", "check_date", "check_timezone", "is_date", "time_macros"]
