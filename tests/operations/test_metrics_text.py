"""Metrics as OpenMetrics text."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from fame_sql.operations.metrics import Metric, Sample, as_text, seconds_of

pytestmark = pytest.mark.any_duckdb


def test_a_metric_has_its_type_unit_help_and_values() -> None:
    sizes = Metric(
        "disk_bytes",
        "gauge",
        "Size of a disk.",
        (Sample(1.5, {"disk": "a"}), Sample(2, {"disk": "b"})),
        "bytes",
    )
    requests = Metric("requests", "counter", "Requests.", (Sample(3),))
    assert as_text([sizes, requests]) == (
        "# TYPE disk_bytes gauge\n"
        "# UNIT disk_bytes bytes\n"
        "# HELP disk_bytes Size of a disk.\n"
        'disk_bytes{disk="a"} 1.5\n'
        'disk_bytes{disk="b"} 2\n'
        "# TYPE requests counter\n"
        "# HELP requests Requests.\n"
        "requests_total 3\n"
        "# EOF\n"
    )


def test_text_of_logs_ends_no_label_and_no_line() -> None:
    hostile = 'a"} 1\nb\\ \ud800'
    text = as_text([Metric("lines", "gauge", "Lines.", (Sample(1, {"service": hostile}),))])
    assert text.splitlines()[2] == 'lines{service="a\\"} 1\\nb\\\\ ?"} 1'


@pytest.mark.parametrize(
    ("value", "written"),
    [(math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (0.1, "0.1"), (1e18, "1e+18")],
)
def test_numbers_are_written_as_the_format_has_them(value: float, written: str) -> None:
    assert f"x {written}\n" in as_text([Metric("x", "gauge", "X.", (Sample(value),))])


def test_a_metric_without_values_is_left_out() -> None:
    assert as_text([Metric("x", "gauge", "X.", ())]) == "# EOF\n"


@pytest.mark.parametrize("name", ["Lines", "lines-read", "", "lines_total", "lines_info"])
def test_names_that_the_format_does_not_allow_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"lower case|suffix"):
        as_text([Metric(name, "gauge", "X.", ())])


def test_a_metric_that_occurs_twice_is_refused() -> None:
    metric = Metric("x", "gauge", "X.", ())
    with pytest.raises(ValueError, match="twice"):
        as_text([metric, metric])


def test_moments_are_utc() -> None:
    assert seconds_of(datetime(1970, 1, 2)) == 86_400
