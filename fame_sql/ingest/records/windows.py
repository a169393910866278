"""Windows events in XML or JSON, as objects of one shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from fame_sql.ingest.records.record import Line, Record

_END = re.compile(r"</Event>")
_BEGIN = re.compile(r"<Event[ >]")
_LEVELS = {"1": "Critical", "2": "Error", "3": "Warning", "4": "Information", "5": "Verbose"}
_MOST_LINES = 10_000


def windows_records(lines: Iterable[Line], settings: Mapping[str, Any]) -> Iterator[Record]:
    """Yield Windows events as records; other lines are records of their own."""
    held: list[Line] = []
    for line in lines:
        if line.text.lstrip().startswith("{"):
            yield Record.of_line(line, _of_json(line.text))
            continue
        held.append(line)
        if _END.search(line.text) or len(held) > _MOST_LINES:
            yield from _events(held)
            held = []
    if held and not all(_is_frame(line.text) for line in held):
        yield from map(Record.of_line, held)


def _is_frame(text: str) -> bool:
    return text.strip() in ("</Events>", "<Events>") or text.lstrip().startswith("<?xml")


def _events(held: list[Line]) -> Iterator[Record]:
    while held and _is_frame(held[0].text):
        held = held[1:]
    whole = Record.of_lines(held)
    found = list(_texts(whole.text))
    if not found:
        yield whole
    for event in found:
        yield replace(whole, text=event, document=_of_xml(event))


def _texts(text: str) -> Iterator[str]:
    """Yield the events in a text, each from its begin to the next end."""
    at = 0
    while (begin := _BEGIN.search(text, at)) and (end := _END.search(text, begin.end())):
        yield text[begin.start() : end.end()]
        at = end.end()


def _of_xml(text: str) -> str | None:
    if "<!" in text:  # Entities could grow without end.
        return None
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    system = root.find("System")
    if system is None:
        return None
    provider, created = system.find("Provider"), system.find("TimeCreated")
    return _object(
        event_id=system.findtext("EventID"),
        level=system.findtext("Level"),
        provider=None if provider is None else provider.get("Name"),
        time=None if created is None else created.get("SystemTime"),
        computer=system.findtext("Computer"),
        channel=system.findtext("Channel"),
        data=_data(root),
        message=root.findtext("RenderingInfo/Message"),
    )


def _data(root: ElementTree.Element) -> dict[str, Any]:
    data = root.find("EventData")
    if data is None:
        data = root.find("UserData")
        return {} if data is None else {one.tag: one.text for one in data.iter() if one.text}
    named = enumerate(data.findall("Data"), 1)
    return {one.get("Name") or f"param{number}": one.text or "" for number, one in named}


def _of_json(text: str) -> str | None:
    try:
        event = json.loads(text).get("Event", {})
    except (ValueError, AttributeError, RecursionError):
        return None
    system = event.get("System") if isinstance(event, dict) else None
    if not isinstance(system, dict):
        return None
    event_id = system.get("EventID")
    return _object(
        event_id=event_id.get("#text") if isinstance(event_id, dict) else event_id,
        level=system.get("Level"),
        provider=_attribute(system.get("Provider"), "Name"),
        time=_attribute(system.get("TimeCreated"), "SystemTime"),
        computer=system.get("Computer"),
        channel=system.get("Channel"),
        data=event.get("EventData") or event.get("UserData") or {},
        message=_attribute(event.get("RenderingInfo"), "Message"),
    )


def _attribute(element: Any, name: str) -> Any:
    if not isinstance(element, dict):
        return None
    inside = element.get("#attributes") or element.get("@attributes") or element
    return inside.get(name) if isinstance(inside, dict) else None


def _object(
    *,
    event_id: Any,
    level: Any,
    provider: Any,
    time: Any,
    computer: Any,
    channel: Any,
    data: Any,
    message: Any,
) -> str:
    """Return an event as an object; without a rendered message, its data are the message."""
    pairs = data.items() if isinstance(data, dict) else ()
    said = " ".join(f"{name}={value}" for name, value in pairs)
    found = {
        "timestamp": time,
        "level": _LEVELS.get(str(level)),
        "service": provider,
        "host": computer,
        "message": message or f"EventID {event_id} {said}".strip(),
        "EventID": event_id,
        "Channel": channel,
        "EventData": data or None,
    }
    return json.dumps({key: value for key, value in found.items() if value is not None})
