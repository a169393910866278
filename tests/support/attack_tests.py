"""Attacks that are tests of their own, counted: options, injections, endpoints, hostile input."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import Tried

_FILES = {
    "options and arguments": ("cli/test_nonsense.py",),
    "injections: orders in lines": ("labels/test_injections.py",),
    "injections: text in SQL": ("planner/test_planner.py", "domains/test_grouping.py"),
    "endpoints that lie": ("llm/test_endpoints.py", "attack/test_claims.py"),
    "keys": ("attack/test_keys.py", "operations/alerts/test_secrets.py"),
    "bombs": ("attack/test_bombs.py",),
    "warehouses of strangers": ("attack/test_strangers.py",),
    "half-written lines": ("attack/test_half_lines.py",),
    "bad logs": ("ingest/test_ingest_bad_input.py",),
}


class _Counting:
    """Counts the tests of a run, and keeps how the failed ones failed."""

    def __init__(self, name: str) -> None:
        self.tried = Tried(name)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or (report.when == "setup" and report.failed):
            self.tried.tried += not report.skipped
        if report.failed:
            self.tried.failed.append(f"{report.nodeid}: {str(report.longrepr)[-300:]}")


def tests_of(tests: Path) -> Iterator[Tried]:
    """Run the files of tests, and yield what came of each kind."""
    for name, files in _FILES.items():
        counting = _Counting(name)
        words = ["-qqq", "--no-header", "--no-summary", "-p", "no:cacheprovider"]
        pytest.main([*words, *(str(tests / file) for file in files)], plugins=[counting])
        yield counting.tried
