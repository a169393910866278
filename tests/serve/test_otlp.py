"""OTLP over HTTP: what is answered and what is stored, in JSON and in protobuf alike."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from serving import JSON, PROTOBUF, Sent

from fame_sql.ingest import ingest_file
from fame_sql.serve.intake.otlp_json import read_request
from fame_sql.serve.server import Server
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

Post = Callable[..., Sent]
Stored = Callable[[], list[dict[str, Any]]]

CASES = json.loads((Path(__file__).parent / "otlp_records.json").read_text(encoding="utf-8"))
HOST = [{"key": "host.name", "value": {"stringValue": "h1"}}]
SERVICE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}


def _request(*records: dict[str, Any], resource: Any = SERVICE, scope: Any = None) -> bytes:
    scope_logs = {"scope": scope, "logRecords": records}
    return json.dumps(
        {"resourceLogs": [{"resource": resource, "scopeLogs": [scope_logs]}]}
    ).encode()


def _one(name: str) -> bytes:
    return _request({"timeUnixNano": "1700000000000000000", "body": {"stringValue": name}})


@pytest.mark.parametrize("media", [JSON, PROTOBUF])
def test_a_record_is_stored_as_it_was_sent(media: str, post: Post, stored: Stored) -> None:
    body = _request(*(case["record"] for case in CASES))
    if media == PROTOBUF:
        body = read_request(body)[0].SerializeToString()
    answer = post("/v1/logs", body, media)
    assert answer.status == 200
    rows = stored()
    assert len(rows) == len(CASES)
    for row, case in zip(rows, CASES, strict=True):
        found = {name: row[name] for name in case.get("columns", {})}
        found = {name: str(v) if "timestamp" in name else v for name, v in found.items()}
        assert found == case.get("columns", {}), case["case"]
        if "attributes" in case:
            assert json.loads(row["attributes"]) == case["attributes"], case["case"]
        assert (row["service_name"], row["parser"], row["parse_error"]) == ("shop", "otlp", None)


def test_records_without_any_time_have_that_of_their_arrival(post: Post, stored: Stored) -> None:
    post("/v1/logs", _request({"body": {"stringValue": "now"}}), JSON)
    post("/v1/logs", _request({"body": {"stringValue": "now"}}), JSON)
    rows = stored()
    assert len(rows) == 2  # Without times, equal bytes can be two requests.
    assert all(row["timestamp"] == row["observed_timestamp"] for row in rows)


def test_a_resource_and_a_scope_are_kept(post: Post, stored: Stored) -> None:
    attributes = [
        {"key": "service.name", "value": {"intValue": "7"}},
        {"key": "host.name", "value": {"stringValue": "h1"}},
        {"key": "tags", "value": {"arrayValue": {"values": [{"boolValue": True}]}}},
    ]
    resource = {"attributes": attributes, "droppedAttributesCount": 4}
    scope = {"name": "lib", "version": "1", "attributes": attributes[1:2]}
    record = {"attributes": [{"key": "service.name", "value": {"stringValue": "own"}}]}
    post("/v1/logs", _request(record, resource=resource, scope=scope), JSON)
    post("/v1/logs", _request(record, resource=None), JSON)
    first, second = stored()
    assert (first["service_name"], first["host_name"]) == ("7", "h1")
    assert json.loads(first["resource_attributes"]) == {
        "service.name": 7,
        "host.name": "h1",
        "tags": [True],
        "otlp": {
            "dropped_attributes_count": 4,
            "scope": {"name": "lib", "version": "1", "attributes": {"host.name": "h1"}},
        },
    }
    assert (second["service_name"], second["resource_attributes"]) == (None, None)


def _large(**scope: int) -> bytes:
    """Return a request whose resource is large, with scopes of so many records."""
    pad = [{"key": "pad", "value": {"stringValue": "x" * 100_000}}]
    scopes = [
        {
            "scope": {"name": name, "attributes": pad if name == "own" else []},
            "logRecords": [{"body": {"stringValue": f"{name} {n}"}} for n in range(count)],
        }
        for name, count in scope.items()
    ]
    resource = {"attributes": [*SERVICE["attributes"], *HOST, *pad]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": scopes}]}).encode()


def test_what_is_too_large_to_copy_to_each_record_is_kept_once(
    post: Post, stored: Stored, newborn: Path, tmp_path: Path
) -> None:
    body = _large(first=2, none=0, many=40, own=101)
    said = json.loads(post("/v1/logs", body, JSON).body)["partialSuccess"]["errorMessage"]
    assert said.startswith("the attributes of the resource or scope of 101 records are too many")
    rows = stored()
    assert sum(len(row["resource_attributes"]) for row in rows) < 40 * len(body)
    found = [json.loads(row["resource_attributes"]) for row in rows]
    assert {len(each.get("pad", "")) for each in found[:42]} == {100_000}
    # The resource is with its first record, and the scope with the first of its own.
    assert found[42]["otlp"]["kept_with_record"] == 1
    assert len(found[42]["otlp"]["scope"]["attributes"]["pad"]) == 100_000
    assert found[43:] == [{"otlp": {"kept_with_record": 43}}] * 100
    assert rows[42]["line_number"] == 43
    assert {(row["service_name"], row["host_name"]) for row in rows} == {("shop", "h1")}
    file, path = tmp_path / "otlp.json", tmp_path / "read.duckdb"
    file.write_bytes(body)
    path.write_bytes(newborn.read_bytes())
    with Warehouse.open(path) as warehouse:
        ingest_file(warehouse, file)
        read = warehouse.rows("SELECT resource_attributes FROM fame.logs ORDER BY log_id")
    assert [json.loads(text) for (text,) in read] == found


def test_a_long_name_is_cut_and_kept_in_full_beside(post: Post, stored: Stored) -> None:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "s" * 5000}}]}
    said = json.loads(post("/v1/logs", _request({}, resource=resource), JSON).body)
    assert said["partialSuccess"]["errorMessage"].startswith("service or host names are cut")
    [row] = stored()
    assert row["service_name"] == "s" * 1024
    assert len(json.loads(row["resource_attributes"])["service.name"]) == 5000


@pytest.mark.parametrize(
    ("name", "identity", "kept"),
    [
        ("fifteen bytes", b"\1" * 15, None),
        ("digits as text", b"0123456789abcdef" * 2, "0123456789abcdef" * 2),
        ("other text", b"not digits, but thirty-two bytes", None),
    ],
)
def test_a_bad_id_costs_no_record(
    name: str, identity: bytes, kept: str | None, post: Post, stored: Stored
) -> None:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.body.string_value, record.trace_id = name, identity
    answer = post("/v1/logs", request.SerializeToString(), PROTOBUF)
    said = ExportLogsServiceResponse.FromString(answer.body).partial_success
    assert said.rejected_log_records == 0
    assert bool(said.error_message) == (kept is None)
    assert [(row["body"], row["trace_id"]) for row in stored()] == [(name, kept)]


NOTHING = (b"{}", b'{"resourceLogs": []}', b'{"resourceLogs": [{"resource": {}}]}')


@pytest.mark.parametrize("body", NOTHING)
def test_an_empty_request_is_none_the_worse(body: bytes, post: Post, stored: Stored) -> None:
    assert post("/v1/logs", body, JSON)[::2] == (200, b"{}")
    packed = read_request(body)[0].SerializeToString()
    assert post("/v1/logs", packed, PROTOBUF)[::2] == (200, b"")
    assert stored() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "hello"}, "no resourceLogs in the request"),
        (
            {"resourceLogs": [{"instrumentationLibraryLogs": [{}]}]},
            "no scopeLogs in some of the resourceLogs",
        ),
        (
            {"resourceLogs": [{"scopeLogs": [{"log_records": [{}]}]}]},
            "no logRecords in some of the scopeLogs",
        ),
    ],
)
def test_a_request_of_another_kind_is_answered_with_a_warning(
    body: dict[str, Any], message: str, post: Post
) -> None:
    said = json.loads(post("/v1/logs", json.dumps(body).encode(), JSON).body)
    assert said == {"partialSuccess": {"errorMessage": message}}


def test_the_first_microsecond_of_1970_is_a_time(post: Post, stored: Stored) -> None:
    post("/v1/logs", _request({"timeUnixNano": "999"}), JSON)
    assert [row["timestamp"].year for row in stored()] == [1970]


DEEP = b'{"arrayValue":{"values":[' * 200 + b"]}}" * 200
MALFORMED = {
    "no JSON": b'{"resourceLogs": [',
    "nothing": b"",
    "a list": b"[]",
    "a number beyond JSON": b'{"resourceLogs": NaN}',
    "an object for a list": b'{"resourceLogs": {}}',
    "a text for an object": b'{"resourceLogs": [{"scopeLogs": ["x"]}]}',
    "bytes that are no UTF-8": _one("x").replace(b'"x"', b'"\xff"'),
    "half of a character": _one("x").replace(b'"x"', b'"\\ud83d"'),
    "a fraction for an integer": _request({"timeUnixNano": 1.5}),
    "a word for an integer": _request({"timeUnixNano": "soon"}),
    "an integer out of range": _request({"timeUnixNano": "-1"}),
    "an exponent without end": _request({"timeUnixNano": "1e999999999"}),
    "a blank before an integer": _request({"timeUnixNano": " 1"}),
    "an underscore in an integer": _request({"timeUnixNano": "1_000"}),
    "digits of another script": _request({"timeUnixNano": "١٢"}),
    "a number beyond 64 bits": _request({"body": {"doubleValue": "1e999"}}),
    "a number that only Python writes so": _request({"body": {"doubleValue": "nan"}}),
    "an unknown level": _request({"severityNumber": "SEVERITY_NUMBER_LOUD"}),
    "a truth for a text": _request({"severityText": True}),
    "no base64": _request({"body": {"bytesValue": "a*"}}),
    "deeper than protobuf": _request({"body": "x"}).replace(b'"x"', DEEP),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_read_is_refused_for_good(name: str, post: Post, stored: Stored) -> None:
    answer = post("/v1/logs", MALFORMED[name], JSON)
    assert (answer.status, answer.headers["content-type"]) == (400, JSON)
    assert set(json.loads(answer.body)) == {"code", "message"}
    assert "retry-after" not in answer.headers
    assert stored() == []


def test_protobuf_that_cannot_be_read_is_answered_in_protobuf(post: Post) -> None:
    answer = post("/v1/logs", read_request(_one("x"))[0].SerializeToString()[:-1], PROTOBUF)
    assert (answer.status, answer.headers["content-type"]) == (400, PROTOBUF)
    assert answer.body.startswith(b"\x08\x03\x12")


PACKED = gzip.compress(_one("packed"))
# What is sent with which headers, the status, and the bodies that are stored.
ENCODED: dict[str, tuple[bytes, str, dict[str, str], int, list[str]]] = {
    "parameters": (_one("a"), "Application/JSON; charset=utf-8", {}, 200, ["a"]),
    "another character set": (_one("ü"), "application/json; charset=iso-8859-1", {}, 200, ["ü"]),
    "another kind": (_one("a"), "text/plain", {}, 415, []),
    "no kind": (_one("a"), "", {}, 415, []),
    "gzip": (PACKED, JSON, {"Content_Encoding": "X-GZIP"}, 200, ["packed"]),
    "gzip in two parts": (
        gzip.compress(_one("two")[:20]) + gzip.compress(_one("two")[20:]),
        JSON,
        {"Content_Encoding": "gzip"},
        200,
        ["two"],
    ),
    "identity": (_one("b"), JSON, {"Content_Encoding": "identity"}, 200, ["b"]),
    "an empty coding": (_one("c"), JSON, {"Content_Encoding": ""}, 200, ["c"]),
    "another coding": (_one("a"), JSON, {"Content_Encoding": "zstd"}, 415, []),
    "two codings": (PACKED, JSON, {"Content_Encoding": "gzip, gzip"}, 415, []),
    "gzip without saying so": (PACKED, JSON, {}, 400, []),
    "not gzip": (_one("a"), JSON, {"Content_Encoding": "gzip"}, 400, []),
    "gzip cut short": (PACKED[:-9], JSON, {"Content_Encoding": "gzip"}, 400, []),
    "gzip without its sum": (PACKED[:-8], JSON, {"Content_Encoding": "gzip"}, 400, []),
    "gzip with a wrong sum": (PACKED[:-8] + b"\0" * 8, JSON, {"Content_Encoding": "gzip"}, 400, []),
    "gzip and more": (PACKED + b"more", JSON, {"Content_Encoding": "gzip"}, 400, []),
    "too large": (b" " * (1 << 20) + b"{}", JSON, {}, 413, []),
    "too large within": (
        gzip.compress(b" " * (9 << 20) + b"{}"),
        JSON,
        {"Content_Encoding": "gzip"},
        413,
        [],
    ),
}


@pytest.mark.parametrize("name", ENCODED)
def test_how_a_body_is_encoded(name: str, post: Post, stored: Stored) -> None:
    body, media, headers, status, bodies = ENCODED[name]
    answer = post("/v1/logs", body, media, **headers)
    assert answer.status == status
    assert [row["body"] for row in stored()] == bodies
    if status == 415 and headers:
        assert answer.headers["accept-encoding"] == "gzip"


def test_a_request_that_is_sent_again_is_stored_once(post: Post, stored: Stored) -> None:
    again = _one("again")
    for _ in range(3):
        assert post("/v1/logs", again, JSON)[::2] == (200, b"{}")
    assert [row["body"] for row in stored()] == ["again"]


def test_a_long_body_is_kept_up_to_the_limit_of_a_line(post: Post, stored: Stored) -> None:
    body = gzip.compress(_one("x" * 900_000))
    assert post("/v1/logs", body, JSON, Content_Encoding="gzip").status == 200
    assert [len(row["body"]) for row in stored()] == [900_000]


def test_a_file_is_stored_as_a_request_is(
    post: Post, stored: Stored, tmp_path: Path, newborn: Path
) -> None:
    times = {"timeUnixNano": "1700000000000000000", "body": {"stringValue": "text"}}
    given = [{**times, **case["record"]} for case in CASES]
    # A line of a file without a message is an error, and keeps a null character.
    records = [
        one for one in given if one["body"] and "\0" not in one["body"].get("stringValue", "")
    ]
    scope = {"name": "a library", "version": "1.2", "attributes": SERVICE["attributes"]}
    resource = {"attributes": [*SERVICE["attributes"], *HOST], "droppedAttributesCount": 2}
    body = _request(*records, resource=resource, scope=scope)
    assert post("/v1/logs", body, JSON).status == 200
    file, path = tmp_path / "otlp.json", tmp_path / "read.duckdb"
    file.write_bytes(body)
    path.write_bytes(newborn.read_bytes())
    with Warehouse.open(path) as warehouse:
        ingest_file(warehouse, file)
        read = warehouse.records("SELECT * FROM fame.logs ORDER BY log_id")
    sent = stored()
    assert [_comparable(row) for row in read] == [_comparable(row) for row in sent]


def _comparable(row: dict[str, Any]) -> dict[str, Any]:
    """Return what of a row does not depend on the way it came."""
    names = ("timestamp", "severity_text", "service_name", "host_name", "body")
    names += ("trace_id", "span_id", "parse_error")
    documents = ("attributes", "resource_attributes")
    return {name: row[name] for name in names} | {
        name: row[name] and json.loads(row[name]) for name in documents
    }


@pytest.mark.parametrize(
    "path", ["/v1/log", "/v1/traces", "/v1/metrics", "/v1/logs/x", "/%2e%2e/v1"]
)
def test_a_path_that_is_none_of_logs_stores_nothing(path: str, post: Post, stored: Stored) -> None:
    answer = post(path, _one("a"), JSON)
    assert answer.status == 404
    if path.startswith("/v1/"):
        assert "/v1/logs" in json.loads(answer.body)["message"]
    assert stored() == []
    assert post("/v1/logs", _one("after a wrong path"), JSON).status == 200


def test_a_slash_at_the_end_and_another_method(server: Server, post: Post, stored: Stored) -> None:
    assert post("/v1/logs/", _one("slash"), JSON).status == 200
    assert [row["body"] for row in stored()] == ["slash"]
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{server.url}/v1/logs")
    assert (refused.value.code, refused.value.headers["allow"]) == (405, "POST")
    assert "POST" in json.loads(refused.value.read())["message"]
