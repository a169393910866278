"""Records whose header stands on a line of its own, before the message or many lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fame_sql.ingest.records.record import Line, Record

_MOST_LINES = 10_000


def headed_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield lines; a header on a line of its own is one with the line after it."""
    is_header = re.compile(f"(?:{settings['header']})\\s*").fullmatch
    held: Line | None = None
    for line in lines:
        if is_header(line.text):
            if held is not None:
                yield Record.of_line(held)
            held = line
        elif held is not None:
            yield _joined(held, line)
            held = None
        else:
            yield Record.of_line(line)
    if held is not None:
        yield Record.of_line(held)


def _joined(header: Line, line: Line) -> Record:
    whole = Record.of_lines([header, line])
    return replace(whole, text=f"{header.text.rstrip()} {line.text.lstrip()}")


def grouped_lines(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield records that go from one header to the next."""
    is_header = re.compile(settings["header"]).match
    held: list[Line] = []
    for line in lines:
        if held and (is_header(line.text) or len(held) >= _MOST_LINES):
            yield Record.of_lines(held)
            held = []
        held.append(line)
    if held:
        yield Record.of_lines(held)
