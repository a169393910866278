"""A log of a small system whose counts a test decides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

START = datetime(2025, 3, 3, 8)
"""The first line, a Monday."""
SERVICES = {
    "cart": {"item added to cart": 6, "cart opened by customer": 3, "coupon refused": 1},
    "search": {"query answered from index": 8, "query answered from cache": 4},
    "mail": {"message queued for delivery": 3, "message delivered": 3},
}
"""Lines in ten seconds, by service and message."""
Line = tuple[datetime, str, str]


def quiet_lines(
    minutes: float,
    *,
    seed: int = 1,
    start: datetime = START,
    rates: Mapping[str, Mapping[str, float]] = SERVICES,
) -> list[Line]:
    """Draw lines of a system in which nothing changes, each message a Poisson process."""
    random = np.random.default_rng(seed)
    lines = []
    for service, messages in rates.items():
        for message, rate in messages.items():
            seconds = random.uniform(0, 60 * minutes, random.poisson(rate * 6 * minutes))
            lines += [(start + timedelta(seconds=float(s)), service, message) for s in seconds]
    return sorted(lines)


def without(lines: Iterable[Line], what: str, since: float, until: float) -> list[Line]:
    """Leave out a message, or a service, between two minutes after the start."""
    first, last = (START + timedelta(minutes=minutes) for minutes in (since, until))
    return [line for line in lines if what not in line[1:] or not first <= line[0] < last]


def repeated(service: str, message: str, at: float, count: int, minutes: float = 2) -> list[Line]:
    """Return lines of one message, evenly spread from a minute after the start on."""
    step = timedelta(minutes=minutes) / count
    return [(START + timedelta(minutes=at) + n * step, service, message) for n in range(count)]


def write_log(path: Path, lines: Sequence[Line]) -> Path:
    """Write lines as JSON, in the order given."""
    rows = (
        json.dumps({"timestamp": f"{time.isoformat()}Z", "service": service, "message": message})
        for time, service, message in lines
    )
    path.write_text("".join(f"{row}\n" for row in rows))
    return path
