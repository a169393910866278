"""Syslog over TCP and UDP. Neither has an answer: a sender does not learn what was stored."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fame_sql.errors import InputError
from fame_sql.operations.metrics import Metric, Sample
from fame_sql.serve.delivery import BusyError, Delivery
from fame_sql.serve.intake.framing import Frames, Message
from fame_sql.serve.intake.syslog_rows import Arrived, SyslogRows, datagram
from fame_sql.serve.part import Part
from fame_sql.warehouse.warehouse import utc_now

if TYPE_CHECKING:
    from fame_sql.serve.server import Server
    from fame_sql.serve.writer import Writer

LINGER = 0.1
"""Seconds in which messages gather before they are stored."""
QUIET = 2.0
"""Seconds after which a message without an end is taken for whole."""
_MOST_WAITING = 100_000
_MOST_AT_ONCE = 20_000
_READ = 1 << 16
_RECEIVE_BUFFER = 8 << 20


class Syslog(Part):
    """Takes messages of syslog in.

    Parameters
    ----------
    writer : Writer
        Stores them.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: dict[str, deque[Arrived]] = {"syslog/tcp": deque(), "syslog/udp": deque()}
        self._counts: Counter[str] = Counter()
        self._ending = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: list[threading.Thread] = []
        self.tcp_port: int | None = None
        self.udp_port: int | None = None

    def start(self, server: Server) -> None:
        """Listen at the ports that are set.

        Raises
        ------
        InputError
            If a port cannot be listened at.
        """
        self._settings = server.settings
        self._rows = SyslogRows(server.cursor().connection, self._settings.timezone)
        tcp = _bound(self._settings.host, self._settings.syslog_tcp, socket.SOCK_STREAM)
        udp = _bound(self._settings.host, self._settings.syslog_udp, socket.SOCK_DGRAM)
        if tcp is None and udp is None:
            return
        self.tcp_port = None if tcp is None else tcp.getsockname()[1]
        self.udp_port = None if udp is None else udp.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        listening = threading.Event()
        for name, target in (
            ("fame-syslog", lambda: self._listen(tcp, udp, listening)),
            ("fame-syslog-rows", self._store),
        ):
            self._threads.append(threading.Thread(target=target, name=name, daemon=True))
            self._threads[-1].start()
        listening.wait(5.0)

    def stop(self, seconds: float) -> None:
        """Listen no longer, and hand on what has come."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        for thread in self._threads:
            thread.join(seconds)
            self._ending.set()

    def metrics(self) -> Iterable[Metric]:
        """Return what came, and what could not be kept."""
        if not self._threads:
            return
        helps = {
            "messages": "Messages of syslog that came.",
            "dropped": "Messages that were dropped because too many waited.",
            "damaged": "Messages that were cut, or whose frame was damaged.",
        }
        for what, help in helps.items():
            name = f"fame_syslog_{what}"
            yield Metric(name, "counter", help, (Sample(self._counts[what]),))

    def _listen(
        self, tcp: socket.socket | None, udp: socket.socket | None, listening: threading.Event
    ) -> None:
        assert self._loop is not None
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(tcp, udp, listening))
        self._loop.close()

    async def _serve(
        self, tcp: socket.socket | None, udp: socket.socket | None, listening: threading.Event
    ) -> None:
        self._stop = asyncio.Event()
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            try:
                await self._read(reader)
            finally:
                connections.discard(task)
                writer.close()

        server = None if tcp is None else await asyncio.start_server(connected, sock=tcp)
        transport = None
        if udp is not None:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
        listening.set()
        await self._stop.wait()
        if transport is not None:
            transport.close()
        if server is not None:
            server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Read the messages of a connection; what is left at its end is a message as well."""
        frames = Frames(self._settings.max_message)
        try:
            while True:
                try:
                    async with asyncio.timeout(None if frames.is_empty else QUIET):
                        data = await reader.read(_READ)
                except TimeoutError:
                    await self._take_all(frames.end())
                    continue
                if not data:
                    break
                await self._take_all(frames.add(data))
        except ConnectionError:
            pass
        finally:
            for message in frames.end():
                self.take(message, "syslog/tcp")

    async def _take_all(self, messages: Iterable[Message]) -> None:
        for message in messages:
            # A connection that is not read makes its sender wait.
            while len(self._waiting["syslog/tcp"]) >= _MOST_WAITING:
                await asyncio.sleep(LINGER)
            self.take(message, "syslog/tcp")

    def take(self, message: Message, source: str) -> None:
        """Queue a message, unless too many wait."""
        if not message.data.strip():
            return
        self._counts["messages"] += 1
        self._counts["damaged"] += message.fault is not None
        if source == "syslog/udp" and len(self._waiting[source]) >= _MOST_WAITING:
            self._counts["dropped"] += 1
            return
        self._waiting[source].append(Arrived(message, utc_now()))

    def _store(self) -> None:
        """Hand on what has come, until the end."""
        ended = False
        while not ended:
            ended = self._ending.wait(LINGER)
            for source, waiting in self._waiting.items():
                while waiting:
                    most = min(len(waiting), _MOST_AT_ONCE)
                    self._hand_on([waiting.popleft() for _ in range(most)], source)

    def _hand_on(self, arrived: list[Arrived], source: str) -> None:
        delivery = Delivery(self._rows.of(arrived, source), "syslog")
        while True:
            try:
                self._writer.offer(delivery)
            except BusyError:
                if self._ending.is_set():
                    self._counts["dropped"] += delivery.records
                    return
                time.sleep(LINGER)
            else:
                return


class _Datagrams(asyncio.DatagramProtocol):
    """Takes datagrams in."""

    def __init__(self, syslog: Syslog) -> None:
        self._syslog = syslog

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take the message in a datagram."""
        message = datagram(data)
        if message is not None:
            self._syslog.take(message, "syslog/udp")


def _bound(host: str, port: int | None, kind: socket.SocketKind) -> socket.socket | None:
    if port is None:
        return None
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if kind is socket.SOCK_DGRAM:
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise InputError(
            f"port {port} cannot be listened at for syslog ({error.strerror}): use another; below "
            "1024 a right of its own is needed"
        ) from None
    return found
