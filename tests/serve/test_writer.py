"""The one writer: many requests to a commit, a bounded queue, and what cannot be stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from serving import Sent, send, wait_until

from fame_sql.errors import InputError, WarehouseError
from fame_sql.serve.delivery import ROWS, Delivery
from fame_sql.serve.http import Web
from fame_sql.serve.intake.web_lines import LinesIntake
from fame_sql.serve.server import Server
from fame_sql.serve.settings import ServeSettings
from fame_sql.serve.token_file import tokens_of
from fame_sql.serve.tokens import VARIABLE, Role, Tokens
from fame_sql.serve.writer import Writer
from fame_sql.warehouse.warehouse import utc_now

pytestmark = pytest.mark.any_duckdb

TEXT = "text/plain"


@pytest.fixture
def small(tmp_path: Path, newborn: Path) -> Iterator[tuple[Server, Writer]]:
    """A server with a small queue, which takes lines alone."""
    path = tmp_path / "logs.duckdb"
    path.write_bytes(newborn.read_bytes())
    writer = Writer()
    settings = ServeSettings(port=0, queue_records=10)
    with Server(path, settings, [writer, LinesIntake(writer), Web()]) as server:
        yield server, writer


def _post(server: Server, name: str, **headers: str) -> Sent:
    return send(server.url, "/ingest", f"{name}\n".encode(), TEXT, **headers)


def _bodies(server: Server) -> list[str]:
    return [body for (body,) in server.cursor().rows("SELECT body FROM fame.logs ORDER BY log_id")]


def test_what_waits_is_stored_with_one_commit(small: tuple[Server, Writer]) -> None:
    server, writer = small
    _post(server, "first")
    with ThreadPoolExecutor(8) as pool:
        with server.writing(server.cursor()):
            answers = [pool.submit(_post, server, f"line {number}") for number in range(8)]
            wait_until(lambda: writer._records == 8)
            before = writer._commits
        assert {answer.result().status for answer in answers} == {200}
    assert writer._commits - before <= 2
    assert sorted(_bodies(server)) == ["first", *(f"line {number}" for number in range(8))]


def test_the_same_key_at_the_same_time_is_stored_once(small: tuple[Server, Writer]) -> None:
    server, writer = small
    with ThreadPoolExecutor(4) as pool:
        with server.writing(server.cursor()):
            sent = [pool.submit(_post, server, "one", Idempotency_Key="k") for _ in range(4)]
            wait_until(lambda: writer._records == 4)
        assert {answer.result().status for answer in sent} == {200}
    assert _bodies(server) == ["one"]


def test_a_full_queue_is_told_with_when_to_try_again(small: tuple[Server, Writer]) -> None:
    server, writer = small
    with ThreadPoolExecutor(1) as pool, server.writing(server.cursor()):
        waiting = pool.submit(send, server.url, "/ingest", b"a\n" * 10, TEXT)
        wait_until(lambda: writer._records == 10)
        refused = _post(server, "one too many")
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert server.problems() == ["the queue is full"]
    assert waiting.result().status == 200
    assert _post(server, "now").status == 200


def test_a_request_that_is_given_up_is_stored_and_stops_nobody(
    small: tuple[Server, Writer],
) -> None:
    """A server that stops gives up the requests that wait too long."""
    server, writer = small
    row = {"body": "given up", "source_path": "http", "parser": "text"}
    row |= {"line_number": 1, "byte_offset": 0, "line_count": 1, "observed_timestamp": utc_now()}
    delivery = Delivery(pa.Table.from_pylist([row], schema=ROWS), "http")

    async def give_up() -> None:
        await asyncio.wait_for(asyncio.wrap_future(delivery.stored), 0.01)

    with server.writing(server.cursor()):
        writer.offer(delivery)
        with pytest.raises(TimeoutError):
            asyncio.run(give_up())
    assert _post(server, "next").status == 200
    assert delivery.stored.result(0).records == 1
    assert _bodies(server) == ["given up", "next"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(duckdb.IOException("no space left"), 503), (duckdb.ConversionException("odd"), 400)],
)
def test_what_cannot_be_stored_spares_the_others(
    small: tuple[Server, Writer],
    monkeypatch: pytest.MonkeyPatch,
    error: duckdb.Error,
    status: int,
) -> None:
    server, writer = small
    store: Callable[[Any], None] = writer._store

    def failing(deliveries: Any) -> None:
        if any("bad" in each.rows["body"].to_pylist() for each in deliveries):
            raise error
        store(deliveries)

    monkeypatch.setattr(writer, "_store", failing)
    with ThreadPoolExecutor(2) as pool:
        with server.writing(server.cursor()):
            first = pool.submit(_post, server, "first")
            wait_until(lambda: writer._records == 1)
            sent = [pool.submit(_post, server, name) for name in ("good", "bad")]
            wait_until(lambda: writer._records >= 2)
        assert first.result().status == 200
        good, bad = (answer.result() for answer in sent)
    assert (good.status, bad.status) == (200, status)
    assert ("retry-after" in bad.headers) == (status == 503)
    assert _bodies(server) == ["first", "good"]


def test_requests_are_recognised_after_a_restart(tmp_path: Path, newborn: Path) -> None:
    path = tmp_path / "logs.duckdb"
    path.write_bytes(newborn.read_bytes())
    for _ in range(2):
        writer = Writer()
        with Server(path, ServeSettings(port=0), [writer, LinesIntake(writer), Web()]) as server:
            assert _post(server, "once", Idempotency_Key="k").status == 200
            assert _bodies(server) == ["once"]


def test_who_may_send(tmp_path: Path, newborn: Path) -> None:
    path = tmp_path / "logs.duckdb"
    path.write_bytes(newborn.read_bytes())
    secrets = {role: f"a-secret-of-a-{role}" for role in Role}
    given = " ".join(f"{role}:{secret}" for role, secret in secrets.items())
    writer = Writer()
    parts = [writer, LinesIntake(writer), Web()]
    tokens = Tokens(None, {VARIABLE: given})
    with Server(path, ServeSettings(port=0), parts, tokens) as server:
        assert _post(server, "x").status == 401
        assert _post(server, "x", Authorization="Bearer wrong").status == 401
        sent = {role: f"Bearer {secret}" for role, secret in secrets.items()}
        found = {role: _post(server, "x", Authorization=each).status for role, each in sent.items()}
    assert found == {Role.READER: 403, Role.WRITER: 200, Role.INGEST: 200}


def test_others_reach_it_only_with_a_token(tmp_path: Path) -> None:
    path = tmp_path / "logs.duckdb"
    with pytest.raises(InputError, match="fame token create"):
        Server(path, ServeSettings(host="0.0.0.0", port=0)).start()
    tokens = Tokens(tokens_of(path), {VARIABLE: "ingest:0123456789abcdef0123"})
    with Server(path, ServeSettings(host="0.0.0.0", port=0), [Web()], tokens) as server:
        assert server.url.startswith("http://0.0.0.0:")


def test_a_warehouse_that_breaks_ends_the_server(small: tuple[Server, Writer]) -> None:
    server, _ = small
    server.give_up("checksum")
    assert server.broken.is_set()
    with pytest.raises(WarehouseError, match="checksum"):
        server.raise_if_broken()
