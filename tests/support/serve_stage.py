"""The server as a stage that is killed: clients send to it until everything is acknowledged."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kills import Stage
from serve_killed import DONE

from fame_sql.serve.token_file import add_token, new_token, tokens_of
from fame_sql.serve.tokens import digest, new_secret
from fame_sql.warehouse.warehouse import Warehouse

_WAREHOUSE = "w.duckdb"
_CLIENTS, _REQUESTS, _RECORDS, _FOLLOWED = 3, 4, 20, 60
_SECRET = new_secret()
_COUNT = "SELECT count(*) AS lines FROM logs WHERE body LIKE 'followed %'"


@dataclass
class Clients:
    """Clients that send requests, each one again until it is acknowledged.

    Parameters
    ----------
    address : str
        Where the server answers, between its deaths.
    place : Path
        The folder of the warehouse, in which the end is marked.
    """

    address: str
    place: Path
    acknowledged: set[str] = field(default_factory=set)
    ending: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to send."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        sending = [threading.Thread(target=self._send, args=(n,)) for n in range(_CLIENTS)]
        for thread in sending:
            thread.start()
        for thread in sending:
            thread.join()
        self._until(self._has_followed)
        if self.place.exists():
            (self.place / DONE).touch()

    def _send(self, number: int) -> None:
        for made in range(_REQUESTS):
            name = f"sent {number}x{made}"
            path, body, headers = _otlp(name) if made % 2 else _lines(name)
            if self._until(lambda: self._ask(path, body, headers) is not None):  # noqa: B023
                self.acknowledged.add(name)

    def _until(self, holds: Callable[[], bool]) -> bool:
        while not self.ending.is_set():
            if holds():
                return True
            time.sleep(0.01)
        return False

    def _has_followed(self) -> bool:
        answer = self._ask("/sql", _COUNT.encode(), {})
        return answer is not None and json.loads(answer)["rows"] == [[_FOLLOWED]]

    def _ask(self, path: str, body: bytes, headers: dict[str, str]) -> bytes | None:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            given = {"Authorization": f"Bearer {_SECRET}", **headers}
            connection.request("POST", path, body, given)
            answer = connection.getresponse()
            read = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status not in (200, 500, 503):
            raise AssertionError(f"{path} was answered with {answer.status}: {read[:200]!r}")
        return read if answer.status == 200 else None


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


def serving_stage(copy: Callable[[Path], object]) -> Stage:
    """Return the server, with a warehouse that has a model, clients, and a file that it follows.

    What is acknowledged is stored once, a request is stored whole or not at all, and in the end
    every line has a verdict.
    """
    port, clients = _free_port(), {}

    def prepare(place: Path) -> None:
        copy(place)
        made = new_token("client", "writer", digest(_SECRET), datetime(2026, 1, 1))
        add_token(tokens_of(place / _WAREHOUSE), made)
        (place / "app.log").write_text("".join(f"followed {n}\n" for n in range(_FOLLOWED)))
        clients[place] = Clients(f"127.0.0.1:{port}", place)
        clients[place].start()

    def holds(place: Path) -> None:
        acknowledged = sorted(clients[place].acknowledged)
        if wrong := _wrong(_stored(place), acknowledged):
            raise AssertionError(wrong)

    def result(place: Path) -> object:
        clients[place].ending.set()
        stored = _stored(place)
        with Warehouse.open(place / _WAREHOUSE, read_only=True) as opened:
            unjudged = opened.value("SELECT count(*) FROM scored_logs WHERE score IS NULL")
        return {
            "records": sum(stored.values()),
            "wrong": _wrong(stored, clients[place].acknowledged),
            "without a verdict": unjudged,
        }

    serve = ("serve", "--listen", f"127.0.0.1:{port}", "--quack", "none", "--every", "1")
    here = ("--warehouse", _WAREHOUSE)
    commands = [[*serve, "--follow", "app.log", *here], ["score", *here]]
    return Stage("server", prepare, commands, result, holds, call="serve_killed:run")


def _stored(place: Path) -> Counter[str]:
    with Warehouse.open(place / _WAREHOUSE, read_only=True) as opened:
        statement = "SELECT body FROM fame.logs WHERE body SIMILAR TO '(sent|followed) [0-9].*'"
        return Counter(body for (body,) in opened.rows(statement))


def _wrong(stored: Counter[str], acknowledged: Iterable[str]) -> str:
    """Return what is lost, doubled or torn."""
    lost = [body for name in acknowledged for body in _bodies(name) if body not in stored]
    doubled = [body for body, count in stored.items() if count > 1]
    requests = Counter(b.rpartition(" record ")[0] for b in stored if b.startswith("sent"))
    torn = [name for name, count in requests.items() if count != _RECORDS]
    found = {"lost": lost, "doubled": doubled, "torn": torn}
    return ", ".join(f"{len(what)} {name}: {what[0]}" for name, what in found.items() if what)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
