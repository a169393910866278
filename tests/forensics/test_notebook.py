"""What a notebook shows: text as text, numbers to be read, and charts as pictures."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path

import pytest

from fame_sql.forensics.charts import domains
from fame_sql.forensics.notebook import draw_pictures, show
from fame_sql.warehouse.warehouse import Warehouse

altair = pytest.importorskip("altair", reason="the extra 'forensics' is not installed")
pytestmark = pytest.mark.any_duckdb

EVIL = "<img src=x onerror=alert(1)>\x1b[2J \u202egnp $x^2$"


def test_text_in_names_and_values_is_data() -> None:
    html = show([{EVIL: EVIL}])._repr_html_()
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;\\x1b[2J \\u202egnp $x^2$") == 2
    assert 'class="tex2jax_ignore mathjax_ignore"' in html


@pytest.mark.parametrize(
    ("name", "value", "cell"),
    [
        ("lines", 12345, "12,345"),
        ("log_id", 12345, "12345"),
        ("share", 0.123456, "0.123"),
        ("bytes", 1234567.8, "1,234,568"),
        ("known", True, "yes"),
        ("at", datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
        ("nothing", None, ""),
        ("names", ["a", "b"], "a, b"),
        ("text", "a\n  b", "a b"),
        ("text", "a" * 200, "a" * 159 + "…"),
    ],
)
def test_a_value_is_written_to_be_read(name: str, value: object, cell: str) -> None:
    assert show([{name: value}]).cells == [[cell]]


def test_a_relation_keeps_its_columns_without_rows(newborn: Path) -> None:
    with Warehouse.open(newborn, read_only=True) as warehouse:
        table = show(warehouse.connection.sql("SELECT log_id, body FROM logs"))
    assert table.columns == ["log_id", "body"]
    assert "no row" in table._repr_html_()


def test_rows_that_are_left_out_are_counted() -> None:
    html = show([{"n": n} for n in range(40)], at_most=30)._repr_html_()
    assert html.count("<tr>") == 31
    assert "and 10 more rows" in html


def test_a_chart_is_a_small_picture_on_white() -> None:
    before = altair.renderers.active
    try:
        draw_pictures()
        chart = domains.chart([{"domain": "d", "status": "mixed", "templates": 3}], width=400)
        data, metadata = chart._repr_mimebundle_(None, None)
    finally:
        altair.renderers.enable(before)
    picture = base64.b64decode(data["image/png"])
    assert picture.startswith(b"\x89PNG")
    assert picture[25] == 3, "it has a palette, and so no transparent pixel"
    assert len(picture) < 20_000
    assert 400 < metadata["image/png"]["width"] < 600
