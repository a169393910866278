"""The axis of time that all charts have: UTC, with a clock of 24 hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeAlias

from fame_sql.forensics.drawing import need

_LABEL = (
    "utcFormat(datum.value, utchours(datum.value) == 0 && utcminutes(datum.value) == 0"
    " ? '%b %d' : utcseconds(datum.value) == 0 ? '%H:%M' : '%H:%M:%S')"
)
_EACH = 70
"""Pixels that a label takes."""
_MOST = 400
"""Buckets that a chart has room for."""


Period: TypeAlias = tuple[datetime, datetime]
"""A range of time in UTC that a chart shows, whatever its rows are."""


def time_axis(field: str, width: int, period: Period | None = None, *, room: int = 0) -> Any:
    """Return the encoding of a time along a chart of some width; of all of a period if given.

    Some ``room`` on both sides keeps marks that are wide from names beside the chart.
    """
    alt = need("altair")
    bounds = {} if period is None else {"domain": [_text(moment) for moment in period]}
    axis = alt.Axis(labelExpr=_LABEL, tickCount=max(2, width // _EACH), labelSeparation=8)
    scale = alt.Scale(type="utc", padding=room, **bounds)
    return alt.X(f"{field}:T", title="time (UTC)", scale=scale, axis=axis)


def middles(starts: Iterable[str]) -> dict[str, str]:
    """Return the middle of each bucket, from its start: a mark stands there.

    Parameters
    ----------
    starts : iterable of str
        The starts as :func:`~fame_sql.forensics.charts.records.records` returns times. The smallest
        distance between two of them is taken for the length of a bucket.
    """
    times = sorted(datetime.fromisoformat(start) for start in set(starts))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    half = min(gaps) / 2 if gaps else None
    middle = {time: time + half if half is not None else time for time in times}
    return {_text(time): _text(middle[time]) for time in times}


def buckets_in(starts: Iterable[str], period: Period | None) -> int:
    """Return how many buckets a chart has room for, with those that have no row; at least one."""
    times = sorted({datetime.fromisoformat(start).replace(tzinfo=None) for start in starts})
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if not gaps:
        return 1
    first, last = period or (times[0], times[-1] + min(gaps))
    return max(1, round((last - first) / min(gaps)))


def with_empty(starts: Iterable[str]) -> list[str]:
    """Return all buckets from the first to the last, with those that have no row.

    Of buckets of different lengths, such as months, and of far too many, those with rows.
    """
    written = sorted(set(starts))
    times = [datetime.fromisoformat(start) for start in written]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if not gaps or any(gap % min(gaps) for gap in gaps):
        return written
    number = (times[-1] - times[0]) // min(gaps) + 1
    if number > _MOST:
        return written
    return [_text(times[0] + place * min(gaps)) for place in range(number)]


def _text(time: datetime) -> str:
    return time.replace(tzinfo=None).isoformat() + "Z"
