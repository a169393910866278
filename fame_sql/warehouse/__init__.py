"""The warehouse: a DuckDB file whose schema ``fame`` holds logs, events, models and verdicts."""

from __future__ import annotations
