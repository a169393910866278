"""Metrics as text, in the format OpenMetrics 1.0.

Prometheus reads it over HTTP, and from files by the textfile collector of its node exporter. That
collector knows the older text format alone, to which ``# UNIT`` and ``# EOF`` are comments, and
refuses timestamps. So samples have none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
"""The content type of the text, for who serves it over HTTP."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Sample:
    """One value of a metric.

    Parameters
    ----------
    value : float
        The value.
    labels : mapping
        What tells it from other values of the metric; values may be any text.
    suffix : str
        What follows the metric's name: of a histogram ``_bucket``, ``_sum`` or ``_count``.
    """

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True)
class Metric:
    """A metric with its values.

    Parameters
    ----------
    name : str
        Its name, in lower case and with its unit at the end; of a counter without ``_total``.
    kind : {"gauge", "counter", "histogram", "info"}
        Its type.
    help : str
        What it measures, in one sentence.
    samples : tuple of Sample
        Its values.
    unit : str
        Its unit, with which the name ends; empty if it has none.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram", "info"]
    help: str
    samples: tuple[Sample, ...]
    unit: str = ""


def as_text(metrics: Iterable[Metric]) -> str:
    """Return metrics as OpenMetrics text.

    Parameters
    ----------
    metrics : iterable of Metric
        The metrics; one without a value is left out.

    Raises
    ------
    ValueError
        If a metric occurs twice, or its name or one of its labels is not allowed.
    """
    lines: list[str] = []
    seen: set[str] = set()
    for metric in metrics:
        _check(metric, seen)
        if metric.samples:
            lines.extend(_lines(metric))
    return "\n".join([*lines, "# EOF"]) + "\n"


def seconds_of(moment: datetime) -> float:
    """Return a time in UTC without a zone as seconds since 1970."""
    return moment.replace(tzinfo=UTC).timestamp()


def _check(metric: Metric, seen: set[str]) -> None:
    names = [metric.name, *(name for sample in metric.samples for name in sample.labels)]
    if wrong := [name for name in names if not _NAME.fullmatch(name)]:
        raise ValueError(f"{metric.name}: {wrong[0]!r} is no name in lower case")
    if metric.unit and not metric.name.endswith(f"_{metric.unit}"):
        raise ValueError(f"{metric.name} does not end with its unit, {metric.unit}")
    if metric.name in seen or metric.name.endswith(("_total", "_info")):
        raise ValueError(f"{metric.name} occurs twice, or ends with the suffix of its type")
    seen.add(metric.name)


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# TYPE {metric.name} {metric.kind}"
    if metric.unit:
        yield f"# UNIT {metric.name} {metric.unit}"
    yield f"# HELP {metric.name} {_escaped(metric.help)}"
    own = {"counter": "_total", "info": "_info"}.get(metric.kind, "")
    for sample in metric.samples:
        yield f"{metric.name}{sample.suffix or own}{_labels(sample)} {_number(sample.value)}"


def _labels(sample: Sample) -> str:
    if not sample.labels:
        return ""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(text: str) -> str:
    """Return text in which a line break or quote ends nothing."""
    valid = text.encode("utf-8", "replace").decode("utf-8")
    return valid.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
