"""The settings of counts, incidents and service levels that people change."""

from __future__ import annotations

from fame_sql.operations.settings.settings import SETTINGS, Setting, list_settings, reset, set_value

__all__ = ["SETTINGS", "Setting", "list_settings", "reset", "set_value"]
