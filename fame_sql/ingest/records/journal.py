"""Records of ``journalctl -o export``: fields in lines of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fame_sql.ingest.records.record import Line, Record

_FIELD = re.compile(r"([A-Z_][A-Z0-9_]*)=(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
# The length before a value with line ends: 8 bytes, of which the last are null.
_LENGTH = re.compile(r"^.{1,16}?\x00{2,}", re.DOTALL)


def journal_records(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the records of a journal; each begins with its cursor or after a blank line."""
    held: list[Line] = []
    for line in lines:
        is_new = held and (
            line.text.startswith("__CURSOR=") or line.line_number > held[-1].line_number + 1
        )
        if is_new:
            yield Record.of_lines(held, _object(held))
            held = []
        held.append(line)
    if held:
        yield Record.of_lines(held, _object(held))


def _object(lines: list[Line]) -> str | None:
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        if field := _FIELD.fullmatch(line.text):
            name = field[1]
            found[name] = field[2]
        elif _NAME.fullmatch(line.text):
            name = line.text
            found[name] = ""
        elif name:
            value = _LENGTH.sub("", line.text)
            found[name] = f"{found[name]}\n{value}" if found[name] else value
    return json.dumps(found, ensure_ascii=False) if "__REALTIME_TIMESTAMP" in found else None
