"""Lines, anomalies and incidents as files for other programs, with where each was read."""

from __future__ import annotations

from fame_sql.forensics.export.export import FORMATS, KINDS, export, format_of

__all__ = ["FORMATS", "KINDS", "export", "format_of"]
