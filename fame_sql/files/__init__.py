"""Text files that a person names: read in full, written in full or not at all."""

from __future__ import annotations

from fame_sql.files.files import check_new, put_in_place, read_text, write_text

__all__ = ["check_new", "put_in_place", "read_text", "write_text"]
