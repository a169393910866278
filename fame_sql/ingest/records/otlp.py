"""Log records of OTLP in JSON, as plain objects.

Attributes keep their names, and what the table has no column for is under the key ``otlp``, as a
server stores what it is sent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from fame_sql.ingest.records.copies import KEPT, Copies

KEY = "fame.otlp"
"""The member of an object that holds the attributes of its record and of its resource."""

_TRACE_ID, _SPAN_ID = 16, 8
_HIGHEST_LEVEL = 24
_DIGITS = 30
_NAMES = ("service.name", "host.name")
_LONGEST_NAME = 1024
_EPOCH = datetime(1970, 1, 1)
_LATEST = 2**64 - 1
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_WORDS = {math.inf: "Infinity", -math.inf: "-Infinity"}


def otlp_objects(
    resource_logs: Iterable[Mapping[str, Any]], copies: Copies
) -> Iterator[dict[str, Any]]:
    """Yield the log records of ``resourceLogs``, each with its resource and scope.

    Parameters
    ----------
    resource_logs : iterable of mapping
        The resources with their scopes and records.
    copies : Copies
        How much of a resource and scope may be copied to their records.
    """
    number = 1
    for resource_log in resource_logs:
        resource = resource_log.get("resource") or {}
        about = _about(
            schema_url=resource_log.get("schemaUrl"),
            dropped_attributes_count=resource.get("droppedAttributesCount"),
        )
        names, first = _attributes(resource.get("attributes")), 0
        size, named = _size(names), {name: _short(names.get(name)) for name in _NAMES}
        for scope_log in resource_log.get("scopeLogs") or ():
            records = scope_log.get("logRecords") or ()
            inside = _about(**about, scope=_scope(scope_log))
            if copies.allow(size + _size(inside), len(records)):
                document = other = _document(dict(names), inside)
            else:
                document, other = _kept_once(names, inside, number, first)
            for place, record in enumerate(records):
                yield _object(record, named, other if place else document)
            first = first or (number if records else 0)
            number += len(records)


def _kept_once(
    names: dict[str, Any], inside: dict[str, Any], number: int, first: int
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the documents of the first record of a scope and of the others.

    The first record of a resource has its attributes, and the first of a scope those of the scope.
    """
    scope = _about(scope=inside.get("scope"))
    whole = _document({}, {**scope, KEPT: first}) if first else _document(dict(names), inside)
    return whole, _document({}, {KEPT: number if scope or not first else first})


def _size(document: Mapping[str, Any]) -> int:
    return len(json.dumps(document, ensure_ascii=False))


def _scope(scope_log: Mapping[str, Any]) -> dict[str, Any]:
    scope = scope_log.get("scope") or {}
    return _about(
        name=scope.get("name"),
        version=scope.get("version"),
        attributes=_attributes(scope.get("attributes")),
        dropped_attributes_count=scope.get("droppedAttributesCount"),
        schema_url=scope_log.get("schemaUrl"),
    )


def _object(
    record: Mapping[str, Any], named: Mapping[str, Any], resource: Mapping[str, Any] | None
) -> dict[str, Any]:
    level = _level(record.get("severityNumber"))
    time, observed = _whole(record.get("timeUnixNano")), _whole(record.get("observedTimeUnixNano"))
    about = _about(
        time_unix_nano=time if time % 1000 else 0,
        observed_time_unix_nano=observed if observed % 1000 else 0,
        event_name=record.get("eventName"),
        flags=_whole(record.get("flags")),
        dropped_attributes_count=_whole(record.get("droppedAttributesCount")),
        severity_number=0 if 0 <= level <= _HIGHEST_LEVEL else level,
    )
    found = {
        "timestamp": _moment(time or observed),
        "severity_number": level if 0 < level <= _HIGHEST_LEVEL else None,
        "severity_text": record.get("severityText"),
        "trace_id": _id(record.get("traceId"), _TRACE_ID),
        "span_id": _id(record.get("spanId"), _SPAN_ID),
        **named,
    }
    found = {key: value for key, value in found.items() if value not in (None, "", 0)}
    if (body := _value(record.get("body") or {})) is not None:
        found["body"] = body
    attributes = _document(_attributes(record.get("attributes")), about)
    return {**found, KEY: {"attributes": attributes, "resource": resource}}


def _short(name: Any) -> Any:
    """Return a name that each record can have; the attributes have it in full."""
    text = name if isinstance(name, str) else json.dumps(name, ensure_ascii=False)
    return name if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME]


def _about(**given: Any) -> dict[str, Any]:
    """Return what is said; zero and nothing are not."""
    return {name: value for name, value in given.items() if value}


def _document(attributes: dict[str, Any], about: dict[str, Any]) -> dict[str, Any] | None:
    """Return attributes with what is said beside them, which must replace none."""
    if about:
        key = "otlp"
        while key in attributes:
            key += "_"
        attributes[key] = about
    return attributes or None


def _moment(nanoseconds: int) -> str | None:
    """Return a time as it is written: a small number is no guess at seconds here."""
    if not 0 < nanoseconds <= _LATEST:
        return None
    return (_EPOCH + timedelta(microseconds=nanoseconds // 1000)).isoformat()


def _whole(given: Any) -> int:
    """Return a number, which JSON of OTLP may write as a text; 0 if it is none."""
    found = _integer(given or 0)
    return found if isinstance(found, int) else 0


def _integer(given: Any) -> Any:
    """Return a whole number, which may have an exponent; what is none stays as it is."""
    try:
        number = Decimal(given)
    except (ArithmeticError, TypeError, ValueError):
        return given
    # An exponent of millions would take long to write out.
    is_whole = number.is_finite() and abs(number.adjusted()) < _DIGITS and number == int(number)
    return int(number) if is_whole else given


def _level(given: Any) -> int:
    """Return a level by its number or its name."""
    if not isinstance(given, str) or given.lstrip("-").isdecimal():
        return _whole(given)
    word = given.removeprefix("SEVERITY_NUMBER_")
    name = word.rstrip("234")
    if name not in _LEVELS:
        return 0
    return 4 * _LEVELS.index(name) + int(word.removeprefix(name) or 1)


def _id(given: Any, length: int) -> str | None:
    """Return an id in lower case; None if it is not valid, which means that there is none."""
    try:
        identity = bytes.fromhex(given or "")
    except (TypeError, ValueError, AttributeError):
        return None
    # Blanks between the digits are skipped there.
    is_whole = len(identity) == length and len(given) == 2 * length
    return identity.hex() if is_whole and any(identity) else None


def _attributes(pairs: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
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
        return _integer(value["intValue"])
    if "doubleValue" in value:
        return _number(value["doubleValue"])
    if "bytesValue" in value:
        text = str(value["bytesValue"]).replace("-", "+").replace("_", "/").rstrip("=")
        return text + "=" * (-len(text) % 4)
    return value.get("stringValue", value.get("boolValue"))


def _number(given: Any) -> Any:
    """Return a number; one that JSON has not, by its name."""
    try:
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        return given
    return number if math.isfinite(number) else _WORDS.get(number, "NaN")
