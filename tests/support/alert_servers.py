"""Local receivers of alerts, over HTTP and SMTP, that answer as told and keep what reaches them."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """What one channel received."""

    at: object
    body: Any
    headers: dict[str, str]
    status: int


@dataclass
class Receivers:
    """What the servers do, and what reached them, by the names of channels.

    An answer is ``(status, body, headers)``, or the name of a fault: ``hang`` answers too late,
    ``reset`` closes the connection after the request was read. The last answer of a channel stays.
    """

    now: Callable[[], object]
    answers: dict[str, deque[Any]] = field(default_factory=dict)
    received: dict[str, list[Request]] = field(default_factory=dict)
    recipients: dict[str, deque[str]] = field(default_factory=dict)
    data: deque[str] = field(default_factory=deque)
    mails: list[tuple[object, tuple[str, ...], Message]] = field(default_factory=list)
    conversations: list[str] = field(default_factory=list)
    goodbye: str = "221 bye"
    http: str = ""
    smtp: str = ""
    hang: float = 3.5
    delay: float = 0.0

    def answer(self, channel: str) -> Any:
        waiting = self.answers.get(channel)
        if not waiting:
            return (200, "ok", {})
        return waiting.popleft() if len(waiting) > 1 else waiting[0]


class _Http(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        self._take(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_GET(self) -> None:
        self._take(b"null")

    def _take(self, raw: bytes) -> None:
        told: Receivers = self.server.told
        channel = self.path.partition("?")[0].strip("/").split("/")[0]
        answer = told.answer(channel)
        status = answer[0] if isinstance(answer, tuple) else 0
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(told.now(), json.loads(raw), headers, status)
        told.received.setdefault(channel, []).append(request)
        self.close_connection = True
        time.sleep(told.delay)
        if answer == "hang":
            time.sleep(told.hang)
        elif answer != "reset":
            with suppress(BrokenPipeError, ConnectionResetError):
                self._answer(*answer)

    def _answer(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


class _Smtp(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        told: Receivers = self.server.told
        self._say("220 here")
        to: list[str] = []
        while line := self.rfile.readline().decode("latin-1").strip():
            told.conversations.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                if not self._take(told, to):
                    return
            elif verb == "RCPT":
                to = self._recipient(told, line, to)
            elif verb == "QUIT":
                self._say(told.goodbye)
                return
            else:
                to = [] if verb == "MAIL" else to
                self._say("250 fine")

    def _recipient(self, told: Receivers, line: str, to: list[str]) -> list[str]:
        address = line.partition("<")[2].partition(">")[0]
        waiting = told.recipients.get(address, deque(["250 fine"]))
        said = waiting.popleft() if len(waiting) > 1 else waiting[0]
        self._say(said)
        return [*to, address] if said.startswith("250") else to

    def _take(self, told: Receivers, to: list[str]) -> bool:
        self._say("354 go on")
        raw = b""
        while not raw.endswith(b"\r\n.\r\n"):
            raw += self.rfile.readline()
        said = (told.data.popleft() if len(told.data) > 1 else told.data[0]) if told.data else "250"
        if said.startswith("2") or said == "cut":
            message = message_from_bytes(raw[:-5], policy=default)
            told.mails.append((told.now(), tuple(to), message))
        if said == "cut":
            self.connection.close()
            return False
        self._say(said if " " in said else f"{said} fine")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def receivers(now: Callable[[], object] = time.monotonic) -> Iterator[Receivers]:
    """Run both servers while the block runs."""
    told = Receivers(now)
    servers: list[Any] = [
        ThreadingHTTPServer(("127.0.0.1", 0), _Http),
        _Server(("127.0.0.1", 0), _Smtp),
    ]
    for server in servers:
        server.told = told
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    told.http = f"http://127.0.0.1:{servers[0].server_address[1]}"
    told.smtp = f"smtp://127.0.0.1:{servers[1].server_address[1]}"
    try:
        yield told
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Run a server that answers every request with the same bytes; return its host and port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
