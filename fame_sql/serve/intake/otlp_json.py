"""OTLP in JSON, as the message that OTLP in protobuf is.

Not read by protobuf's own reader of JSON: it takes ids for base64 and, asked to ignore unknown
fields, an unknown level for none. Values go into the message's fields, which check their kinds.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Set
from decimal import Decimal
from typing import Any

MOST_DEPTH = 100
"""How deeply values can be nested, as in protobuf."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""Numbers that JSON has not, as protobuf writes them."""


class MalformedError(ValueError):
    """The request is not OTLP; the message says where."""


def read_request(data: bytes) -> tuple[Any, list[str]]:
    """Read an ``ExportLogsServiceRequest`` in JSON.

    Returns
    -------
    request : opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest
        The request.
    warnings : list of str
        What the sender should know.

    Raises
    ------
    MalformedError
        If it cannot be read.
    """
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    request = ExportLogsServiceRequest()
    given = _parsed(data)
    if not isinstance(given, dict):
        raise MalformedError("the request is not a JSON object")
    reader = _Reader()
    try:
        for each in reader.objects(given, "resourceLogs"):
            reader.resource_logs(each, request.resource_logs.add())
    except MalformedError:
        raise
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise MalformedError(str(error).splitlines()[0]) from None
    warnings = list(reader.warnings())
    if given and "resourceLogs" not in given:
        warnings.append("no resourceLogs in the request")
    return request, warnings


