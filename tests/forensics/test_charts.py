"""Every chart draws what it is given, in the colours of the theme, and nothing that it is not."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fame_sql.forensics import drawing, theme
from fame_sql.forensics.charts import (
    axes,
    contributions,
    detectors,
    domains,
    heat_map,
    label_budget,
    precision_recall,
    reliability,
    scores,
    services,
    timeline,
    values,
)
from fame_sql.warehouse.warehouse import Warehouse

pytest.importorskip("altair", reason="the extra 'forensics' is not installed")
pytestmark = pytest.mark.any_duckdb

EVIL = "<script>x</script>\x1b[2J"
ALL = "'2000-01-01', '2100-01-01'"


def _curve(**columns: Any) -> list[dict[str, Any]]:
    return [{"detector": name, **columns} for name in ("fame", EVIL)]


BIN = {"parameter": "number", "low": None, "high": 9, "category": None, "weight": 10**6}
CHARTS = {
    "contributions": lambda: contributions.chart([{"token": EVIL, "weight": 1.5}]),
    "detectors": lambda: detectors.chart(_curve(value=0.5, low=0.4, high=0.6)),
    "domains": lambda: domains.chart([{"domain": EVIL, "status": "mixed", "templates": 3}]),
    "label budget": lambda: label_budget.chart(
        [{"labels": 9, "recall": 0.5, "strategy": EVIL, "low": 0.4, "high": 0.6}]
    ),
    "precision recall": lambda: precision_recall.chart(_curve(recall=0.5, precision=0.5)),
    "reliability": lambda: reliability.chart(_curve(score=0.5, share=0.5)),
    "scores": lambda: scores.chart([{"template": EVIL, "lines": 9, "worst_score": 0.9}]),
    "categories": lambda: values.chart([{"value": EVIL, "lines": 2}]),
    "numbers": lambda: values.chart([{"value": "7", "lines": 2}], [BIN]),
}
OF_THE_DATABASE = {
    "timeline": (timeline, f"FROM fame.timeline({ALL}, bucket := INTERVAL 1 DAY)"),
    "services": (services, f"FROM fame.timeline({ALL}, bucket := INTERVAL 1 DAY)"),
    "heat map": (heat_map, "FROM fame.template_counts(INTERVAL 1 DAY)"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_text_is_data(name: str) -> None:
    drawn = drawing.svg(CHARTS[name]())
    assert "<script" not in drawn
    assert "\x1b" not in drawn
    assert name == "numbers" or "&lt;script&gt;" in drawn
    assert "href" not in drawn


def test_detectors_come_in_the_order_that_is_asked_for() -> None:
    rows = [{"detector": n, "value": v, "low": None, "high": None} for n, v in (("a", 0), ("b", 1))]
    for best_first, order in ((True, ["b", "a"]), (False, ["a", "b"])):
        layers = detectors.chart(rows, best_first=best_first).to_dict()["layer"]
        assert all(layer["encoding"]["y"]["sort"] == order for layer in layers)


def test_a_heat_map_has_the_empty_buckets_too() -> None:
    starts = [f"2024-01-01T{hour:02d}:00:00Z" for hour in (1, 2, 5)]
    rows = [{"bucket_start": start, "template": "a", "lines": 1} for start in starts]
    scale = heat_map.chart(rows).to_dict()["encoding"]["x"]["scale"]
    assert scale["domain"] == [f"2024-01-01T{hour:02d}:00:00Z" for hour in range(1, 6)]


def test_incidents_without_room_for_a_name_are_counted_at_the_one_before() -> None:
    moments = {"i1": "2024-01-01T00:00:00Z", "i2": "2024-01-01T00:01:00Z"}
    spans = [
        {"incident_id": name, "domain": "d", "first_seen": moment, "last_seen": moment}
        for name, moment in (*moments.items(), ("i3", "2024-01-01T09:00:00Z"))
    ]
    drawn = drawing.svg(timeline.chart([], spans))
    assert re.findall(r">(i\d[^<]*)</text>", drawn) == ["i1 +1", "i3"]


@pytest.mark.parametrize("name", OF_THE_DATABASE)
def test_a_relation_is_drawn(compiled: Path, name: str) -> None:
    chart, statement = OF_THE_DATABASE[name]
    with Warehouse.open(compiled, read_only=True) as warehouse:
        drawn = drawing.inline_svg(chart.chart(warehouse.connection.sql(statement)), "a <label>")
    assert 'aria-label="a &lt;label&gt;"' in drawn
    used = set(re.findall(r"#[0-9a-f]{6}", drawn)) - {"#000000"}
    assert used == set(), "every colour has a variable, and so another value in dark mode"
    assert f"var({theme.variable(theme.MUTED)})" in drawn


def test_a_chart_as_png_and_as_html_needs_no_network() -> None:
    chart = CHARTS["domains"]()
    assert drawing.png(chart, scale=1).startswith(b"\x89PNG")
    page = drawing.html(chart)
    assert re.search(r"<(?:script|link)[^>]+(?:src|href)=", page) is None


def test_bars_have_the_room_of_their_buckets_not_of_those_with_rows() -> None:
    starts = ["2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z", "2024-01-01T00:09:00Z"]
    hour = (datetime(2024, 1, 1), datetime(2024, 1, 1, 1))
    assert [axes.buckets_in(starts, None), axes.buckets_in(starts, hour)] == [10, 60]
    assert axes.buckets_in([], None) == 1
    drawn = services.chart(
        [
            {"bucket_start": start, "service_name": "api", "lines": 1, "anomalous_lines": 0}
            for start in starts
        ],
        period=hour,
    ).to_dict()
    assert drawn["spec"]["mark"]["size"] == pytest.approx(0.8 * 720 / 60)


@pytest.mark.parametrize(("most", "steps"), [(1, [2, 3, 4, 5, 6]), (10**6, 5)])
def test_the_colours_of_a_heat_map_rise(most: int, steps: Any) -> None:
    found = heat_map.thresholds(most)
    assert found == sorted(set(found))
    assert found == steps or len(found) == steps
