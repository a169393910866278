"""Local servers with certificates, for HTTPS, mail with TLS from the start, and STARTTLS."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CERTIFICATES = Path(__file__).parents[1] / "operations" / "alerts" / "certificates"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    context: ssl.SSLContext
    scheme = ""
    injected = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with suppress(OSError):
            if self.server.scheme != "smtp":
                self._encrypt()
            if self.server.scheme == "https":
                self._answer()
            else:
                self._say("220 here")
                self._converse()

    def _encrypt(self) -> None:
        wrapped = self.server.context.wrap_socket(self.connection, server_side=True)
        self.connection, self.rfile, self.wfile = (
            wrapped,
            wrapped.makefile("rb"),
            wrapped.makefile("wb", 0),
        )

    def _answer(self) -> None:
        self.server.seen.append(self.rfile.readline().decode().strip())
        length = 0
        while header := self.rfile.readline().decode().strip().lower():
            if header.startswith("content-length:"):
                length = int(header.partition(":")[2])
        self.rfile.read(length)
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def _converse(self) -> None:
        while line := self.rfile.readline().decode("latin-1").strip():
            self.server.seen.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "STARTTLS":
                self.wfile.write(b"220 ready\r\n" + self.server.injected)
                self._encrypt()
            elif verb == "EHLO":
                self._say("250-here\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS")
            elif verb == "AUTH":
                self._say("235 welcome")
            elif verb == "DATA":
                self._say("354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
                self._say("250 taken")
            else:
                self._say("221 bye" if verb == "QUIT" else "250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def tls_server(scheme: str, certificate: str, injected: bytes = b"") -> Iterator[_Server]:
    """Run a server while the block runs.

    ``https`` and ``smtps`` encrypt from the start, ``smtp`` after STARTTLS, where ``injected`` is
    sent before encryption begins, as somebody in between would.
    """
    server = _Server()
    server.scheme, server.injected = scheme, injected
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
