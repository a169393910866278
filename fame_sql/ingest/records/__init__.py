"""Records that are not lines: what several lines hold together, or one line several times."""

from __future__ import annotations

from fame_sql.ingest.records.framing import Framed, frame
from fame_sql.ingest.records.json_objects import has_several, objects_over_lines

__all__ = ["Framed", "frame", "has_several", "objects_over_lines"]
