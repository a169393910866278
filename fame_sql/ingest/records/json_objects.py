"""JSON objects over several lines, in arrays, in envelopes, or several in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fame_sql.ingest.records.copies import KEPT, Copies
from fame_sql.ingest.records.exports import EXPORTED, exported
from fame_sql.ingest.records.otlp import otlp_objects
from fame_sql.ingest.records.record import Line, Record

ENVELOPES = ("Records", "records", "logEvents", "resourceLogs", "entries", "events", "value")
"""Keys of a list that holds the records of an object, such as CloudTrail's and OTLP's."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\]]')
_ENVELOPE = re.compile(r'"(?:' + "|".join(ENVELOPES) + r')"\s*:\s*\[\s*(?:\{|$)')
_SEVERAL = re.compile(r"\}\s*\{")
# A bracket is an array only if an object, or nothing more, stands in it.
_ARRAY = re.compile(r"\s*\[\s*(?:[{\]]|$)")
_SHORT = 1024
_LONGEST = 100_000
"""Maximum number of lines of an object."""


def has_several(lines: Sequence[str]) -> bool:
    """Return whether some lines are not exactly one JSON object, or hold records in a list."""
    return any(
        any(one.search(line) for one in (_ENVELOPE, _SEVERAL, EXPORTED)) or _ARRAY.match(line)
        for line in lines
    ) or objects_over_lines(lines)


def objects_over_lines(lines: Sequence[str]) -> bool:
    """Return whether lines are JSON objects of which some go over several lines, or an array."""
    if not lines or not (lines[0].lstrip()[:1] == "{" or _ARRAY.match(lines[0])):
        return False
    first = lines[0].strip()
    if first[0] == "{" and _balanced(first):
        return False
    numbered = [Line(line, number, 0, None) for number, line in enumerate(lines, 1)]
    found = [record for record in json_records(numbered, {}) if record.document is not None]
    covered = sum(record.line_count for record in found)
    brackets = sum(line.strip() in ("[", "]", "],") for line in lines)
    return bool(found) and covered + brackets >= 0.5 * len(lines)


def json_records(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the JSON objects of lines as records; other lines are records of their own."""
    for record in _objects(lines):
        document = record.document
        if document is not None and EXPORTED.search(document):
            yield from _exported(record)
        elif document is not None and _ENVELOPE.search(document):
            yield from _unpacked(record)
        else:
            yield record


def records_by_line(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the JSON objects of each line as records; no object goes over several lines."""
    for line in lines:
        yield from json_records([line], settings)


def _objects(lines: Iterable[Line]) -> Iterator[Record]:
    """Yield objects, each from its first brace to its last, without the brackets of arrays."""
    held: list[Line] = []
    column = depth = 0
    for line in lines:
        if held and _indent(line) <= _indent(held[0]) and is_object(line.text):
            # What was begun before is broken.
            yield from map(_alone, held)
            held, depth = [], 0
        held.append(line)
        used, whole = 0, False
        if depth == 0:
            column = 0
        for token in _TOKEN.finditer(line.text):
            mark = token[0]
            if mark[0] == '"' or (depth == 0 and mark in "[]}"):
                continue
            if depth == 0:
                column = token.start()
                held = [line]
            depth += 1 if mark in "{[" else -1
            if depth == 0:
                yield _record(held, column, token.end())
                used, whole, held = token.end(), True, []
        if depth == 0:
            rest = line.text[used:].strip(" \t\r,[]")
            if rest and not _closes(rest):
                yield _rest(line, used) if whole else Record.of_line(line)
            held = []
        elif len(held) > _LONGEST:
            yield from map(_alone, held)
            held, depth = [], 0
    if held:
        # The rest of an unfinished object may come with the next lines.
        yield Record.of_lines(held)


def _alone(line: Line) -> Record:
    """Return a line that is in no object over several lines."""
    return Record.of_line(line, line.text.strip() if is_object(line.text) else None)


def _indent(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def _closes(rest: str) -> bool:
    """Return whether a text only closes what holds the objects."""
    return not rest.strip("]}, \t")


def _rest(line: Line, used: int) -> Record:
    offset = line.byte_offset + len(line.text[:used].encode())
    return Record(line.text[used:].strip(), line.line_number, offset, 1, line.fault)


def _record(held: list[Line], column: int, end: int) -> Record:
    first, last = held[0], held[-1]
    if first is last:
        text = first.text[column:end]
    else:
        middle = [line.text for line in held[1:-1]]
        text = "\n".join([first.text[column:], *middle, last.text[:end]])
    whole = Record.of_lines(held)
    offset = first.byte_offset + len(first.text[:column].encode())
    flat = text if first is last else _flat(text)
    return replace(whole, text=text, byte_offset=offset, document=flat)


def _flat(text: str) -> str:
    """Return an object in one line, as it would be in JSON lines."""
    first, *others = text.split("\n")
    if not others:
        return text
    between = (line.strip() for line in others[:-1])
    return " ".join([first.rstrip(), *filter(None, between), others[-1].lstrip()])


def _exported(record: Record) -> Iterator[Record]:
    """Yield the records of an export, or the object as it is if it is none."""
    try:
        found = list(exported(json.loads(record.document or "")))
    except (ValueError, RecursionError):
        found = []
    if not found:
        yield from _unpacked(record)
    for one in found:
        text = json.dumps(one, ensure_ascii=False)
        yield replace(record, text=text, document=text)


def _unpacked(record: Record) -> Iterator[Record]:
    """Yield the records in the list of an envelope; each with what stands beside the list."""
    try:
        envelope = json.loads(record.document or "")
    except (ValueError, RecursionError):
        yield record
        return
    for key in ENVELOPES:
        held = envelope.get(key)
        if isinstance(held, list) and held and all(isinstance(one, dict) for one in held):
            beside = {name: value for name, value in envelope.items() if name != key}
            copies = Copies(len(record.document or ""))
            unpack = otlp_objects if key == "resourceLogs" else partial(_with, beside)
            try:
                found = list(unpack(held, copies))
            except (AttributeError, TypeError, ValueError, RecursionError):
                break  # Not what OTLP has there.
            for one in found:
                # Its text is its own: a copy of the envelope for each record would be its square.
                text = json.dumps(one, ensure_ascii=False)
                yield replace(record, text=text, document=text)
            return
    yield record


def _with(
    beside: Mapping[str, Any], held: Sequence[Mapping[str, Any]], copies: Copies
) -> Iterator[dict[str, Any]]:
    """Yield records with what stands beside their list; if that is too much, only the first has it.

    The others then have the first members that are short, such as a group's name.
    """
    short, size = dict(beside), len(json.dumps(beside))
    if not copies.allow(size, len(held)):
        short, left = {KEPT: 1}, _SHORT
        for name, value in beside.items():
            left -= len(json.dumps({name: value}))
            if left < 0:
                break
            short[name] = value
    for place, record in enumerate(held):
        yield {**(short if place else beside), **record}


def is_object(text: str) -> bool:
    """Return whether a text is one JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _balanced(text: str) -> bool:
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0][0] != '"':
            depth += 1 if token[0] in "{[" else -1
    return depth == 0
