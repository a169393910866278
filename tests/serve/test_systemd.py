"""What systemd is told, and a manager that does not listen."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from fame_sql.serve.systemd import notify


@pytest.mark.any_duckdb
def test_a_manager_that_reads_nothing_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        monkeypatch.setenv("NOTIFY_SOCKET", str(place))
        notify("READY=1")
        for _ in range(1000):
            notify("WATCHDOG=1")
        assert manager.recv(100) == b"READY=1"
