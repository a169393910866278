"""Records of ``journalctl -o export``: fields in lines of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fame_sql.ingest.records.record import Line, Record

_FIELD = re.compile(r"([A-Z_][A-Z0-9_]*)=(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_BEGUN = re.compile(r"[^\W\d]+\.? (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* \S+) \[s=")
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


def verbose_records(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the records of ``journalctl -o verbose``; each begins with its time and cursor."""
    held: list[Line] = []
    for line in lines:
        if held and not line.text.startswith(" "):
            yield _verbose(held)
            held = []
        held.append(line)
    if held:
        yield _verbose(held)


def _verbose(lines: list[Line]) -> Record:
    begun = _BEGUN.match(lines[0].text)
    fields = [line._replace(text=line.text[4:]) for line in lines[1:]]
    if begun is None or not fields:
        return Record.of_lines(lines)
    said = {"time": begun[1], **_fields(fields)}
    return Record.of_lines(lines, json.dumps(said, ensure_ascii=False))


def _object(lines: list[Line]) -> str | None:
    found = _fields(lines)
    return json.dumps(found, ensure_ascii=False) if "__REALTIME_TIMESTAMP" in found else None


def _fields(lines: list[Line]) -> dict[str, str]:
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
    return found
