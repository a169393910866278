"""Requests to a server, by the client of the standard library."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import NamedTuple

JSON, PROTOBUF = "application/json", "application/x-protobuf"


class Sent(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def send(url: str, path: str, body: bytes, media: str = "", **headers: str) -> Sent:
    """Send a body by POST; headers are named with underscores."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if media:
        given["Content-Type"] = media
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        connection.request("POST", path, body, given)
        answer = connection.getresponse()
        said = {name.lower(): value for name, value in answer.getheaders()}
        return Sent(answer.status, said, answer.read())
    finally:
        connection.close()


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds.

    Raises
    ------
    TimeoutError
        If it does not within some seconds.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)
