"""A simulator of the log of a small data centre.

What decides whether a line is anomalous is known (:func:`message_shapes`): which message shapes
are anomalous; which words, paths, statuses and percentages decide the mixed ones; and which
shapes first appear in the last fifth of the time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from fame_sql.errors import InputError
from fame_sql.pipeline.simulator.centre import DataCentre, Writer
from fame_sql.pipeline.simulator.fields import Draw
from fame_sql.pipeline.simulator.schedule import FIRST_MOMENT, LATE, Moment, Schedule
from fame_sql.pipeline.simulator.shapes import Shape, message_shapes

__all__ = ["FIRST_MOMENT", "LATE", "Shape", "message_shapes", "simulate"]


def simulate(path: Path, *, lines: int = 20_000, seed: int = 0, days: float = 7) -> None:
    """Write a simulated log in loghub's supercomputer format, ordered by time.

    Each line is ``label epoch date node timestamp node RAS COMPONENT LEVEL message``. The label
    is ``-`` for a normal line and an alert category otherwise. About one line in twenty is
    anomalous. About half of the anomalies in the last fifth have shapes that do not occur before.

    Parameters
    ----------
    path : Path
        The file to write; an existing file is overwritten.
    lines : int
        Number of lines.
    seed : int
        The same seed and sizes give the same bytes.
    days : float
        The time that the log covers, starting at 2025-03-05 00:00 UTC.

    Raises
    ------
    InputError
        If a size is out of range or the file cannot be written.
    """
    if lines < 1:
        raise InputError(f"lines must be at least 1, not {lines}; use for example --lines 20000")
    if not 0 < days <= 3650:
        raise InputError(
            f"days must be above 0 and at most 3650, not {days}; use for example --days 7"
        )
    draw = random.Random(seed).random
    schedule = Schedule.of(lines, days, draw)
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_lines(schedule, DataCentre(draw), draw))
    except OSError as error:
        raise InputError(
            f"cannot write {str(path)!r}: {error.strerror}; name a file in an existing folder"
        ) from None


def _lines(schedule: Schedule, centre: DataCentre, draw: Draw) -> Iterator[str]:
    for slot, count in enumerate(schedule.background):
        writers: list[tuple[float, Writer]] = [(draw(), centre.background) for _ in range(count)]
        for burst, size in schedule.bursts.get(slot, {}).items():
            write = centre.incident(burst)
            writers += [(draw(), write) for _ in range(size)]
        writers.sort(key=lambda pair: pair[0])
        late = slot >= schedule.late_slot
        for within, write in writers:
            yield write(Moment.after((slot + within) * schedule.slot_seconds), late)
