"""A study as tables of rows, for the terminal and CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fame_sql.evaluation.metrics import Estimate
from fame_sql.evaluation.study.label_curve import CurvePoint
from fame_sql.evaluation.study.summary import Key

COLUMNS = (
    "split",
    "lines",
    "detector",
    "precision",
    "recall",
    "F1",
    "AP",
    "false alarms/M",
    "calibration error",
    "recall bound",
    "recall bound 5 %",
)
CURVE_COLUMNS = ("split", "detector", "labels chosen", "K", "lines labelled", "F1", "AP")


def with_interval(measured: Estimate) -> str:
    """Return a measure and its interval as text, ``-`` where it is undefined."""
    if measured.value is None:
        return "-"
    digits = 0 if measured.value > 1.5 else 3
    if measured.low is None or measured.high is None:
        return f"{measured.value:.{digits}f}"
    interval = f"[{measured.low:.{digits}f}, {measured.high:.{digits}f}]"
    return f"{measured.value:.{digits}f} {interval}"


def alone(measured: Estimate) -> float | None:
    """Return the value of a measure without its interval."""
    return measured.value


def study_rows(
    measures: Mapping[Key, Mapping[str, Estimate]],
    part: str | None,
    show: Callable[[Estimate], object] = with_interval,
) -> list[tuple[object, ...]]:
    """Return a row of :data:`COLUMNS` for each split, part of the lines and detector.

    Parameters
    ----------
    measures : mapping
        As :func:`fame_sql.evaluation.study.summary.measure_groups` returns them.
    part : str or None
        The part of the lines to keep; None for every part.
    show : callable
        How a measure is shown: :func:`with_interval` or :func:`alone`.
    """
    rows = [
        (split, name, detector, *map(show, found.values()))
        for (split, detector, name), found in measures.items()
        if part in (None, name)
    ]
    return sorted(rows, key=lambda row: (row[0], row[1]))


def curve_rows(
    points: Sequence[CurvePoint], show: Callable[[Estimate], object] = with_interval
) -> list[tuple[object, ...]]:
    """Return a row of :data:`CURVE_COLUMNS` for each point of a label curve."""
    return [
        (*point.names, f"{point.labels:.0f}", show(point.f1), show(point.average_precision))
        for point in points
    ]
