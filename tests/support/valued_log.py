"""A log in which numbers within one decade decide."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

START = datetime(2025, 3, 1)


def write_log(path: Path, lines: int = 1500) -> Path:
    """Write disks that fail from 97 % on, answers that fail with 503, and a quiet template."""
    draw = random.Random(7)
    with path.open("w", encoding="utf-8") as log:
        for number in range(lines):
            body, fails = message(draw)
            # Four days, so that some can expire.
            moment = START + timedelta(seconds=number * 4 * 86_400 // lines)
            label = "fail" if fails else "-"
            record = {"timestamp": str(moment), "body": body, "label": label}
            log.write(json.dumps(record) + "\n")
    return path


def message(draw: random.Random) -> tuple[str, bool]:
    device, fails = f"dev-{draw.randrange(90)}", draw.random() < 0.15
    kind = draw.randrange(3)
    if kind == 0:
        share = draw.randrange(97, 101) if fails else draw.randrange(40, 97)
        return f"disk {device} is {share}% full", fails
    if kind == 1:
        status = 503 if fails else draw.choice((500, 501, 502, 504))
        return f"upstream {device} answered with status {status}", fails
    return f"session of {device} was renewed after {draw.randrange(900)} ms", False
