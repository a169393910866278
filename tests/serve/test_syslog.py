"""Syslog over TCP and UDP, as senders send it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from serving import wait_until

from fame_sql.serve.intake.framing import Message
from fame_sql.serve.intake.syslog import Syslog
from fame_sql.serve.intake.syslog_rows import Arrived, SyslogRows
from fame_sql.serve.server import Server

pytestmark = pytest.mark.any_duckdb

Stored = Callable[[], list[dict[str, Any]]]
NOW = datetime(2026, 1, 5, 12)

# A message that came at NOW, and the columns of its row that are looked at.
MESSAGES: dict[str, dict[str, Any]] = {
    "<165>1 2026-01-02T03:04:05.6Z h1 app 7 ID - text": {
        "timestamp": "2026-01-02 03:04:05.600000",
        "severity_text": "notice",
        "severity_number": 10,
        "host_name": "h1",
        "service_name": "app",
        "body": "text",
        "attributes": '{"facility":20,"pid":"7","message_id":"ID"}',
    },
    "<0>1 - - - - - -": {
        "timestamp": str(NOW),
        "host_name": None,
        "body": "",
        "severity_number": 21,
    },
    "<14>1 - h - - - - - a dash": {"host_name": "h", "service_name": None, "body": "- a dash"},
    '<14>1 - h a - - [opentelemetry trace_id="0AF7651916CD43DD8448EB211C80319C" span_id='
    '"B7AD6B7169203331"] traced': {
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "b7ad6b7169203331",
        "body": "traced",
    },
    "<14>1 2026-01-02T03:0": {"body": "1 2026-01-02T03:0", "severity_number": 9},
    "<13>Jan  3 10:00:00 h1 app[9]: old": {
        "timestamp": "2026-01-03 10:00:00",
        "host_name": "h1",
        "service_name": "app",
        "body": "old",
    },
    "<13> Jan 3 10:00:00 h1 app: a blank": {"timestamp": "2026-01-03 10:00:00", "body": "a blank"},
    "<13>Dec 31 10:00:00 h1 app: last year": {"timestamp": "2025-12-31 10:00:00"},
    "<13>Feb 29 10:00:00 h1 app: leap": {"timestamp": "2024-02-29 10:00:00", "body": "leap"},
    "<13>Jan  3 10:00:00 - app: no host": {"host_name": None, "service_name": "app"},
    "<13>Jan  3 2025 10:00:00 h1 app: a year": {"timestamp": "2025-01-03 10:00:00"},
    "<13>2026-01-03T10:00:00.5+02:00 h1 app: iso": {"timestamp": "2026-01-03 08:00:00.500000"},
    "<189>12: *Jan  3 10:00:00.5: %SYS-5-CONFIG: by console": {
        "timestamp": "2026-01-03 10:00:00.500000",
        "body": "by console",
    },
    "<11>no header at all": {"body": "no header at all", "severity_text": "err"},
    "<11>Foo 99 99:99:99 h app: odd": {"body": "<11>Foo 99 99:99:99 h app: odd"},
    "<013>Jan  3 10:00:00 h1 app: zero": {"severity_number": 10, "body": "zero"},
    "<192>Jan  3 10:00:00 h1 app: x": {"body": "<192>Jan  3 10:00:00 h1 app: x"},
    "<>x": {"body": "<>x", "severity_number": None},
    "<-1>x": {"body": "<-1>x"},
    "<7": {"body": "<7"},
    "Jan  3 10:00:00 h1 app: no priority": {
        "timestamp": str(NOW),
        "severity_number": None,
        "body": "Jan  3 10:00:00 h1 app: no priority",
    },
    "<14>1 - h a - - - two\nlines": {"body": "two\nlines"},
}


@pytest.fixture(scope="module")
def rows(server: Server) -> SyslogRows:
    return SyslogRows(server.cursor().connection, None)


def _row(row: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    found = {name: row[name] for name in names}
    return {name: str(value) if name == "timestamp" else value for name, value in found.items()}


def test_each_message_is_read(rows: SyslogRows) -> None:
    arrived = [Arrived(Message(text.encode()), NOW) for text in MESSAGES]
    found: pa.Table = rows.of(arrived, "syslog/tcp")
    assert len(found) == len(MESSAGES)
    for row, (text, expected) in zip(found.to_pylist(), MESSAGES.items(), strict=True):
        assert _row(row, expected) == expected, text
        assert row["observed_timestamp"] == NOW


def test_the_year_and_the_zone_of_a_new_year(server: Server) -> None:
    rows = SyslogRows(server.cursor().connection, "America/New_York")
    texts = (b"<13>Dec 31 23:59:59 h a: old", b"<13>Jan  1 00:00:01 h a: new")
    moment = datetime(2027, 1, 1, 2)
    found = rows.of([Arrived(Message(text), moment) for text in texts], "syslog/tcp")
    times = [str(time) for time in found["timestamp"].to_pylist()]
    assert times == ["2027-01-01 04:59:59", "2027-01-01 05:00:01"]


def test_bytes_that_are_no_text_are_told(rows: SyslogRows) -> None:
    data = [Message(b"<13>Jan  3 10:00:00 h a: caf\xc3"), Message(b"<13>ab\xc3", "cut")]
    found = rows.of([Arrived(message, NOW) for message in data], "syslog/udp").to_pylist()
    assert [row["body"] for row in found] == ["caf\ufffd", "ab"]
    assert [row["parse_error"] for row in found] == [
        "invalid UTF-8 at byte 29 of the message",
        "cut",
    ]


def _syslog(server: Server) -> Syslog:
    return next(part for part in server.parts if isinstance(part, Syslog))


def test_what_comes_over_tcp_is_stored(server: Server, stored: Stored) -> None:
    sent = b"31 <14>1 - h a - - - two\nmore text" + b"<14>1 - h a - - - x\n" + b"<13>y" * 500
    with socket.create_connection(("127.0.0.1", _syslog(server).tcp_port or 0)) as connection:
        connection.sendall(sent)
        # The connection stays open: what has no end is taken for whole after a time.
        wait_until(lambda: len(stored()) == 3)
    rows = stored()
    assert [row["body"][:9] for row in rows] == ["two\nmore t"[:9], "x", "y<13>y<13"]
    assert rows[2]["parse_error"].endswith("cut at 2000")
    assert {row["source_path"] for row in rows} == {"syslog/tcp"}


def test_a_datagram_is_stored_and_the_blank_ones_are_none(server: Server, stored: Stored) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for data in (
            b"",
            b"\n",
            b"<14>1 - h a - - - " + b"z" * 5000 + b"\n\0",
            b"<14>one\n<14>two",
        ):
            sender.sendto(data, ("127.0.0.1", _syslog(server).udp_port or 0))
    wait_until(lambda: len(stored()) == 2)
    assert [len(row["body"]) for row in stored()] == [5000, 11]


def test_what_the_logger_of_the_system_sends_is_stored(server: Server, stored: Stored) -> None:
    if shutil.which("logger") is None:
        pytest.skip("'logger' of util-linux is not here")
    port = str(_syslog(server).tcp_port)
    for form in ("rfc3164", "rfc5424"):
        command = ["logger", "--server", "127.0.0.1", "--port", port, "--tcp", f"--{form}"]
        subprocess.run([*command, "--tag", "job", "-p", "user.warning", form], check=True)
    wait_until(lambda: len(stored()) == 2)
    rows = stored()
    assert {row["body"] for row in rows} == {"rfc3164", "rfc5424"}
    assert {(row["service_name"], row["severity_number"]) for row in rows} == {("job", 13)}
    assert all(json.loads(row["attributes"])["facility"] == 1 for row in rows)


@pytest.mark.slow
def test_rsyslog_forwards_to_it(server: Server, stored: Stored, tmp_path: Path) -> None:
    if shutil.which("rsyslogd") is None:
        pytest.skip("rsyslogd is not here")
    settings = tmp_path / "rsyslog.conf"
    socket_path = tmp_path / "log"
    settings.write_text(
        'module(load="imuxsock" SysSock.Use="off")\n'
        f'input(type="imuxsock" Socket="{socket_path}" CreatePath="on")\n'
        f'*.* action(type="omfwd" target="127.0.0.1" port="{_syslog(server).tcp_port}" '
        'protocol="tcp" TCP_Framing="octet-counted" Template="RSYSLOG_SyslogProtocol23Format")\n'
    )
    process = subprocess.Popen(["rsyslogd", "-n", "-f", settings, "-i", tmp_path / "pid"])
    try:
        wait_until(socket_path.exists)
        subprocess.run(["logger", "--socket", socket_path, "--tag", "job", "forwarded"], check=True)
        wait_until(lambda: len(stored()) > 0)
        assert [row["body"] for row in stored()] == ["forwarded"]
    finally:
        process.terminate()
        process.wait()
