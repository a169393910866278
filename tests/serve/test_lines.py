"""Lines by ``POST /ingest``: what is stored, what is told, and what is recognised."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving import Sent, send

from fame_sql.console import SilentProgress
from fame_sql.events.events import absorb
from fame_sql.ingest import Reading, ingest_file
from fame_sql.ingest.expansion import sources_of
from fame_sql.ingest.loader import Loader
from fame_sql.serve.server import Server
from fame_sql.warehouse.sharing import sharing
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

Post = Callable[..., Sent]
Stored = Callable[[], list[dict[str, Any]]]
NDJSON, TEXT = "application/x-ndjson", "text/plain"

LINES = (
    b'{"message": "first", "level": "warn", "timestamp": "2024-05-06T07:08:09Z"}\n'
    b"\n"
    b'{"message": "with CR"}\r\n'
    b"no JSON\n"
    b'{"message": "cut\n'
    b'{"message": "a"}{"message": "b"}\n'
    b'{"message": "last"}'
)


def test_json_lines_are_stored_and_what_is_none_is_counted(post: Post, stored: Stored) -> None:
    told = json.loads(post("/ingest", LINES, NDJSON).body)
    rows = stored()
    bodies = [row["body"] for row in rows]
    expected = ["first", "with CR", "no JSON", '{"message": "cut', "a", "b", "last"]
    assert bodies == expected
    assert (str(rows[0]["timestamp"]), rows[0]["severity_number"]) == ("2024-05-06 07:08:09", 13)
    assert (told["records"], told["errors"]) == (7, 2)
    assert told["examples"][0]["line"] == 4
    assert [row["body"] for row in rows if row["parse_error"]] == ["no JSON", '{"message": "cut']


@pytest.mark.parametrize(
    ("media", "body", "bodies"),
    [
        (TEXT, "first\r\n\r\n  indented\n\ttab\nü at the end".encode(), None),
        ("", b"no kind is text\n", ["no kind is text"]),
        (NDJSON, b'\xef\xbb\xbf{"message": "after a mark"}\n', ["after a mark"]),
        (NDJSON, b"nothing but text\n", ["nothing but text"]),
        ("application/json", b'[{"message": "in"}, {"message": "a list"}]', ["in", "a list"]),
        (TEXT, b"\n \r\n", []),
        (TEXT, b"", []),
    ],
)
def test_texts(
    media: str, body: bytes, bodies: list[str] | None, post: Post, stored: Stored
) -> None:
    expected = ["first", "  indented", "\ttab", "ü at the end"] if bodies is None else bodies
    answer = post("/ingest", body, media)
    assert (answer.status, json.loads(answer.body)) == (
        200,
        {"records": len(expected), "errors": 0},
    )
    assert [row["body"] for row in stored()] == expected


def test_the_rows_are_those_of_a_file(
    post: Post, stored: Stored, tmp_path: Path, server: Server, simulated_log: Path
) -> None:
    text = simulated_log.read_bytes()[:100_000].rpartition(b"\n")[0]
    file = tmp_path / "centre.log"
    file.write_bytes(text)
    answer = post("/ingest?format=bgl&source=centre", gzip.compress(text), Content_Encoding="gzip")
    assert answer.status == 200
    left_out = ("log_id", "event_id", "observed_timestamp", "source_path", "ingest_id")
    with Warehouse.open(tmp_path / "file.duckdb", create=True) as warehouse:
        ingest_file(warehouse, file, format="bgl")
        expected = warehouse.records("SELECT * FROM fame.logs ORDER BY log_id")
    found = stored()
    assert {row["source_path"] for row in found} == {"centre"}
    for row in (*expected, *found):
        for name in left_out:
            del row[name]
    assert found == expected


@pytest.mark.parametrize(
    ("query", "media", "headers", "status"),
    [
        ("?format=nonsense", TEXT, {}, 400),
        ("?format=bgl", TEXT, {}, 400),
        ("?timezone=Nowhere", TEXT, {}, 400),
        ("?year=24", TEXT, {}, 400),
        ("?sort=1", TEXT, {}, 400),
        ("", "image/png", {}, 415),
        ("", TEXT, {"Idempotency_Key": "k" * 256}, 400),
        ("", TEXT, {"Content_Encoding": "br"}, 415),
    ],
)
def test_what_cannot_be_meant_is_refused(
    query: str, media: str, headers: dict[str, str], status: int, post: Post, stored: Stored
) -> None:
    answer = post(f"/ingest{query}", b"a line\n", media, **headers)
    assert answer.status == status
    assert list(json.loads(answer.body)) == ["error"]
    assert stored() == []


def test_a_key_names_a_request(post: Post, stored: Stored) -> None:
    def sent(body: bytes, key: str) -> tuple[int, dict[str, Any]]:
        answer = post("/ingest", body, TEXT, Idempotency_Key=key)
        return answer.status, json.loads(answer.body)

    assert sent(b"one\n", "key-1") == (200, {"records": 1, "errors": 0})
    assert sent(b"one\n", "key-1") == (200, {"records": 1, "errors": 0, "repeated": True})
    assert sent(b"two\n", "key-1")[0] == 422
    assert sent(b"one\n", "key-2") == (200, {"records": 1, "errors": 0})
    assert [row["body"] for row in stored()] == ["one", "one"]


def test_without_a_key_the_same_lines_are_other_lines(post: Post, stored: Stored) -> None:
    for _ in range(2):
        post("/ingest", b"same\n", TEXT)
    assert [row["body"] for row in stored()] == ["same", "same"]


def test_loads_that_begin_at_the_same_time_have_numbers_of_their_own(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "together.log"
    file.write_text("from a file\n")
    warehouse = server.cursor()
    with sharing(server.shared()), SilentProgress().step("loading") as step:
        loader = Loader(warehouse, Reading(), absorb, step, strict=True)
        assert send(server.url, "/ingest?source=together", b"sent\n", "text/plain").status == 200
        list(loader.load(sources_of(file, None, tmp_path)))
    numbers = "SELECT DISTINCT ingest_id FROM fame.logs WHERE body IN ('sent', 'from a file')"
    assert len(warehouse.rows(numbers)) == 2
