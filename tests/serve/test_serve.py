"""The server as a whole: it starts, answers, drains, and ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fame_sql.serve.server import Server
from fame_sql.serve.settings import ServeSettings
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


def _get(server: Server, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(server.url + path) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "logs.duckdb", ServeSettings(port=0)) as running:
        yield running


def test_its_health_is_told_and_its_metrics_are_text_for_prometheus(server: Server) -> None:
    assert _get(server, "/healthz") == (200, "ok\n")
    assert _get(server, "/readyz") == (200, "ready\n")
    status, metrics = _get(server, "/metrics")
    assert status == 200
    assert "\nfame_queue_records 0\n" in metrics
    assert metrics.endswith("# EOF\n")


def test_a_server_that_stops_is_not_ready(server: Server) -> None:
    server.stopping.set()
    assert _get(server, "/readyz") == (503, "the server is stopping\n")
    assert _get(server, "/healthz")[0] == 200


def test_a_round_that_takes_long_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = threading.Event()

    def endless(_: object, warehouse: Warehouse, __: object) -> None:
        began.set()
        warehouse.value("SELECT count(*) FROM range(10_000_000) AS a, range(10_000_000) AS b")

    monkeypatch.setattr("fame_sql.serve.rounds.WarehouseIncidents.update", endless)
    settings = ServeSettings(port=0, alert_every=0.01, drain_seconds=240)
    with Server(tmp_path / "logs.duckdb", settings):
        assert began.wait(60)
        since = time.monotonic()
    assert time.monotonic() - since < settings.drain_seconds / 2


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "logs.duckdb"
    fame = Path(sys.executable).with_name("fame")
    process = subprocess.Popen(
        [fame, "serve", "--warehouse", path, "--listen", "127.0.0.1:0", "--quack", "none"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    url = first.split(" at ")[1].strip()
    request = urllib.request.Request(f"{url}/ingest", b"one\ntwo\n", {"Content-Type": "text/plain"})
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer) == {"records": 2, "errors": 0}
    process.send_signal(number)
    assert process.wait(60) == 0
    assert process.stderr.read() == "stopping\n"
    with Warehouse.open(path, read_only=True) as warehouse:
        assert warehouse.rows("SELECT body FROM fame.logs ORDER BY log_id") == [("one",), ("two",)]
