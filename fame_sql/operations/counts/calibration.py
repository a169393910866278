"""The least statistic of an anomaly of counts, calibrated on quiet time of the same log."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import Template

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.operations.counts.testing import compare_between, run
from fame_sql.operations.counts.update import RATE
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calibration:
    """What quiet time says of the least statistic.

    Parameters
    ----------
    days : float
        How long the quiet time was, from its first to its last window.
    windows : int
        How many windows were tested.
    before : int
        False alarms in it at any statistic, overlapping windows of one series as one.
    least_g : float
        The least statistic with which no more of them are left than are allowed.
    left : int
        How many are left.
    least_g_of_half, left_in_half : float, int
        The least statistic by the first half alone, and how many are left in the second half with
        it: what to expect of time that was not calibrated on.
    """

    days: float
    windows: int
    before: int
    least_g: float
    left: int
    least_g_of_half: float
    left_in_half: int


def calibrate(
    warehouse: Warehouse, since: datetime, until: datetime, *, per_day: float, now: datetime
) -> Calibration:
    """Find the least statistic with which quiet time has few enough false alarms.

    Every anomaly in quiet time is a false alarm. Windows are compared with the past alone, as a
    pass does it.

    Parameters
    ----------
    warehouse : Warehouse
        A warehouse whose counts are up to date.
    since, until : datetime
        The quiet time, in UTC.
    per_day : float
        How many false alarms a day are allowed.
    now : datetime
        The time, in UTC.

    Raises
    ------
    InputError
        If the log has no lines with a past in that time.
    """
    compare_between(warehouse, since, until, now=now, looking_back=False)
    first, last, windows = warehouse.rows(sql.load("operations/counts/tested_span"))[0]
    if not windows:
        raise InputError(
            f"between {since} and {until} the log has no lines with a past: name quiet time, in "
            "UTC, that begins some hours after the first line"
        )
    days, middle = (last - first) / _DAY, first + (last - first) / 2
    least = _least(warehouse, first, last, per_day * days)
    of_half = _least(warehouse, first, middle, per_day * days / 2)
    return Calibration(
        days,
        windows,
        _alarms(warehouse, first, last, 0)[0],
        least,
        _alarms(warehouse, first, last, least)[0],
        of_half,
        _alarms(warehouse, middle, last, of_half)[0],
    )


def _least(warehouse: Warehouse, since: datetime, until: datetime, allowed: float) -> float:
    """Return the least statistic that leaves at most so many alarms, in steps of a tenth."""
    least = 0.0
    while True:
        count, statistics = _alarms(warehouse, since, until, least)
        if count <= allowed:
            return least
        # One more than allowed has to go: without its weakest windows an alarm can become two.
        least = math.floor(statistics[int(allowed)] * 10 + 1) / 10


def _alarms(
    warehouse: Warehouse, since: datetime, until: datetime, least_g: float
) -> tuple[int, list[float]]:
    """Return how many alarms there are in a time, and their statistics, the greatest first."""
    rate = float(settings.read(warehouse.connection, settings.COUNT_RATE) or RATE)
    run(warehouse, "findings", rate=rate, least_g=least_g)
    listed = Template(sql.load("operations/counts/listed")).safe_substitute(relation="findings")
    rows = warehouse.records(listed, {"since": since, "until": until, "top": 2**31})
    return len(rows), [row["g"] for row in rows]
