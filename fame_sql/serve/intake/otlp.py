"""Log records of OTLP as rows of ``fame.logs``.

What the table has no column for is kept under the key ``otlp``: of a record in ``attributes`` (its
nanoseconds, event name, flags and dropped attributes), of a resource and scope in
``resource_attributes``. Attributes keep their names and kinds.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from fame_sql.ingest.lines import LONGEST_LINE
from fame_sql.serve.delivery import ROWS

SOURCE = "otlp"
"""The ``source_path`` and ``parser`` of its records."""

_TRACE_ID, _SPAN_ID = 16, 8
_HIGHEST_LEVEL = 24
_REPLACED = "\ufffd"


@dataclass
class Decoded:
    """The records of a request.

    Parameters
    ----------
    rows : pyarrow.Table
        The records, in :data:`~fame_sql.serve.delivery.ROWS`.
    timed : bool
        Whether each record says when it was made or seen, so that equal bytes are one request.
    warnings : list of str
        What the sender should know.
    """

    rows: pa.Table
    timed: bool
    warnings: list[str] = field(default_factory=list)


def decode(request: Any, received: datetime) -> Decoded:
    """Return the records of an ``ExportLogsServiceRequest``.

    Parameters
    ----------
    request : opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest
        The request.
    received : datetime
        When it was received, in UTC without a zone.
    """
    now = int(received.replace(tzinfo=UTC).timestamp() * 1_000_000)
    columns: dict[str, list[Any]] = {name: [] for name in _FROM_RECORDS}
    invalid_ids = 0
    timed = True
    for resource, scope_logs in _scopes(request):
        for record in scope_logs.log_records:
            given = record.time_unix_nano or record.observed_time_unix_nano
            timed = timed and bool(given)
            trace_id, span_id = _hex(record.trace_id, _TRACE_ID), _hex(record.span_id, _SPAN_ID)
            invalid_ids += _is_invalid(record.trace_id, trace_id)
            invalid_ids += _is_invalid(record.span_id, span_id)
            body, fault = _body(record.body)
            level = record.severity_number
            observed = record.observed_time_unix_nano // 1000 or now
            row = (
                given // 1000 or observed,
                observed,
                _text(record.severity_text) or None,
                level if 0 < level <= _HIGHEST_LEVEL else None,
                resource.service,
                resource.host,
                body,
                trace_id,
                span_id,
                resource.document,
                _record_document(record),
                fault,
            )
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
    warnings = [] if not invalid_ids else [f"{invalid_ids} trace or span ids are not valid"]
    return Decoded(_table(columns), timed, warnings)


_FROM_RECORDS = (
    "timestamp",
    "observed_timestamp",
    "severity_text",
    "severity_number",
    "service_name",
    "host_name",
    "body",
    "trace_id",
    "span_id",
    "resource_attributes",
    "attributes",
    "parse_error",
)


def _table(columns: Mapping[str, list[Any]]) -> pa.Table:
    count = len(columns["body"])
    constants: dict[str, pa.Array] = {
        "source_path": pa.repeat(SOURCE, count),
        "line_number": pa.array(range(1, count + 1), pa.int64()),
        "byte_offset": pa.repeat(pa.scalar(0, pa.int64()), count),
        "line_count": pa.repeat(pa.scalar(1, pa.int32()), count),
        "parser": pa.repeat(SOURCE, count),
        "label": pa.nulls(count, pa.string()),
    }
    arrays = [
        constants[each.name] if each.name in constants else pa.array(columns[each.name], each.type)
        for each in ROWS
    ]
    return pa.Table.from_arrays(arrays, schema=ROWS)


@dataclass(frozen=True)
class _Resource:
    """What all records of a scope have in common."""

    service: str | None
    host: str | None
    document: str | None


def _scopes(request: Any) -> Iterator[tuple[_Resource, Any]]:
    for resource_logs in request.resource_logs:
        attributes = _attributes(resource_logs.resource.attributes)
        about = _about(
            schema_url=_text(resource_logs.schema_url),
            dropped_attributes_count=resource_logs.resource.dropped_attributes_count,
        )
        for scope_logs in resource_logs.scope_logs:
            scope = scope_logs.scope
            inside = _about(
                name=_text(scope.name),
                version=_text(scope.version),
                attributes=_attributes(scope.attributes),
                dropped_attributes_count=scope.dropped_attributes_count,
                schema_url=_text(scope_logs.schema_url),
            )
            found = _Resource(
                _plain(attributes.get("service.name")),
                _plain(attributes.get("host.name")),
                _document(attributes, {**about, **({"scope": inside} if inside else {})}),
            )
            yield found, scope_logs


def _about(**given: Any) -> dict[str, Any]:
    """Return what is said; zero and nothing are what is not said."""
    return {name: value for name, value in given.items() if value}


def _record_document(record: Any) -> str | None:
    about: dict[str, Any] = {}
    if record.time_unix_nano % 1000:
        about["time_unix_nano"] = record.time_unix_nano
    if record.observed_time_unix_nano % 1000:
        about["observed_time_unix_nano"] = record.observed_time_unix_nano
    if record.event_name:
        about["event_name"] = _text(record.event_name)
    if record.flags:
        about["flags"] = record.flags
    if record.dropped_attributes_count:
        about["dropped_attributes_count"] = record.dropped_attributes_count
    if not 0 <= record.severity_number <= _HIGHEST_LEVEL:
        about["severity_number"] = record.severity_number
    return _document(_attributes(record.attributes), about)


def _document(attributes: dict[str, Any], about: dict[str, Any]) -> str | None:
    if about:
        key = "otlp"
        while key in attributes:
            key += "_"
        attributes = {**attributes, key: about}
    return as_json(attributes) if attributes else None


def as_json(value: Any) -> str:
    """Return a value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    """Return attributes; of a key that is given twice, the last value."""
    return {_text(pair.key): value_of(pair.value) for pair in pairs}


