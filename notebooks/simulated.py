"""Simulated logs, which the notebooks read where none of your own are named."""

from __future__ import annotations

import csv
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fame_sql.pipeline.simulator import FIRST_MOMENT, message_shapes, simulate
from fame_sql.pipeline.simulator.schedule import Burst, Schedule

_SEED = 5
_DAYS = 0.5


class Line(NamedTuple):
    """A line of the simulated log, without its label."""

    seconds: int
    time: str
    service: str
    number: str
    level: str
    message: str


def unknown_logs(folder: Path, lines: int = 6000) -> Path:
    """Write a folder of logs, one file a service, which say nothing of what is anomalous."""
    files: dict[str, list[str]] = {}
    for line in _lines(folder, lines, days=2):
        text = f"{line.time} {line.level} {line.message}\n"
        files.setdefault(line.service, []).append(text)
    logs = folder / "logs"
    logs.mkdir()
    for service, texts in files.items():
        (logs / f"{service}.log").write_text("".join(texts))
    return logs


def day_with_faults(folder: Path, lines: int = 8000) -> Path:
    """Write half a day of containers' logs, and the list of the faults in it, as Nezha has them."""
    with (folder / "day.log.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            (
                "Timestamp",
                "TimeUnixNano",
                "Node",
                "PodName",
                "Container",
                "TraceID",
                "SpanID",
                "Log",
            )
        )
        for line in _lines(folder, lines, days=_DAYS):
            log = f"{line.time[11:]}.000 {line.level} {line.service}.Main#1 {line.message}\n"
            docker = json.dumps({"log": log, "stream": "stdout", "time": f"{line.time}Z"})
            docker = docker.replace('": "', '":"').replace('", "', '","')
            pod = _pod(line.service, line.number)
            nanoseconds = line.seconds * 10**9
            rows.writerow((f"{line.time}Z", nanoseconds, "", pod, "server", "", "", docker))
    (folder / "day-fault_list.json").write_text(json.dumps({"00": list(_faults(lines))}, indent=1))
    return folder


def _lines(folder: Path, lines: int, days: float) -> Iterator[Line]:
    path = folder / "simulated.log"
    simulate(path, lines=lines, days=days, seed=_SEED)
    for text in path.read_text().splitlines():
        _, epoch, _, node, _, _, _, _, level, message = text.split(" ", 9)
        service, _, number = node.partition("-")
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(epoch)))
        yield Line(int(epoch), moment, service, number, level, message)
    path.unlink()


def _faults(lines: int) -> Iterator[dict[str, str]]:
    """Yield the bursts that the simulator plans, with the pods of all services that they touch."""
    schedule = Schedule.of(lines, _DAYS, random.Random(_SEED).random)
    seen: set[Burst] = set()
    for slot, bursts in sorted(schedule.bursts.items()):
        for burst in bursts:
            if burst in seen:
                continue
            seen.add(burst)
            shapes = (s for s in message_shapes() if s.incident == burst.family)
            services = sorted({s.component.lower() for s in shapes if s.kind != "normal"})
            seconds = FIRST_MOMENT + slot * schedule.slot_seconds
            yield {
                "inject_time": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)),
                "inject_pod": ",".join(_pod(name, f"{burst.nodes[0]:02d}") for name in services),
                "inject_type": burst.family,
            }


def _pod(service: str, number: str) -> str:
    return f"{service}-5dc8d4f9fd-pod{number}"
