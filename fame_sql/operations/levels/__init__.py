"""What scoring is held to, and whether it is."""

from __future__ import annotations

from fame_sql.operations.levels.levels import Level, level_findings, read_levels

__all__ = ["Level", "level_findings", "read_levels"]
