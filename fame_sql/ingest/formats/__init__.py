"""The formats of logs: one file each, with what its lines look like and samples that test it."""

from __future__ import annotations

from fame_sql.ingest.formats.definition import Format
from fame_sql.ingest.formats.detection import choose_format
from fame_sql.ingest.formats.library import known_formats

FORMATS = known_formats()
"""The formats by name; the last one accepts any line."""

__all__ = ["FORMATS", "Format", "choose_format", "known_formats"]
