"""Kill what sends alerts at random, and count what a receiver gets."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alert_killed import SETTINGS
from alert_servers import Receivers
from kills import Forks, forks

from fame_sql.operations.alerts.stored_settings import store_settings
from fame_sql.warehouse.warehouse import Warehouse

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
    words = [str(warehouse), servers.http, str(incidents)]
    with forks(warehouse.parent) as forking:
        while not _run(forking, words, draw.uniform(0.1, 2.5) if done < kills else None):
            done += 1
    hook = Counter(r.headers["idempotency-key"] for r in servers.received["hook"])
    pager = Counter((r.body["event_action"], r.body["dedup_key"]) for r in servers.received["pd"])
    counted = [*hook.values(), *pager.values()]
    return Kills(done, 4 * incidents, len(counted), sum(counted) - len(counted), max(counted) - 1)


def _run(forking: Forks, words: list[str], seconds: float | None) -> bool:
    """Run the process; return whether it ended by itself."""
    child = forking.start(words, call="alert_killed:run")
    code = child.wait(seconds or _LONGEST)
    if code is None and seconds is not None:
        child.kill()
        child.wait(_LONGEST)
        return False
    if code != 0:
        raise RuntimeError(f"the process failed: {code}: {child.said[-2000:]}")
    return True
