"""Lines of containers: what a runtime writes around the lines of a program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fame_sql.ingest.records.json_objects import is_object
from fame_sql.ingest.records.record import Line, Record
from fame_sql.ingest.records.shipped import PRIORITY
from fame_sql.warehouse.severities import NUMBERS

_CONTAINER = re.compile(r"(\S+) (stdout|stderr) ([PF])(?::\S*)? ?(.*)", re.DOTALL)
_COMPOSE = re.compile(r"(?:([a-z0-9][\w.@-]*?) +\| ?|\[([a-z]+/[\w.-]+/[\w.-]+)\] )(.*)", re.DOTALL)
_PRIORITY = re.compile(r"<(\d{1,3})> ?(.*)", re.DOTALL)
_STAMPED = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)[ \t]+"
    r"(?:(?:([^\s{\"\[]+?):?[ \t]+)?(\{.*\})\s*"
    r"|((?:[IWEF]\d{4} \d\d:|\[?\d{4}-\d\d-\d\d|\w+=|\S+ \S+ \S+ \[\d\d/).*))",
    re.DOTALL,
)
_LABELLED = re.compile(r"(\S+) (\{\w+=\"[^}]*\}|\{\})\s+(.*)", re.DOTALL)
_LABEL = re.compile(r"(\w+)=(\"(?:[^\"\\]|\\.)*\")")
_RUBY = re.compile(r"\[\d+\] (\S+): \[\[?([\d.]+)(?:, \{.*?\}\])?, (\{.*\})\]", re.DOTALL)
_PAIR = re.compile(r"(\"(?:[^\"\\]|\\.)*\")=>")
_MOST_PIECES = 10_000


def container_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the lines in the log of a container runtime; pieces of one line are joined."""
    return _joined(map(_of_container, lines))


def docker_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the lines in Docker's ``json-file`` log; pieces of one line are joined."""
    return _joined(map(_of_docker, lines))


def compose_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the lines of containers that stand after the container's name."""
    for line in lines:
        found = _COMPOSE.fullmatch(line.text)
        record = Record.of_line(line)
        if found is not None:
            composed, prefixed, text = found.groups()
            outer = json.dumps({"container": composed or prefixed})
            time, _, text = _after_time(text) or (None, None, text)
            record = replace(record, text=text, outer_time=time, outer=outer)
        yield record


def labelled_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the lines that Loki's logcli prints after their time and labels."""
    for line in lines:
        found = _LABELLED.fullmatch(line.text)
        record = Record.of_line(line)
        if found is not None:
            time, labels, text = found.groups()
            said = {name: _unquoted(value) for name, value in _LABEL.findall(labels)}
            record = replace(record, text=text, outer_time=time, outer=json.dumps(said))
        yield record


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value))
    except ValueError:
        return value


def ruby_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the records that Fluent Bit prints as hashes of Ruby, with their time and tag."""
    for line in lines:
        found = _RUBY.fullmatch(line.text)
        record = Record.of_line(line)
        if found is not None:
            tag, time, given = found.groups()
            document = _PAIR.sub(r"\1:", given)
            if is_object(document):
                said = {"timestamp": time, "tag": tag, **json.loads(document)}
                record = replace(record, document=json.dumps(said))
        yield record


def lines_with_priority(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield lines that stand after a priority of syslog, which has their level."""
    for line in lines:
        found = _PRIORITY.fullmatch(line.text)
        record = Record.of_line(line)
        if found is not None:
            outer = json.dumps({PRIORITY: int(found[1]), "facility": int(found[1]) // 8})
            record = replace(record, text=found[2], outer=outer)
        yield record


def stamped_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield JSON objects after a time and maybe a tag, and other records after a second time."""
    for line in lines:
        found = _after_time(line.text)
        record = Record.of_line(line)
        if found is not None:
            time, tag, text = found
            outer = json.dumps({} if tag is None else {"tag": tag})
            record = replace(record, text=text, outer_time=time, outer=outer)
        yield record


def _after_time(text: str) -> tuple[str, str | None, str] | None:
    """Return the time and the tag before an object or another record, and what stands there."""
    found = _STAMPED.fullmatch(text)
    if found is None or not (found[4] or (_is_tag(found[2]) and is_object(found[3]))):
        return None
    time, tag, document, line = found.groups()
    return time, tag, document or line


def _is_tag(word: str | None) -> bool:
    return word is None or word.upper() not in NUMBERS


def _joined(pieces: Iterable[tuple[Record, str | None, bool]]) -> Iterator[Record]:
    """Join the pieces of a line, which may stand between those of another stream."""
    held: dict[str, list[Record]] = {}
    for piece, stream, is_part in pieces:
        if stream is None:
            yield piece
            continue
        before = held.get(stream, [])
        if is_part and len(before) < _MOST_PIECES:
            held.setdefault(stream, []).append(piece)
            continue
        held.pop(stream, None)
        yield _whole([*before, piece])
    for before in held.values():
        yield _whole(before)


def _whole(pieces: list[Record]) -> Record:
    first, last = pieces[0], pieces[-1]
    if first is last:
        return first
    return replace(
        first,
        text="".join(piece.text for piece in pieces),
        outer=last.outer,
        line_count=last.line_number - first.line_number + 1,
    )


def _of_container(line: Line) -> tuple[Record, str | None, bool]:
    found = _CONTAINER.fullmatch(line.text)
    if found is None:
        return Record.of_line(line), None, False
    time, stream, tag, text = found.groups()
    inside = replace(
        Record.of_line(line),
        text=text,
        outer_time=time,
        outer=json.dumps({"stream": stream, "tag": tag}),
    )
    return inside, stream, tag == "P"


def _of_docker(line: Line) -> tuple[Record, str | None, bool]:
    try:
        given = json.loads(line.text)
        text, time = given["log"], given["time"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Record.of_line(line), None, False
    if not isinstance(text, str) or not isinstance(time, str):
        return Record.of_line(line), None, False
    stream = str(given.get("stream", "stdout"))
    beside = {key: value for key, value in given.items() if key not in ("log", "time")}
    inside = replace(
        Record.of_line(line),
        text=text.removesuffix("\n").encode("utf-8", "replace").decode(),
        outer_time=time,
        outer=json.dumps(beside),
    )
    return inside, stream, not text.endswith("\n")
