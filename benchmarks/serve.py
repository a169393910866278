"""Records a second that 'fame serve' takes by OTLP, acknowledged and judged, beside 'fame ingest'.

    python benchmarks/serve.py --warehouse demo.duckdb --records 200000

Both run on a copy of the warehouse, with the same lines: 'fame ingest' reads them from a file with
a JSON object per line, and then scores them. The clients are threads of this process, which has the
requests ready before the clock starts, and share the machine with the server.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from running_server import FAME, RunningServer

_ROOT = Path(__file__).parents[1]
_NUMBER = re.compile(r"\d+")


def main() -> None:
    """Print the figures of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=_ROOT / "demo.duckdb")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=32)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = list(made_lines(copied(given.warehouse, Path(folder), "lines"), given.records))
        by_file = time_file(copied(given.warehouse, Path(folder), "file"), lines)
        print(f"fame ingest and score: {given.records / by_file:9,.0f} lines/s")
        served = copied(given.warehouse, Path(folder), "served")
        by_server = time_server(served, lines, given.batch, given.clients)
        print(f"fame serve / fame ingest: {by_file / by_server:.2f}")


def made_lines(warehouse: Path, count: int) -> Iterator[str]:
    """Yield messages of the warehouse, with other numbers in them; one in a thousand is new."""
    import duckdb

    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute("SELECT body FROM fame.logs WHERE body IS NOT NULL LIMIT 20000")
        bodies = [body for (body,) in rows.fetchall()]
    chance = random.Random(1)
    for number in range(count):
        body = bodies[number % len(bodies)]
        varied = _NUMBER.sub(lambda found: str(chance.randrange(10 ** len(found[0]))), body)
        yield f"{varied} {_word(chance)}" if number % 1000 == 0 else varied


def _word(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=9))


def copied(warehouse: Path, folder: Path, name: str) -> Path:
    """Copy a warehouse and its models, and return the copy."""
    path = folder / f"{name}.duckdb"
    shutil.copy(warehouse, path)
    shutil.copytree(warehouse.with_suffix(".models"), folder / f"{name}.models")
    return path


def time_file(warehouse: Path, lines: Sequence[str]) -> float:
    """Return the seconds of 'fame ingest' and 'fame score' with lines in a file."""
    file = warehouse.with_suffix(".jsonl")
    moment = "2026-01-01T00:00:00Z"
    with file.open("w") as out:
        for line in lines:
            out.write(json.dumps({"timestamp": moment, "service": "bench", "message": line}) + "\n")
    since = time.perf_counter()
    for command in (["ingest", file], ["score"]):
        subprocess.run([FAME, *command, "--warehouse", warehouse], check=True, capture_output=True)
    return time.perf_counter() - since


def requests(lines: Sequence[str], batch: int) -> Iterator[bytes]:
    """Yield requests of OTLP in protobuf."""
    moment = time.time_ns()
    for start in range(0, len(lines), batch):
        request = ExportLogsServiceRequest()
        resource_logs = request.resource_logs.add()
        service = resource_logs.resource.attributes.add()
        service.key, service.value.string_value = "service.name", "bench"
        records = resource_logs.scope_logs.add().log_records
        for number, line in enumerate(lines[start : start + batch], start):
            record = records.add()
            record.time_unix_nano = moment + number
            record.body.string_value = line
        yield request.SerializeToString()


def time_server(warehouse: Path, lines: Sequence[str], batch: int, clients: int) -> float:
    """Return the seconds until a server has stored and judged the lines; print what else it did."""
    ready = list(requests(lines, batch))
    server = RunningServer(warehouse)
    try:
        # The first request reads what the server needs once.
        _send_all(server.address, list(requests(["the first line"], 1)), 1)
        since = time.perf_counter()
        waits = sorted(_send_all(server.address, ready, clients))
        acknowledged = time.perf_counter() - since
        while _metric(server.address, "fame_records_unjudged"):
            time.sleep(0.01)
        judged = time.perf_counter() - since
        print(f"fame serve, acknowledged:{len(lines) / acknowledged:9,.0f} records/s")
        print(f"fame serve, judged:      {len(lines) / judged:9,.0f} records/s")
        print(f"answers: p50 {quantile(waits, 0.5):.2f} s, p99 {quantile(waits, 0.99):.2f} s")
        print(f"commits: {_metric(server.address, 'fame_commits_total'):.0f}")
        print(f"lag from arrival to verdict: p99 at most {lag(server.address):g} s")
        print(f"memory, at most: {_memory(server.process.pid)} MB")
    finally:
        server.stop()
    return judged


def _send_all(address: str, bodies: Sequence[bytes], clients: int) -> list[float]:
    """Send requests from some threads; return how long each waited for its answer."""
    left, waits = iter(bodies), list[float]()
    lock = threading.Lock()

    def send() -> None:
        connection = http.client.HTTPConnection(address)
        while True:
            with lock:
                body = next(left, None)
            if body is None:
                return
            since = time.perf_counter()
            while post(connection, body) == 503:
                time.sleep(0.05)
            waits.append(time.perf_counter() - since)

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(waits) != len(bodies):
        raise RuntimeError("a client failed")
    return waits


def post(connection: http.client.HTTPConnection, body: bytes) -> int:
    """Send a request, and return the status of its answer."""
    connection.request("POST", "/v1/logs", body, {"Content-Type": "application/x-protobuf"})
    answer = connection.getresponse()
    answer.read()
    if answer.status not in (200, 503):
        raise RuntimeError(f"answered with {answer.status}")
    return answer.status


def metrics(address: str) -> dict[str, float]:
    """Return the metrics of a server, by their names with labels."""
    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
        text = answer.read().decode()
    rows = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


def _metric(address: str, name: str) -> float:
    return metrics(address)[name]


def lag(address: str) -> float:
    """Return the bound below which 99 of 100 records had their verdict."""
    found = metrics(address)
    every = found["fame_verdict_lag_seconds_count"]
    bounds = {
        float(name.split('"')[1]): count
        for name, count in found.items()
        if name.startswith("fame_verdict_lag_seconds_bucket")
    }
    return min(bound for bound, count in bounds.items() if count >= 0.99 * every)


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1000


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return what a share of the numbers, in their order, is not above."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


if __name__ == "__main__":
    main()
