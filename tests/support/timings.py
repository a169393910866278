"""How long the tests took when they were last measured ('make timings').

'make quick' leaves the long ones out, and the files that take longest begin first. A test that was
not measured counts as short.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "timings.csv"
LONG = 0.3
"""Seconds, on average over the cases of a test, above which 'make quick' leaves it out."""
_LEAST = 0.2
_COLUMNS = ("test", "cases", "seconds")


@dataclass
class Timing:
    """Cases of a test, and the seconds of all of them with their fixtures."""

    cases: int = 0
    seconds: float = 0.0

    @property
    def is_long(self) -> bool:
        return self.seconds > LONG * self.cases


def read(path: Path = FILE) -> dict[str, Timing]:
    """Return the timings of tests by their name without parameters."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {row["test"]: Timing(int(row["cases"]), float(row["seconds"])) for row in rows}


def name_of(nodeid: str) -> str:
    """Return the name of a test without its parameters."""
    return nodeid.partition("[")[0]


def seconds_by_file(timings: dict[str, Timing]) -> dict[str, float]:
    """Return the seconds of the tests of each file."""
    found: dict[str, float] = defaultdict(float)
    for test, timing in timings.items():
        found[test.partition("::")[0]] += timing.seconds
    return found


class Recorder:
    """Measures a run and writes it; tests that did not run keep what was measured before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._timings: dict[str, Timing] = defaultdict(Timing)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        timing = self._timings[name_of(report.nodeid)]
        timing.seconds += report.duration
        timing.cases += report.when == "call"

    def pytest_sessionfinish(self) -> None:
        before = read(self._path) if self._path.exists() else {}
        found = {**before, **self._timings}
        with self._path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(_COLUMNS)
            rows.writerows(
                (test, timing.cases, f"{timing.seconds:.1f}")
                for test, timing in sorted(found.items())
                if timing.cases and timing.seconds >= _LEAST
            )
