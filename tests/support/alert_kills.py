"""Kill the process that sends alerts at random, and count what a receiver gets."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alert_killed import SETTINGS
from alert_servers import Receivers

from fame_sql.operations.alerts.stored_settings import store_settings
from fame_sql.warehouse.warehouse import Warehouse

_PROCESS = Path(__file__).with_name("alert_killed.py")
_LONGEST = 120


@dataclass(frozen=True)
class Kills:
    """What came of killing.

    Parameters
    ----------
    kills : int
        Processes that were killed before they were done.
    expected, received : int
        Messages that there are, and different ones that arrived.
    repeats : int
        Messages that arrived again.
    most_repeats : int
        How often the same message arrived again at most.
    """

    kills: int
    expected: int
    received: int
    repeats: int
    most_repeats: int


def send_and_kill(
    warehouse: Path, servers: Receivers, incidents: int, kills: int, seed: int
) -> Kills:
    """Send the beginning and the end of incidents to two channels, with kills in between."""
    with Warehouse.open(warehouse) as opened:
        store_settings(opened, SETTINGS, "tester", datetime(2027, 3, 2), force=True)
    draw, done = random.Random(seed), 0
    while not _run(warehouse, servers, incidents, draw.uniform(1.0, 3.5) if done < kills else None):
        done += 1
    hook = Counter(r.headers["idempotency-key"] for r in servers.received["hook"])
    pager = Counter((r.body["event_action"], r.body["dedup_key"]) for r in servers.received["pd"])
    counted = [*hook.values(), *pager.values()]
    return Kills(done, 4 * incidents, len(counted), sum(counted) - len(counted), max(counted) - 1)


def _run(warehouse: Path, servers: Receivers, incidents: int, seconds: float | None) -> bool:
    """Run the process; return whether it ended by itself."""
    support, root = _PROCESS.parent, _PROCESS.parents[2]
    process = subprocess.Popen(
        [sys.executable, str(_PROCESS), str(warehouse), servers.http, str(incidents)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(support), str(root), *sys.path])},
    )
    try:
        if process.wait(seconds or _LONGEST):
            raise RuntimeError(f"the process failed: {process.returncode}")
        return True
    except subprocess.TimeoutExpired:
        if seconds is None:
            raise
        process.kill()
        process.wait()
        return False
