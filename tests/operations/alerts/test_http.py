"""Requests: waits that servers ask for, proxies, certificates, redirects."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from alert_servers import answering, receivers

from fame_sql.operations.alerts import http

pytestmark = pytest.mark.any_duckdb

NOW = datetime(2027, 3, 2, 8)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("Tue, 02 Mar 2027 08:00:50 GMT", 50),
        ("Tue, 02 Mar 2027 09:00:10 +0100", 10),
        ("Tue, 02 Mar 2027 07:00:00 GMT", None),
        ("0", None),
        ("-7", None),
        ("2.2", 3),
        ("in a while", None),
        ("", None),
        (None, None),
        ("86400", 3600),
        ("9" * 40, 3600),
        ("inf", 3600),
        ("nan", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
    ],
)
def test_a_wait_is_read_in_each_of_its_forms(header: str | None, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert http.retry_after(header, NOW) == expected


@pytest.mark.parametrize(
    ("environment", "own", "expected"),
    [
        ({}, "", ""),
        ({"https_proxy": "http://u:p@proxy.example.com:3128"}, "", "proxy.example.com:3128"),
        ({"https_proxy": "http://proxy.example.com", "no_proxy": ".example.org"}, "", ""),
        ({"https_proxy": "http://proxy.example.com"}, "none", ""),
        ({"HTTPS_PROXY": "http://proxy.example.com:8080"}, "", "proxy.example.com:8080"),
        ({"HTTPS_PROXY": "http://proxy.example.com", "NO_PROXY": "a,example.org"}, "", ""),
        ({}, "http://other.example.com:8080", "other.example.com:8080"),
    ],
)
def test_the_proxy_is_that_of_the_settings_then_of_the_environment(
    environment: dict[str, str], own: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    connection = http.Connection(proxy=own)
    assert http.proxy_for("https://hooks.example.org/x", connection) == expected


def test_a_redirect_is_not_followed() -> None:
    from collections import deque

    with receivers() as servers:
        servers.answers["hook"] = deque([(302, "", {"Location": f"{servers.http}/other"})])
        answer = http.request(f"{servers.http}/hook", b"{}", {}, http.Connection(proxy="none"))
        assert answer.status == 302
        assert "other" not in servers.received


@pytest.mark.parametrize(
    ("url", "error", "says"),
    [
        ("http://127.0.0.1:9/secret", http.NotSentError, "127.0.0.1:9: connection refused"),
        (
            "http://nowhere.invalid/secret",
            http.NotSentError,
            "nowhere.invalid: the name is not known",
        ),
    ],
)
def test_what_could_not_be_sent_is_said_without_the_address(
    url: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error) as raised:
        http.request(url, b"{}", {}, http.Connection(proxy="none"))
    assert says in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_proxy_that_fails_is_named() -> None:
    connection = http.Connection(proxy="http://user:word@127.0.0.1:9")
    with pytest.raises(http.NotSentError, match=r"proxy 127\.0\.0\.1:9"):
        http.request("https://hooks.example.org/x", b"{}", {}, connection)


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://hooks.example.org/x", b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
        ("https://hooks.example.org/x", b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
    ],
)
def test_a_proxy_that_wants_a_login_is_not_taken_for_the_receiver(url: str, answer: bytes) -> None:
    with answering(answer) as place:
        connection = http.Connection(proxy=f"http://user:hush@{place}")
        with pytest.raises(http.ProxyError, match=rf"^proxy {place}: 407") as raised:
            http.request(url, b"{}", {}, connection)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("said", ["503 Busy", "404 Blocked"])
def test_a_tunnel_that_a_proxy_refuses_is_tried_again_later(said: str) -> None:
    url = "https://hooks.example.org/x"
    with (
        answering(f"HTTP/1.1 {said}\r\n\r\n<html>policy</html>".encode()) as place,
        pytest.raises(http.NotSentError, match=rf"^proxy {place}: {said}") as raised,
    ):
        http.request(url, b"{}", {}, http.Connection(proxy=f"http://{place}"))
    assert not isinstance(raised.value, http.ProxyError)


def test_a_proxy_that_is_reached_by_tls_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "https://user:word@proxy.example.org:3129")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(http.ProxyError, match=r"^proxy proxy\.example\.org:3129: only proxies at"):
        http.request("https://hooks.example.org/x", b"{}", {}, http.Connection())
