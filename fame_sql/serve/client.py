"""A command of a client: its words go to the server, what is printed there comes back."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Sequence
from typing import IO
from urllib.parse import urlsplit

from fame_sql.errors import FameError, InputError
from fame_sql.serve.address import SERVER, Address

_CHUNK = 1 << 18
_CONNECT_SECONDS = 10.0


class NotAnsweringError(FameError):
    """Nothing answers at the address of a server."""


def ask(
    address: Address, token: str, words: Sequence[str], read: IO[bytes] | None
) -> Iterator[tuple[str, str | int]]:
    """Run a command at a server.

    Parameters
    ----------
    address : Address
        The server.
    token : str
        The token to send.
    words : sequence of str
        The command.
    read : file of bytes, optional
        Its standard input.

    Yields
    ------
    tuple of (str, str or int)
        What it prints, as ``out`` or ``err``, and its exit code at last, as ``exit``.

    Raises
    ------
    NotAnsweringError
        If nothing answers.
    FameError
        If the server refuses the command, or ends before the command does.
    """
    connection = _connection(address.url)
    try:
        answer = _send(connection, address, token, words, read)
        if answer.status != 200:
            raise _refusal(answer)
        yield from _frames(answer, address)
    finally:
        connection.close()


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"{SERVER}={url!r} is no address: write http://HOST:PORT")
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=_CONNECT_SECONDS)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=_CONNECT_SECONDS)


def _send(
    connection: http.client.HTTPConnection,
    address: Address,
    token: str,
    words: Sequence[str],
    read: IO[bytes] | None,
) -> http.client.HTTPResponse:
    headers = {"Content-Type": "application/octet-stream"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.connect()
        connection.sock.settimeout(None)
        path = f"{urlsplit(address.url).path.rstrip('/')}/commands"
        connection.request("POST", path, _body(words, read), headers, encode_chunked=True)
        return connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise NotAnsweringError(
            f"the server at {address.url} does not answer ({error}): is it running?"
        ) from None


def _body(words: Sequence[str], read: IO[bytes] | None) -> Iterator[bytes]:
    yield json.dumps({"words": list(words)}).encode() + b"\n"
    while read is not None and (chunk := read.read(_CHUNK)):
        yield chunk


def _refusal(answer: http.client.HTTPResponse) -> FameError:
    text = answer.read(1 << 16)
    try:
        message = str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        message = f"the server answered {answer.status} {answer.reason}"
    if answer.status in (401, 403) and "token" in message:
        message = f"{message}; give it in FAME_TOKEN or with 'fame --token-file FILE'"
    return FameError(message)


def _frames(answer: http.client.HTTPResponse, address: Address) -> Iterator[tuple[str, str | int]]:
    try:
        while line := answer.readline():
            [(name, value)] = json.loads(line).items()
            yield name, value
            if name == "exit":
                return
    except (OSError, ValueError, http.client.HTTPException):
        pass
    raise FameError(f"the server at {address.url} ended before the command did: look at its log")
