"""A log in which a number within one decade decides whether a line is anomalous."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

# Message, lowest and highest number, and which numbers are anomalous.
PLANTED: tuple[tuple[str, int, int, Callable[[int], bool]], ...] = (
    ("disk {device} is {number}% full", 40, 100, lambda number: number >= 97),
    ("inlet temperature of {device} is {number} degrees", 60, 89, lambda number: number >= 86),
    ("upstream {device} answered with status {number}", 500, 504, lambda number: number == 503),
    ("worker {device} left with exit status {number}", 0, 3, lambda number: number == 2),
)
START = datetime(2025, 3, 1)
LINES = 8_000
RARE = 0.05
"""Share of lines with an anomalous number."""


def decades(path: Path, seed: int = 0) -> Path:
    """Write the log as JSON lines with labels; it is the same every time for a seed."""
    draw = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as log:
        for second in range(LINES):
            message, low, high, fails = PLANTED[draw.integers(len(PLANTED))]
            numbers = np.arange(low, high + 1)
            bad = np.array([fails(int(number)) for number in numbers])
            number = int(draw.choice(numbers[bad == (draw.random() < RARE)]))
            record = {
                "timestamp": str(START + timedelta(seconds=second)),
                "body": message.format(device=f"dev-{draw.integers(400)}", number=number),
                "label": "fail" if fails(number) else "normal",
            }
            log.write(json.dumps(record) + "\n")
    return path
