"""The schedule of the simulated lines: a daily rhythm, peaks, and bursts of anomalies."""

from __future__ import annotations

import math
import time
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, cycle
from typing import NamedTuple

from fame_sql.pipeline.simulator.fields import Draw
from fame_sql.pipeline.simulator.shapes import message_shapes

FIRST_MOMENT = 1_741_132_800
"""The start of the log in seconds since the epoch: Wednesday, 2025-03-05 00:00 UTC."""
LATE = 0.8
"""The share of the time, and of the lines, before which no late shape appears."""
BURST_SHARE = 0.044
"""The share of the lines in bursts."""
NODES = 16
"""Number of nodes of each service."""
_SLOT_SECONDS = 60


class Moment(NamedTuple):
    """A point in time, as the log writes it."""

    epoch: int
    date: str
    stamp: str

    @classmethod
    def after(cls, seconds: float) -> Moment:
        """Return the moment ``seconds`` seconds after the first one."""
        whole, micros = divmod(int(seconds * 1_000_000), 1_000_000)
        epoch = FIRST_MOMENT + whole
        year, month, day, hour, minute, second = time.gmtime(epoch)[:6]
        stamp = f"{year}-{month:02d}-{day:02d}-{hour:02d}.{minute:02d}.{second:02d}.{micros:06d}"
        return cls(epoch, f"{year}.{month:02d}.{day:02d}", stamp)


@dataclass(frozen=True, slots=True)
class Burst:
    """An incident: its family, and the numbers of the affected nodes."""

    family: str
    nodes: tuple[int, ...]


@dataclass
class Schedule:
    """The number of lines in each slot of time.

    Parameters
    ----------
    slot_seconds : float
        Length of a slot.
    background : list of int
        Lines of each slot outside bursts.
    late_slot : int
        The first slot of the last fifth, by the clock and by the count of lines.
    bursts : dict
        Lines of each burst, by slot.
    """

    slot_seconds: float
    background: list[int]
    late_slot: int
    bursts: dict[int, Counter[Burst]] = field(default_factory=lambda: defaultdict(Counter))

    @classmethod
    def of(cls, lines: int, days: float, draw: Draw) -> Schedule:
        """Return a schedule of exactly ``lines`` lines over ``days`` days."""
        slots = max(20, math.ceil(days * 86_400 / _SLOT_SECONDS))
        seconds = days * 86_400 / slots
        planned = round(lines * BURST_SHARE)
        quiet = lines - planned
        loads = list(accumulate(_load(slot * seconds, draw) for slot in range(slots)))
        reached = [int(quiet * (load / loads[-1])) for load in loads]
        background = [after - before for before, after in zip([0, *reached], reached, strict=False)]
        late = min(max(math.ceil(slots * LATE), bisect(reached, LATE * quiet)), slots - 1)
        schedule = cls(seconds, background, late)
        early = round(planned * LATE)
        schedule._plan(range(late), early, draw)
        schedule._plan(range(late, slots), planned - early, draw)
        return schedule

    def _plan(self, slots: range, budget: int, draw: Draw) -> None:
        """Plan the bursts of an era; in the last one, half of their lines have new families."""
        known, new = (cycle(families(era)) for era in ("always", "late"))
        written = Counter[bool]()
        for size in _burst_sizes(budget, draw):
            is_new = slots.start > 0 and written[True] <= written[False]
            written[is_new] += size
            nodes = tuple(int(NODES * draw()) for _ in range(1 + int(3 * draw())))
            self._place(Burst(next(new if is_new else known), nodes), size, slots, draw)

    def _place(self, burst: Burst, size: int, slots: range, draw: Draw) -> None:
        start = slots.start + int(draw() * len(slots))
        minutes = 2 + int(14 * draw())
        for _ in range(size):
            # Squared, so that most lines of a burst are at its beginning.
            slot = start + int(minutes * draw() ** 2)
            self.bursts[min(slot, slots.stop - 1)][burst] += 1


def families(era: str) -> list[str]:
    """Return the families of incidents of an era."""
    shapes = message_shapes()
    return list(dict.fromkeys(s.incident for s in shapes if s.incident and s.era == era))


def _load(seconds: float, draw: Draw) -> float:
    """Return the relative traffic of a slot: busy afternoons, quiet weekends, heavy peaks."""
    weekday, hour = (2 + int(seconds // 86_400)) % 7, seconds / 3600 % 24
    daily = 1 + 0.6 * math.cos(2 * math.pi * (hour - 15) / 24)
    return daily * (0.7 if weekday >= 5 else 1.0) * float(min(0.7 * (1 - draw()) ** -0.3, 5.0))


def _burst_sizes(budget: int, draw: Draw) -> Iterator[int]:
    """Yield heavy-tailed sizes from 20 to 199 that sum to the budget."""
    while budget > 0:
        size = int(min(20 * (1 - draw()) ** -0.6, 180, max(20, budget / 3)))
        size = budget if budget - size < 20 else size
        yield size
        budget -= size
