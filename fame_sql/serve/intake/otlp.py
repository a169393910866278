"""Log records of OTLP as rows of ``fame.logs``.

What the table has no column for is kept under the key ``otlp``: of a record in ``attributes`` (its
nanoseconds, event name, flags and dropped attributes), of a resource and scope in
``resource_attributes``. Attributes keep their names and kinds. Those of a resource and scope are
copied to each record within a bound, see :mod:`fame_sql.ingest.records.copies`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from fame_sql.ingest.lines import LONGEST_LINE
from fame_sql.ingest.records.copies import KEPT, Copies
from fame_sql.serve.delivery import ROWS
from fame_sql.serve.intake.otlp_values import as_text, members, object_of, plain, quoted

SOURCE = "otlp"
"""The ``source_path`` and ``parser`` of its records."""

_TRACE_ID, _SPAN_ID = 16, 8
_HIGHEST_LEVEL = 24
_LONGEST_NAME = 1024


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
    found = [
        _columns(resource, list(scope_logs.log_records), now)
        for resource, scope_logs in _scopes(request)
    ]
    columns = {
        name: [value for part in found for value in part.columns[name]] for name in _FROM_RECORDS
    }
    return Decoded(_table(columns), all(part.timed for part in found), list(_warnings(found)))


def _warnings(found: Sequence[_Part]) -> Iterator[str]:
    if invalid := sum(part.invalid_ids for part in found):
        yield f"{invalid} trace or span ids are not valid"
    if kept := sum(part.resource.kept for part in found):
        yield (
            f"the attributes of the resource or scope of {kept} records are too many to copy to "
            f"each: otlp.{KEPT} in resource_attributes names the record that has them"
        )
    if any(part.resource.is_cut for part in found):
        yield f"service or host names are cut at {_LONGEST_NAME} characters"


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
    """What all records of a scope have in common, and the documents of each."""

    service: str | None
    host: str | None
    is_cut: bool
    documents: Sequence[str | None]
    kept: int = 0


@dataclass(frozen=True)
class _Part:
    """The columns of the records of one scope."""

    resource: _Resource
    columns: Mapping[str, Sequence[Any]]
    timed: bool
    invalid_ids: int


def _scopes(request: Any) -> Iterator[tuple[_Resource, Any]]:
    copies, number = Copies(request.ByteSize()), 1
    for resource_logs in request.resource_logs:
        attributes = resource_logs.resource.attributes
        names = {pair.key: as_text(pair.value) or None for pair in attributes if pair.key in _NAMES}
        cut = {name: value and value[:_LONGEST_NAME] for name, value in names.items()}
        about = _about(
            schema_url=resource_logs.schema_url,
            dropped_attributes_count=resource_logs.resource.dropped_attributes_count,
        )
        given, first = members(attributes), 0
        for scope_logs in resource_logs.scope_logs:
            count = len(scope_logs.log_records)
            documents, kept = _documents(given, about, scope_logs, copies, number, first)
            service, host = cut.get("service.name"), cut.get("host.name")
            yield _Resource(service, host, cut != names, documents, kept), scope_logs
            first = first or (number if count else 0)
            number += count


def _documents(
    given: list[str], about: list[str], scope_logs: Any, copies: Copies, number: int, first: int
) -> tuple[list[str | None], int]:
    """Return the documents of the records of a scope, and how many of them only name another.

    Beyond the bound, the first record of a resource has its attributes, and the first of a scope
    those of the scope.
    """
    count = len(scope_logs.log_records)
    if not count:
        return [], 0
    scope = _scope(scope_logs)
    inside = [*about, f'"scope":{scope}'] if scope else about
    if copies.allow(sum(map(len, (*given, *inside))), count):
        return [_document([*given], inside)] * count, 0
    own = [f'"scope":{scope}', f'"{KEPT}":{first}'] if scope else [f'"{KEPT}":{first}']
    whole = _document([], own) if first else _document([*given], inside)
    other = _document([], [f'"{KEPT}":{number if scope or not first else first}'])
    return [whole, *[other] * (count - 1)], count - (not first)


_NAMES = {"service.name", "host.name"}


def _scope(scope_logs: Any) -> str:
    """Return what is said of a scope as a JSON object; empty if nothing is."""
    scope = scope_logs.scope
    said = _about(name=scope.name, version=scope.version)
    if scope.attributes:
        said.append(f'"attributes":{object_of(members(scope.attributes))}')
    said += _about(
        dropped_attributes_count=scope.dropped_attributes_count, schema_url=scope_logs.schema_url
    )
    return object_of(said) if said else ""


def _columns(resource: _Resource, records: Sequence[Any], now: int) -> _Part:
    """Return the columns of records; one list after the other is faster than a row at a time."""
    count = len(records)
    times = [record.time_unix_nano for record in records]
    seen = [record.observed_time_unix_nano for record in records]
    observed = [each // 1000 if each else now for each in seen]
    levels = [record.severity_number for record in records]
    traces = [record.trace_id for record in records]
    spans = [record.span_id for record in records]
    trace_ids = [_hex(each, _TRACE_ID) if each else None for each in traces]
    span_ids = [_hex(each, _SPAN_ID) if each else None for each in spans]
    bodies = [as_text(record.body) for record in records]
    columns: dict[str, Sequence[Any]] = {
        "timestamp": [
            at // 1000 if at else other for at, other in zip(times, observed, strict=True)
        ],
        "observed_timestamp": observed,
        "severity_text": [plain(record.severity_text) or None for record in records],
        "severity_number": [each if 0 < each <= _HIGHEST_LEVEL else None for each in levels],
        "service_name": [resource.service] * count,
        "host_name": [resource.host] * count,
        "body": [None if each is None else each[:LONGEST_LINE] for each in bodies],
        "trace_id": trace_ids,
        "span_id": span_ids,
        "resource_attributes": resource.documents,
        "attributes": list(map(_attributes, records, times, seen, levels)),
        "parse_error": list(map(_fault, bodies)),
    }
    timed = all(at or other for at, other in zip(times, seen, strict=True))
    pairs = (*zip(traces, trace_ids, strict=True), *zip(spans, span_ids, strict=True))
    invalid = sum(found is None and any(given) for given, found in pairs if given)
    return _Part(resource, columns, timed, invalid)


def _fault(body: str | None) -> str | None:
    if body is None or len(body) <= LONGEST_LINE:
        return None
    return f"body of {len(body)} characters, cut at {LONGEST_LINE}"


def _attributes(record: Any, time: int, observed: int, level: int) -> str | None:
    """Return the attributes of a record, with what else is said of it."""
    about = []
    if time % 1000:
        about.append(f'"time_unix_nano":{time}')
    if observed % 1000:
        about.append(f'"observed_time_unix_nano":{observed}')
    if name := record.event_name:
        about.append(f'"event_name":{quoted(name)}')
    if flags := record.flags:
        about.append(f'"flags":{flags}')
    if dropped := record.dropped_attributes_count:
        about.append(f'"dropped_attributes_count":{dropped}')
    if not 0 <= level <= _HIGHEST_LEVEL:
        about.append(f'"severity_number":{level}')
    return _document(members(record.attributes), about)


def _about(**given: str | int) -> list[str]:
    """Return members of a JSON object for what is said; zero and nothing are not."""
    return [
        f'"{name}":{quoted(value) if isinstance(value, str) else value}'
        for name, value in given.items()
        if value
    ]


def _document(attributes: list[str], about: list[str]) -> str | None:
    """Return attributes as a JSON object; what is said beside them must replace none."""
    if about:
        key = "otlp"
        while any(member.startswith(f'"{key}":') for member in attributes):
            key += "_"
        attributes.append(f'"{key}":{object_of(about)}')
    return object_of(attributes) if attributes else None


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
