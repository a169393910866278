"""A server that tests share, and what they send to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Sent, send

from fame_sql.serve.server import Server
from fame_sql.serve.settings import ServeSettings

SETTINGS = ServeSettings(
    port=0, syslog_tcp=0, syslog_udp=0, max_body=1 << 20, max_message=2000, alert_every=3600
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, newborn: Path) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("served") / "logs.duckdb"
    path.write_bytes(newborn.read_bytes())
    with Server(path, SETTINGS) as running:
        yield running


@pytest.fixture
def stored(server: Server) -> Callable[[], list[dict[str, Any]]]:
    """Return the rows that have been stored since the test began."""
    warehouse = server.cursor()
    before = warehouse.value("SELECT coalesce(max(log_id), 0) FROM fame.logs")
    return lambda: warehouse.records(
        "SELECT * FROM fame.logs WHERE log_id > ? ORDER BY log_id", [before]
    )


@pytest.fixture
def post(server: Server) -> Callable[..., Sent]:
    """Send a body, and return the answer."""
    return lambda path, body, *media, **headers: send(server.url, path, body, *media, **headers)
