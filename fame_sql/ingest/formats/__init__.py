"""The formats of logs: one file each, with what its lines look like and samples that test it."""

from __future__ import annotations

from fame_sql.ingest.formats.definition import Format
from fame_sql.ingest.formats.detection import choose_layout
from fame_sql.ingest.formats.hints import Hints
from fame_sql.ingest.formats.layout import Layout, with_usual_keys
from fame_sql.ingest.formats.library import known_formats

FORMATS = known_formats()
"""The formats by name; the last one accepts any line."""

__all__ = [
    "FORMATS",
    "Format",
    "Hints",
    "Layout",
    "choose_layout",
    "known_formats",
    "with_usual_keys",
]
