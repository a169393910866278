"""Text files that a person names: read in full, written in full or not at all."""

from __future__ import annotations

from fame_sql.files.files import (
    bytes_in,
    check_new,
    new_file,
    put_in_place,
    read_text,
    write_text,
)
from fame_sql.files.json_text import parse_json

__all__ = [
    "bytes_in",
    "check_new",
    "new_file",
    "parse_json",
    "put_in_place",
    "read_text",
    "write_text",
]
