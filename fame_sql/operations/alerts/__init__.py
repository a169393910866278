"""Alerts: people and programs are told of incidents, once, in time, and of their end."""

from __future__ import annotations

from fame_sql.operations.alerts.changes import Source
from fame_sql.operations.alerts.passes import PassReport, run_pass
from fame_sql.operations.alerts.preview import preview
from fame_sql.operations.alerts.reading import read_settings

__all__ = ["PassReport", "Source", "preview", "read_settings", "run_pass"]
