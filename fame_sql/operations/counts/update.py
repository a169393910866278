"""One pass over the counts: what is new is counted, and the windows that it lies in are tested."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fame_sql.console import Progress, SilentProgress
from fame_sql.operations.counts.counting import count_lines
from fame_sql.operations.counts.testing import run, run_tests
from fame_sql.warehouse import settings
from fame_sql.warehouse.connection import utc_now
from fame_sql.warehouse.warehouse import Warehouse

RATE = 0.05
"""The rate of false discoveries in a window unless the warehouse states another."""
_CHUNK = 2880
"""Half minutes that are tested and committed at once: a day."""


@dataclass(frozen=True)
class CountReport:
    """What a pass over the counts did.

    Parameters
    ----------
    buckets : int
        Half minutes with new lines.
    windows : int
        Windows that were tested.
    found : int
        Anomalies in them.
    """

    buckets: int
    windows: int
    found: int


def update(
    warehouse: Warehouse,
    *,
    now: datetime | None = None,
    recount: bool = False,
    progress: Progress | None = None,
) -> CountReport:
    """Bring ``fame.count_anomalies`` up to date for lines that have come since the last pass.

    Each window is compared with the sessions before it. Late lines are counted in the windows that
    they belong to, which are tested again. A pass that is interrupted continues the next time.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse that may be written, outside a transaction.
    now : datetime, optional
        The time in UTC without a zone, by default the clock's. A window is tested once it has
        ended.
    recount : bool
        Count all lines and test all windows again.
    progress : Progress, optional
        Receives the progress of counting, and of testing by half minutes.

    Returns
    -------
    CountReport
        What was counted, tested and found.
    """
    now, progress = now or utc_now(), progress or SilentProgress()
    with warehouse.transaction():
        buckets = count_lines(warehouse, recount=recount, progress=progress)
    waiting = int(warehouse.value("SELECT count(*) FROM fame.untested_counts"))
    windows = found = 0
    run(warehouse, "sessions")
    with progress.step("testing counts", waiting) as step:
        while chosen := _test_next(warehouse, now):
            step.advance(chosen[0])
            windows, found = windows + chosen[1], found + chosen[2]
    return CountReport(buckets, windows, found)


def _test_next(warehouse: Warehouse, now: datetime) -> tuple[int, int, int] | None:
    """Test the next windows; return how many half minutes, windows and anomalies there were."""
    with warehouse.transaction():
        run(warehouse, "choose_untested", now=now, most=_CHUNK)
        chosen = int(warehouse.value("SELECT count(*) FROM chosen_buckets"))
        if not chosen:
            return None
        run_tests(warehouse, now=now)
        find(warehouse)
        run(warehouse, "store_findings", found_at=now)
        run(warehouse, "forget_tested")
        windows = int(warehouse.value("SELECT count(*) FROM tested_windows"))
        return chosen, windows, int(warehouse.value("SELECT count(*) FROM findings"))


def find(warehouse: Warehouse) -> None:
    """Put what is significant in ``count_tests`` into the temporary table ``findings``."""
    rate = settings.read(warehouse.connection, settings.COUNT_RATE)
    least = settings.read(warehouse.connection, settings.COUNT_LEAST_G)
    run(warehouse, "findings", rate=float(rate or RATE), least_g=float(least or 0))
