"""A server under a steady load: lag from line to verdict, answers to those who ask, memory.

    python benchmarks/serve_steady.py --warehouse demo.duckdb --rate 10000 --records 300000

Records come by OTLP at a rate; clients ask SQL by HTTP meanwhile, and
rounds over counts and incidents go on. Memory is shown for each part of the records. All of it
shares the machine with the server.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from serve import RunningServer, copied, lag, made_lines, metrics, post, quantile, requests

from fame_sql.operations.alerts.source import WarehouseIncidents
from fame_sql.warehouse.warehouse import Warehouse, utc_now

_ROOT = Path(__file__).parents[1]
_TOKEN = "fame_" + "b" * 43
_BATCH = 1000
_SENDERS = 8
_ASKED = (
    "SELECT domain, count(*) FROM anomalies GROUP BY 1",
    "SELECT body, score FROM scored_logs ORDER BY log_id DESC LIMIT 20",
    "SELECT count(*) FROM logs WHERE fame_score(body) > 0.9",
    "SELECT service_name, count(*) FROM logs WHERE timestamp > now()::TIMESTAMP - INTERVAL 1 MINUTE"
    " GROUP BY 1",
)


def main() -> None:
    """Print what a load does to a server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=_ROOT / "demo.duckdb")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rate", type=float, default=10_000, help="records a second")
    parser.add_argument("--clients", type=int, default=16, help="who ask")
    parser.add_argument("--seconds", type=float, default=120, help="the longest time to send")
    parser.add_argument("--parts", type=int, default=4, help="of the records, for memory")
    given = parser.parse_args()
    os.environ["FAME_SERVE_TOKENS"] = f"reader:{_TOKEN}"
    with tempfile.TemporaryDirectory() as folder:
        path = copied(given.warehouse, Path(folder), "served")
        with Warehouse.open(path) as warehouse:  # The first round over all that was there.
            WarehouseIncidents().update(warehouse, utc_now())
        lines = list(made_lines(path, min(given.records, 200_000)))
        server = RunningServer(path)
        try:
            run(server, lines, given)
        finally:
            server.stop()
        print(f"file: {path.stat().st_size >> 20} MiB")


def run(server: RunningServer, lines: list[str], given: argparse.Namespace) -> None:
    """Send and ask until all is sent, and print what was found."""
    asking = Asking(server.address)
    threads = [threading.Thread(target=asking.run, args=(n,)) for n in range(given.clients)]
    for thread in threads:
        thread.start()
    bodies = endless(lines)
    end = time.perf_counter() + given.seconds
    sent = 0
    try:
        for _ in range(given.parts):
            count = given.records // given.parts // _BATCH
            sending = Sending(server.address, bodies, count, given.rate, end)
            seconds = sending.run()
            now = len(sending.waits) * _BATCH
            sent += now
            print(
                f"{sent:>10,} records, {now / seconds:7,.0f}/s, "
                f"acknowledged p50 {quantile(sending.waits, 0.5):.2f} s, "
                f"p99 {quantile(sending.waits, 0.99):.2f} s, "
                f"memory {memory(server.process.pid)} MB, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
            if time.perf_counter() > end:
                break
    finally:
        asking.ending.set()
        for thread in threads:
            thread.join()
    print(f"lag from arrival to verdict: p99 at most {lag(server.address):g} s")
    found = metrics(server.address)
    print(
        f"rounds: {found['fame_rounds_total']:.0f}, failed {found['fame_rounds_failed_total']:.0f}"
    )
    waits = sorted(asking.waits)
    if waits:
        print(
            f"{given.clients} clients asked {len(waits):,} times, {asking.failed} failed: "
            f"p50 {quantile(waits, 0.5) * 1000:.0f} ms, p99 {quantile(waits, 0.99) * 1000:.0f} ms"
        )


def endless(lines: list[str]) -> Iterator[bytes]:
    """Yield requests with the lines, again and again at later times."""
    return itertools.chain.from_iterable(requests(lines, _BATCH) for _ in itertools.count())


def memory(pid: int) -> int:
    """Return what a process holds now, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) // 1000


@dataclass
class Sending:
    """Senders that send some requests at a rate, until a time at most."""

    address: str
    bodies: Iterator[bytes]
    count: int
    rate: float
    end: float
    waits: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> float:
        """Send, and return how long it took."""
        self.since = time.perf_counter()
        self.numbers = iter(range(self.count))
        threads = [threading.Thread(target=self._send) for _ in range(_SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.waits.sort()
        return time.perf_counter() - self.since

    def _send(self) -> None:
        connection = http.client.HTTPConnection(self.address)
        while True:
            with self.lock:
                number = next(self.numbers, None)
                if number is None or time.perf_counter() > self.end:
                    return
                body = next(self.bodies)
            due = self.since + number * _BATCH / self.rate
            time.sleep(max(due - time.perf_counter(), 0))
            since = time.perf_counter()
            while post(connection, body) == 503:
                time.sleep(0.05)
            self.waits.append(time.perf_counter() - since)


@dataclass
class Asking:
    """Clients that ask one statement after the other."""

    address: str
    waits: list[float] = field(default_factory=list)
    failed: int = 0
    ending: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int) -> None:
        """Ask until the end, with a second between an answer and the next question."""
        connection = http.client.HTTPConnection(self.address)
        for turn in itertools.count(number):
            if self.ending.wait(1):
                return
            since = time.perf_counter()
            headers = {"Authorization": f"Bearer {_TOKEN}"}
            connection.request("POST", "/sql", _ASKED[turn % len(_ASKED)], headers)
            answer = connection.getresponse()
            answer.read()
            self.waits.append(time.perf_counter() - since)
            self.failed += answer.status != 200


if __name__ == "__main__":
    main()
