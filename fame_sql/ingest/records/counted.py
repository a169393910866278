"""Messages that a number of octets precedes, as syslog over TCP frames them (RFC 6587)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fame_sql.ingest.records.record import Line, Record

_COUNT = re.compile(rb"\s*(\d{1,6}) (?=<\d{1,3}>)")
_MOST_LINES = 10_000


def counted_messages(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield messages without their counts; one can go over several lines, or share a line."""
    held: list[Line] = []
    rest = b""
    for line in lines:
        if held and _COUNT.match(line.text.encode()):
            # What was begun before is shorter than its count says.
            yield from _messages(rest, held, last=True)[0]
            held, rest = [], b""
        rest = rest + b"\n" + line.text.encode() if held else line.text.encode()
        held.append(line)
        found, rest = _messages(rest, held, last=len(held) >= _MOST_LINES)
        yield from found
        if not rest:
            held = []
    if held:
        yield from _messages(rest, held, last=True)[0]


def _messages(data: bytes, held: list[Line], *, last: bool) -> tuple[list[Record], bytes]:
    """Return the messages in bytes that end with the last line held, and the bytes after them."""
    found: list[Record] = []
    end = held[-1].byte_offset + len(held[-1].text.encode())
    while data.strip():
        count = _COUNT.match(data)
        begin = count.end() if count else 0
        length = int(count[1]) if count else len(data)
        # The count can include the line feed after the message.
        if begin + length > len(data) + 1 and not last:
            return found, data
        found.append(_record(data[begin : begin + length], held, end - len(data) + begin))
        data = data[begin + length :]
    return found, b""


def _record(message: bytes, held: list[Line], offset: int) -> Record:
    concerned = [line for line in held if line.byte_offset <= offset] or held[:1]
    first = concerned[-1]
    text = message.decode("utf-8", "replace").rstrip("\r\n")
    lines = text.count("\n") + 1
    return Record(text, first.line_number, offset, lines, first.fault)