def _parsed(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise MalformedError(f"byte {error.start} is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not JSON: {error}") from None


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


class _Reader:
    """Fills messages with what objects of JSON say; what it does not know is left out."""

    def __init__(self) -> None:
        self._invalid_ids = 0
        self._lacking: dict[str, None] = {}

    def warnings(self) -> Iterator[str]:
        """Yield what the sender should know."""
        if self._invalid_ids:
            yield f"{self._invalid_ids} trace or span ids are not hexadecimal"
        yield from self._lacking

    def objects(self, given: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
        """Yield the objects of a list."""
        held = given.get(name)
        if held is None:
            return
        if not isinstance(held, list):
            raise MalformedError(f"{name} is not a list")
        for each in held:
            yield _object(each, name)

    def resource_logs(self, given: Mapping[str, Any], into: Any) -> None:
        """Read the logs of a resource."""
        self._look_for(given, "scopeLogs", "resourceLogs", {"resource", "schemaUrl"})
        _set(given, into, {"schemaUrl": ("schema_url", _string)})
        resource = _object(given.get("resource") or {}, "resource")
        self._attributes(resource, into.resource)
        for each in self.objects(given, "scopeLogs"):
            self._look_for(each, "logRecords", "scopeLogs", {"scope", "schemaUrl"})
            scope_logs = into.scope_logs.add()
            _set(each, scope_logs, {"schemaUrl": ("schema_url", _string)})
            scope = _object(each.get("scope") or {}, "scope")
            _set(
                scope,
                scope_logs.scope,
                {"name": ("name", _string), "version": ("version", _string)},
            )
            self._attributes(scope, scope_logs.scope)
            for record in self.objects(each, "logRecords"):
                self._record(record, scope_logs.log_records.add())

    def _look_for(self, given: Mapping[str, Any], name: str, within: str, known: Set[str]) -> None:
        """Warn of an object whose records can only be under a name that is not known.

        So senders learn that older names, such as ``instrumentationLibraryLogs``, are not read.
        """
        if name not in given and given.keys() - known:
            self._lacking[f"no {name} in some of the {within}"] = None

    def _record(self, given: Mapping[str, Any], into: Any) -> None:
        _set(given, into, _RECORD)
        self._attributes(given, into)
        if (body := given.get("body")) is not None:
            self._value(_object(body, "body"), into.body, 0)
        into.trace_id = self._id(given, "traceId")
        into.span_id = self._id(given, "spanId")

    def _attributes(self, given: Mapping[str, Any], into: Any) -> None:
        _set(given, into, {"droppedAttributesCount": ("dropped_attributes_count", _integer)})
        self._pairs(given, "attributes", into.attributes, 0)

    def _pairs(self, given: Mapping[str, Any], name: str, into: Any, depth: int) -> None:
        for each in self.objects(given, name):
            pair = into.add()
            pair.key = _string(each.get("key", ""), "key")
            if (value := each.get("value")) is not None:
                self._value(_object(value, "value"), pair.value, depth)

    def _value(self, given: Mapping[str, Any], into: Any, depth: int) -> None:
        """Read an ``AnyValue``; a kind that is not known leaves it empty."""
        if depth > MOST_DEPTH:
            raise MalformedError(f"values are nested more than {MOST_DEPTH} deep")
        for name, (field, read) in _VALUES.items():
            if (held := given.get(name)) is not None:
                setattr(into, field, read(held, name))
                return
        if (held := given.get("arrayValue")) is not None:
            into.array_value.SetInParent()
            for each in self.objects(_object(held, "arrayValue"), "values"):
                self._value(each, into.array_value.values.add(), depth + 1)
        elif (held := given.get("kvlistValue")) is not None:
            into.kvlist_value.SetInParent()
            self._pairs(_object(held, "kvlistValue"), "values", into.kvlist_value.values, depth + 1)

    def _id(self, given: Mapping[str, Any], name: str) -> bytes:
        text = _string(given.get(name) or "", name)
        try:
            # Blanks between the digits are skipped there.
            if len(found := bytes.fromhex(text)) * 2 == len(text):
                return found
        except ValueError:
            pass
        self._invalid_ids += 1
        return b""


def _object(given: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise MalformedError(f"{name} is not an object")
    return given


def _set(
    given: Mapping[str, Any], into: Any, fields: Mapping[str, tuple[str, Callable[[Any, str], Any]]]
) -> None:
    for name, (field, read) in fields.items():
        if (held := given.get(name)) is not None:
            try:
                setattr(into, field, read(held, name))
            except (TypeError, ValueError, OverflowError) as error:
                raise MalformedError(f"{name}: {error}") from None


def _string(given: Any, name: str) -> str:
    if not isinstance(given, str):
        raise MalformedError(f"{name} is not a string")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise MalformedError(f"{name} has half of a character (a lone surrogate)") from None
    return given


def _integer(given: Any, name: str) -> int:
    """Return an integer that is written as a number or as a string."""
    if isinstance(given, bool) or not isinstance(given, int | str | Decimal):
        raise MalformedError(f"{name} is not an integer")
    if isinstance(given, int):
        return given
    # Python reads more than JSON has: blanks around, underscores, digits of other scripts.
    if isinstance(given, Decimal) or _NUMBER.fullmatch(given):
        number = Decimal(given)
        # An exponent of millions would take long to write out.
        if abs(number.adjusted()) < 30 and number == int(number):
            return int(number)
    raise MalformedError(f"{name} is not an integer: {str(given)[:40]!r}")


def _double(given: Any, name: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | str | Decimal):
        raise MalformedError(f"{name} is not a number")
    if isinstance(given, str) and given in _WORDS:
        return _WORDS[given]
    if not isinstance(given, str) or _NUMBER.fullmatch(given):
        number = float(Decimal(given))
        if math.isfinite(number):
            return number
    raise MalformedError(f"{name} is not a number of 64 bits: {str(given)[:40]!r}")


def _bool(given: Any, name: str) -> bool:
    if not isinstance(given, bool):
        raise MalformedError(f"{name} is neither true nor false")
    return given


def _bytes(given: Any, name: str) -> bytes:
    text = _string(given, name).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise MalformedError(f"{name} is not base64") from None


def _level(given: Any, name: str) -> int:
    """Return a level by its number, or by its name, which senders must not use."""
    from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber

    if isinstance(given, str) and not given.lstrip("-").isdecimal():
        if given not in SeverityNumber.keys():  # noqa: SIM118 - not a mapping
            raise MalformedError(f"{name} is no level: {given[:40]!r}")
        return int(SeverityNumber.Value(given))
    return _integer(given, name)


_RECORD: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {
    "timeUnixNano": ("time_unix_nano", _integer),
    "observedTimeUnixNano": ("observed_time_unix_nano", _integer),
    "severityNumber": ("severity_number", _level),
    "severityText": ("severity_text", _string),
    "eventName": ("event_name", _string),
    "flags": ("flags", _integer),
}
_VALUES: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {
    "stringValue": ("string_value", _string),
    "intValue": ("int_value", _integer),
    "boolValue": ("bool_value", _bool),
    "doubleValue": ("double_value", _double),
    "bytesValue": ("bytes_value", _bytes),
}
