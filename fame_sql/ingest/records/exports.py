"""Records in the objects that stores of logs export: Elasticsearch, Loki, Splunk and Datadog."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

EXPORTED = re.compile(
    r'"_source"\s*:\s*\{|"hits"\s*:\s*\{|"streams"\s*:\s*\[|"resultType"\s*:|"preview"\s*:\s*[tf]'
    r'|"content"\s*:\s*\{\s*"timestamp"|"data"\s*:\s*\[\s*\{\s*"(?:id|attributes|type)"'
)
"""What the text of such an object holds."""

_SHORT = ("_index", "_id")
# An object with other members is a record of its own.
_SPLUNK = {"preview", "offset", "init_offset", "lastrow", "result"}
_DATADOG = {"id", "type", "content", "data", "meta", "links"}


def exported(given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the records that an object holds, none if it is no export."""
    match given:
        case {"_source": dict(source)}:
            yield {**source, **{name: given[name] for name in _SHORT if name in given}}
        case {"hits": {"hits": list(hits)}}:
            for hit in hits:
                if isinstance(hit, dict):
                    yield from exported(hit)
        case {"result": dict(row)} if given.keys() <= _SPLUNK:
            yield row
        case {"content": dict(event)} if given.keys() <= _DATADOG and "message" in event:
            yield event
        case {"data": [*events]} if given.keys() <= _DATADOG:
            for event in events:
                match event:
                    case {"attributes": dict(held)} if "message" in held:
                        yield held
        case {"data": {"result": list(streams)}} | {"streams": list(streams)}:
            for stream in streams:
                yield from _of_stream(stream)


def _of_stream(given: Any) -> Iterator[dict[str, Any]]:
    """Yield the lines of a stream of Loki, each after its time."""
    match given:
        case {"stream": dict(labels), "values": list(values)}:
            for value in values:
                match value:
                    case [str(time), str(line), *_]:
                        yield {"labels": labels, "timestamp": time, "line": line}
