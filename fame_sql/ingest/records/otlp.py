"""Log records of OTLP in JSON, as plain objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any


def otlp_objects(resource_logs: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the log records of ``resourceLogs``, each with its resource and scope."""
    for resource_log in resource_logs:
        resource = _attributes(resource_log.get("resource", {}).get("attributes", ()))
        for scope_log in resource_log.get("scopeLogs", ()) or ():
            scope = scope_log.get("scope", {}) or {}
            for record in scope_log.get("logRecords", ()) or ():
                yield _object(record, resource, scope)


def _object(
    record: Mapping[str, Any], resource: Mapping[str, Any], scope: Mapping[str, Any]
) -> dict[str, Any]:
    found = {
        "time_unix_nano": _time(record),
        "severity_number": record.get("severityNumber"),
        "severity_text": record.get("severityText"),
        "body": _value(record.get("body") or {}),
        "trace_id": record.get("traceId"),
        "span_id": record.get("spanId"),
        "event_name": record.get("eventName"),
        "service.name": resource.get("service.name"),
        "host.name": resource.get("host.name"),
        "scope_name": scope.get("name"),
        "resource": {key: resource[key] for key in resource if key != "service.name"} or None,
        "attributes": _attributes(record.get("attributes", ())) or None,
    }
    return {key: value for key, value in found.items() if value not in (None, "")}


def _time(record: Mapping[str, Any]) -> Any:
    time = record.get("timeUnixNano")
    return record.get("observedTimeUnixNano") if time in (None, "", "0", 0) else time


def _attributes(pairs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(pair.get("key")): _value(pair.get("value") or {}) for pair in pairs or ()}


def _value(value: Any) -> Any:
    """Return what an ``AnyValue`` holds."""
    if not isinstance(value, Mapping):
        return value
    if "arrayValue" in value:
        return [_value(one) for one in value["arrayValue"].get("values", ())]
    if "kvlistValue" in value:
        return _attributes(value["kvlistValue"].get("values", ()))
    if "intValue" in value:
        return int(value["intValue"])
    return next(iter(value.values()), None)
