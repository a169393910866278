"""Log lines in the messages of objects or after a header, as shippers and stores keep them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fame_sql.ingest.records.delimited import csv_records
from fame_sql.ingest.records.json_objects import json_records
from fame_sql.ingest.records.record import Line, Record
from fame_sql.warehouse.severities import NUMBERS

HOST, SERVICE, LEVEL = "fame.host", "fame.service", "fame.level"
TRACE, SPAN = "fame.trace", "fame.span"
PRIORITY = "syslog.priority"
"""What an envelope says of a record beside its time and attributes."""

RELAYED = re.compile(
    r"(?:<(\d{1,3})>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\d\d:\S+) "
    r"([\w.:-]+) ([^\s\[\]:]+)(?:\[(\d+)\])?: ?(?:@cee: ?)?"
    r'(\{\s*".*\}\s*|(?:ts|time|level|lvl|severity)=.*|[IWEF]\d{4} \d\d:\d\d:.*'
    r"|\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:.*)",
    re.DOTALL,
)
"""A line of syslog whose message is an object, logfmt or a line with a time of its own."""

_COLUMNS = {
    HOST: "host_name",
    SERVICE: "service_name",
    LEVEL: "severity_text",
    TRACE: "trace_id",
    SPAN: "span_id",
}
_FIRST_SECOND = 94_694_400


def relayed_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield objects and logfmt that stand after a header of syslog."""
    for line in lines:
        record = Record.of_line(line)
        if found := RELAYED.fullmatch(line.text):
            priority, time, host, program, pid, text = found.groups()
            said = {HOST: host, SERVICE: program, "pid": pid}
            if priority is not None:
                said |= {PRIORITY: int(priority), "facility": int(priority) // 8}
            outer = json.dumps({name: value for name, value in said.items() if value is not None})
            record = replace(record, text=text, outer_time=time, outer=outer)
        yield record


def shipped_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the messages of objects as lines; what stands beside a message says its envelope."""
    keys: Mapping[str, Sequence[str]] = settings["keys"]
    split = csv_records if settings["outside"] == "csv" else json_records
    for record in split(lines, settings):
        yield _message(record, keys)


def _message(record: Record, keys: Mapping[str, Sequence[str]]) -> Record:
    """Return the message of an object as a record, or the record if it has none."""
    try:
        given = json.loads(record.document or record.text)
    except (ValueError, RecursionError):
        return record
    if not isinstance(given, dict):
        return record
    _, text = first_held(given, keys.get("body", ()))
    if not isinstance(text, str) or not text.strip():
        return record
    time_key, time = _time(given, keys.get("timestamp", ()))
    said = {key: value for key, value in given.items() if value is not text and key != time_key}
    for name, column in _COLUMNS.items():
        key, value = first_held(given, keys.get(column, ()), (str, int))
        is_number = name == LEVEL and isinstance(value, int)
        if is_number or (isinstance(value, str) and value):
            # The status of anything can be a level.
            if key == "status" and str(value).upper() not in NUMBERS:
                continue
            said.pop(key, None)
            said[name] = str(value)
    outer = json.dumps(said, ensure_ascii=True)
    text = text.rstrip("\r\n").encode("utf-8", "replace").decode()
    return replace(record, text=text, document=None, outer_time=time, outer=outer)


def first_held(
    given: Mapping[str, Any], names: Iterable[str], kinds: tuple[type, ...] = (object,)
) -> tuple[str, Any]:
    """Return the first of some keys that holds something of some kinds in an object, and what.

    After ``$.``, dots lead into objects.
    """
    for name in names:
        held = _inside(given, name[2:].split(".")) if name[:2] == "$." else given.get(name)
        if held is not None and isinstance(held, kinds):
            return name, held
    return "", None


def _inside(given: Any, path: Sequence[str]) -> Any:
    for part in path:
        given = given.get(part) if isinstance(given, dict) else None
    return given


def _time(given: Mapping[str, Any], names: Sequence[str]) -> tuple[str, str | None]:
    for name in names:
        key, held = first_held(given, [name])
        if isinstance(held, str) and (":" in held or held.isdecimal()):
            return key, held
        if isinstance(held, (int, float)) and held >= _FIRST_SECOND:
            return key, str(held)
    return "", None
