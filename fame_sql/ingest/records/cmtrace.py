"""Records of Configuration Manager, whose time stands after the message."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fame_sql.ingest.records.record import Line, Record

_RECORD = re.compile(r"<!\[LOG\[(.*)\]LOG\]!><(.*)>\s*", re.DOTALL)
_FIELD = re.compile(r'(\w+)="([^"]*)"')
_TIME = re.compile(r"([\d:.]+)(?:([+-])([+-]?)(\d{1,3}))?")
_DAY = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4})")
_LEVELS = {"0": "INFO", "1": "INFO", "2": "WARN", "3": "ERROR"}
_MOST_LINES = 1000


def cmtrace_records(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield records from ``<![LOG[`` to the fields after ``]LOG]!>``."""
    held: list[Line] = []
    for line in lines:
        if held and line.text.startswith("<![LOG["):
            yield _record(held)
            held = []
        held.append(line)
        if "]LOG]!>" in line.text or not held[0].text.startswith("<![LOG[") or _is_full(held):
            yield _record(held)
            held = []
    if held:
        yield _record(held)


def _is_full(held: list[Line]) -> bool:
    return len(held) >= _MOST_LINES


def _record(held: list[Line]) -> Record:
    record = Record.of_lines(held)
    found = _RECORD.fullmatch(record.text)
    if found is None:
        return record
    fields = dict(_FIELD.findall(found[2]))
    said = {
        "message": found[1],
        "timestamp": _time(fields),
        "level": _LEVELS.get(fields.get("type", "")),
    }
    others = {key: value for key, value in fields.items() if key not in ("time", "date", "type")}
    given = {key: value for key, value in {**said, **others}.items() if value}
    return replace(record, document=json.dumps(given, ensure_ascii=False))


def _time(fields: Mapping[str, str]) -> str | None:
    """Return the time with its offset: the bias is what Windows adds to it for UTC."""
    day, clock = _DAY.fullmatch(fields.get("date", "")), _TIME.fullmatch(fields.get("time", ""))
    if day is None or clock is None:
        return None
    written = f"{day[3]}-{int(day[1]):02}-{int(day[2]):02} {clock[1]}"
    if clock[4] is None:
        return written
    bias = int(clock[4]) * (-1 if "-" in (clock[2], clock[3]) else 1)
    return f"{written}{'-' if bias > 0 else '+'}{abs(bias) // 60:02}:{abs(bias) % 60:02}"
