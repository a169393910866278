"""Rows as OTLP in JSON: a request a line, as a collector's file exporter writes and reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa

from fame_sql import __version__
from fame_sql.forensics.export.values import attributes, line, microseconds, moment

_TRACE, _SPAN = re.compile(r"(?!0{32})[0-9a-f]{32}"), re.compile(r"(?!0{16})[0-9a-f]{16}")
_LARGEST = 2**63
_REQUEST = 20
_LINE = 512 * 1024
"""Readers limit the length of a line, 'fame ingest' to twice this: a longer request is divided."""
# Names of OpenTelemetry's conventions; the others are ours.
_NAMED = {"source_path": "log.file.path"}
_IN_RECORD = {
    *("timestamp", "observed_timestamp", "severity_text", "severity_number", "service_name"),
    *("host_name", "body", "trace_id", "span_id", "resource_attributes", "attributes"),
    *("first_seen", "template"),
}


def write(file: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Write rows as log records, grouped by the resource that they are of."""
    for batch in batches:
        for start in range(0, batch.num_rows, _REQUEST):
            for request in _requests(batch.slice(start, _REQUEST).to_pylist()):
                file.write(request)


def _requests(rows: list[dict[str, Any]]) -> Iterator[bytes]:
    """Yield requests with all rows, each as one line that is short enough."""
    request = line({"resourceLogs": list(_resources(rows))})
    if len(request) <= _LINE or len(rows) == 1:
        yield request
    else:
        middle = len(rows) // 2
        yield from _requests(rows[:middle])
        yield from _requests(rows[middle:])


def _resources(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(json.dumps(_resource(row)), []).append(row)
    for resource, held in grouped.items():
        yield {
            "resource": {"attributes": json.loads(resource)},
            "scopeLogs": [
                {
                    "scope": {"name": "fame-sql", "version": __version__},
                    "logRecords": [_record(row) for row in held],
                }
            ],
        }


def _resource(row: dict[str, Any]) -> list[dict[str, Any]]:
    given = attributes(row.get("resource_attributes"))
    own = {"service.name": row["service_name"], "host.name": row["host_name"]}
    return _attributes({**given, **{name: value for name, value in own.items() if value}})


def _record(row: dict[str, Any]) -> dict[str, Any]:
    at = row.get("timestamp") or row.get("first_seen")
    named = attributes(row.get("attributes"))
    named |= {
        _NAMED.get(name, f"fame.{name}"): value
        for name, value in row.items()
        if name not in _IN_RECORD
    }
    named["fame.template"] = row["template"]
    found = {
        "timeUnixNano": _nanoseconds(at),
        "observedTimeUnixNano": _nanoseconds(row.get("observed_timestamp")),
        "severityNumber": row.get("severity_number"),
        "severityText": row.get("severity_text"),
        "body": None if row["body"] is None else _value(row["body"]),
        "eventName": "fame.incident" if "incident_id" in row else None,
    }
    for name, key, form in (("trace_id", "traceId", _TRACE), ("span_id", "spanId", _SPAN)):
        identity = row.get(name)
        if identity and form.fullmatch(identity.lower()):
            found[key] = identity.lower()
        elif identity:
            named[name] = identity
    found["attributes"] = _attributes(named)
    return {name: value for name, value in found.items() if value is not None}


def _nanoseconds(at: datetime | None) -> str | None:
    """Return a time as OTLP writes it; None for one before the epoch, which it has not."""
    return str(1000 * microseconds(at)) if at is not None and microseconds(at) >= 0 else None


def _attributes(values: Mapping[str, object]) -> list[dict[str, Any]]:
    return [
        {"key": name, "value": _value(value)} for name, value in values.items() if value is not None
    ]


def _value(value: object) -> dict[str, Any]:
    """Return a value as an ``AnyValue``; whole numbers are text, as JSON's can be inexact."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and -_LARGEST <= value < _LARGEST:
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [{} if v is None else _value(v) for v in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    return {"stringValue": moment(value) if isinstance(value, datetime) else str(value)}