def value_of(given: Any) -> Any:
    """Return what an ``AnyValue`` holds, in the kinds that JSON has."""
    kind = given.WhichOneof("value")
    if kind == "string_value":
        return _text(given.string_value)
    if kind in ("int_value", "bool_value"):
        return getattr(given, kind)
    if kind == "double_value":
        number = given.double_value
        return number if math.isfinite(number) else _WORDS.get(number, "NaN")
    if kind == "bytes_value":
        return base64.b64encode(given.bytes_value).decode("ascii")
    if kind == "array_value":
        return [value_of(each) for each in given.array_value.values]
    if kind == "kvlist_value":
        return _attributes(given.kvlist_value.values)
    return None


_WORDS = {math.inf: "Infinity", -math.inf: "-Infinity"}
"""Numbers that JSON has not, as protobuf writes them."""


def _body(given: Any) -> tuple[str | None, str | None]:
    """Return the message of a record, and what is wrong with it."""
    value = value_of(given)
    if value is None:
        return None, None
    text = value if isinstance(value, str) else as_json(value)
    if len(text) <= LONGEST_LINE:
        return text, None
    return text[:LONGEST_LINE], f"body of {len(text)} characters, cut at {LONGEST_LINE}"


def _plain(value: Any) -> str | None:
    """Return a name; None if there is none."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else as_json(value)


def _text(text: str) -> str:
    """Return a text without null characters, which JSON in SQL cannot hold."""
    return text.replace("\0", _REPLACED) if "\0" in text else text


def _hex(identity: bytes, length: int) -> str | None:
    """Return an id in hexadecimal digits; None if it is not valid, which means that there is none.

    Some senders put the digits themselves into the field.
    """
    if len(identity) == 2 * length:
        try:
            identity = bytes.fromhex(identity.decode("ascii"))
        except ValueError:
            return None
    if len(identity) != length or not any(identity):
        return None
    return identity.hex()


def _is_invalid(given: bytes, found: str | None) -> bool:
    """Return whether an id was given, other than zeros, and is not valid."""
    return found is None and any(given)
