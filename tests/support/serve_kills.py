"""Kill a server at random while clients send: nothing acknowledged may be lost, or stored twice."""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fame_sql.warehouse.warehouse import Warehouse

FAME = Path(sys.executable).with_name("fame")
_MOST_REQUESTS = 40
_LONGEST_PAUSE = 0.3
_LONGEST_WAIT = 30.0
_RECORDS = 20


@dataclass
class Outcome:
    """What became of the records of all requests.

    Parameters
    ----------
    kills : int
        How often the server was killed.
    acknowledged : int
        Records that were acknowledged.
    lost : int
        Of these, how many are not stored.
    doubled : int
        Records that are stored more than once.
    torn : int
        Requests of which a part is stored.
    """

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    torn: int = 0


class RunningServer:
    """``fame serve`` in a process of its own.

    Parameters
    ----------
    path : Path
        The warehouse.
    options : str
        More options.
    """

    def __init__(self, path: Path, *options: str) -> None:
        command = [FAME, "serve", "--warehouse", path, "--listen", "127.0.0.1:0"]
        command += ["--quack", "none", *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        said = []
        # Before it serves, it may say that the warehouse was upgraded.
        for line in self.process.stderr:
            said.append(line)
            if " at http://" in line:
                break
        else:
            raise RuntimeError("".join(said))
        self.address = said[-1].rpartition("http://")[2].strip()

    def kill(self) -> None:
        """End it at once, as a lack of memory does."""
        self.process.send_signal(signal.SIGKILL)
        self._wait()

    def stop(self) -> int:
        """End it in order; return its exit code."""
        self.process.terminate()
        return self._wait()

    def _wait(self) -> int:
        code = self.process.wait(30)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@dataclass
class Clients:
    """Clients that send requests, and each one again until it is acknowledged.

    Parameters
    ----------
    count : int
        How many send at once.
    """

    count: int
    address: str = ""
    acknowledged: set[str] = field(default_factory=set)
    sent: int = 0
    ending: threading.Event = field(default_factory=threading.Event)

    def start(self) -> list[threading.Thread]:
        """Begin to send."""
        threads = [threading.Thread(target=self._run, args=(n,)) for n in range(self.count)]
        for thread in threads:
            thread.start()
        return threads

    def _run(self, number: int) -> None:
        made = 0
        while not self.ending.is_set():
            name = f"request {number}x{made}"
            made += 1
            self.sent += 1
            while not self.ending.is_set() and not self._send(name, by_otlp=made % 2 == 0):
                time.sleep(0.01)

    def _send(self, name: str, *, by_otlp: bool) -> bool:
        path, body, headers = _otlp(name) if by_otlp else _lines(name)
        try:
            connection = http.client.HTTPConnection(self.address, timeout=10)
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return False
        if answer.status == 200:
            self.acknowledged.add(name)
            return True
        if answer.status != 503:
            raise RuntimeError(f"{path} was answered with {answer.status}")
        return False


def _bodies(name: str) -> list[str]:
    return [f"{name} record {number}" for number in range(_RECORDS)]


def _otlp(name: str) -> tuple[str, bytes, dict[str, str]]:
    records = [
        {"timeUnixNano": "1700000000000000000", "body": {"stringValue": body}}
        for body in _bodies(name)
    ]
    request = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    return "/v1/logs", json.dumps(request).encode(), {"Content-Type": "application/json"}


def _lines(name: str) -> tuple[str, bytes, dict[str, str]]:
    headers = {"Content-Type": "text/plain", "Idempotency-Key": name}
    return "/ingest?format=text", "\n".join(_bodies(name)).encode(), headers


def run(path: Path, kills: int, *, seed: int = 1, clients: int = 4) -> Outcome:
    """Kill a server on a new warehouse some times, and count what became of the records."""
    chance = random.Random(seed)
    sending = Clients(clients)
    threads: list[threading.Thread] = []
    try:
        for _ in range(kills):
            server = RunningServer(path, "--every", "1")
            sending.address = server.address
            threads = threads or sending.start()
            _wait_for(sending, chance.randrange(_MOST_REQUESTS))
            time.sleep(chance.uniform(0.0, _LONGEST_PAUSE))
            server.kill()
    finally:
        sending.ending.set()
        for thread in threads:
            thread.join()
    with Warehouse.open(path) as warehouse:
        return _count(warehouse, sending, kills)


def _wait_for(sending: Clients, requests: int) -> None:
    """Wait until more requests have been acknowledged."""
    wanted = len(sending.acknowledged) + requests
    deadline = time.monotonic() + _LONGEST_WAIT
    while len(sending.acknowledged) < wanted and time.monotonic() < deadline:
        time.sleep(0.005)


def _count(warehouse: Warehouse, sending: Clients, kills: int) -> Outcome:
    stored = Counter(body for (body,) in warehouse.rows("SELECT body FROM fame.logs"))
    wanted = [body for name in sending.acknowledged for body in _bodies(name)]
    requests = Counter(body.rpartition(" record ")[0] for body in stored)
    return Outcome(
        kills=kills,
        acknowledged=len(wanted),
        lost=sum(body not in stored for body in wanted),
        doubled=sum(count > 1 for count in stored.values()),
        torn=sum(count != _RECORDS for count in requests.values()),
    )
