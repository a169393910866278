"""Records of ModSecurity's audit log: sections between lines with the letter of each."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fame_sql.ingest.records.record import Line, Record

_BOUNDARY = re.compile(r"--([0-9a-fA-F]{8})-([A-Z])--\s*")
_HEADER = re.compile(
    r"\[(?P<time>[^\]]+)\] (?P<unique_id>\S+) (?P<client>\S+) (?P<client_port>\d+) "
    r"(?P<server>\S+) (?P<server_port>\d+)"
)
_MESSAGE = re.compile(r"Message: (.*)")
_LEVEL = re.compile(r'\[severity "(\w+)"\]')


def audit_records(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the requests of an audit log, each from its section A to its section Z."""
    held: list[Line] = []
    for line in lines:
        letter = found[2] if (found := _BOUNDARY.fullmatch(line.text)) else ""
        if letter == "A" and held:
            yield _record(held)
            held = []
        held.append(line)
        if letter == "Z":
            yield _record(held)
            held = []
    if held:
        yield _record(held)


def _record(lines: list[Line]) -> Record:
    sections: dict[str, list[str]] = defaultdict(list)
    letter = ""
    for line in lines:
        if found := _BOUNDARY.fullmatch(line.text):
            letter = found[2]
        else:
            sections[letter].append(line.text)
    header = _HEADER.match("".join(sections["A"][:1]))
    return Record.of_lines(lines, _document(sections, header.groupdict()) if header else None)


def _document(sections: Mapping[str, list[str]], header: Mapping[str, str]) -> str:
    texts = {letter: "\n".join(held) for letter, held in sections.items() if letter not in "AZ"}
    messages = [found[1] for line in sections.get("H", ()) if (found := _MESSAGE.match(line))]
    level = next((found[1] for one in messages if (found := _LEVEL.search(one))), None)
    first = "".join(sections.get("B", ())[:1])
    said = {"message": "\n".join(messages) or first or None, "severity": level}
    return json.dumps({**header, **said, "sections": texts}, ensure_ascii=False)
