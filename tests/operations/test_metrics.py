"""Metrics of a warehouse, and the dashboard that shows them."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.operations.metrics import as_text, measure, names
from fame_sql.warehouse.warehouse import Warehouse

DASHBOARD = Path(__file__).parents[2] / "examples" / "grafana" / "fame-sql.json"
LINE = re.compile(r'[a-z_]+(\{[a-z]+="(\\.|[^"\\])*"\})? -?[0-9.e+-]+')


def test_the_dashboard_shows_each_metric_and_no_other() -> None:
    shown = json.loads(DASHBOARD.read_text())
    expressions = [t["expr"] for panel in shown["panels"] for t in panel.get("targets", ())]
    used = {name for text in expressions for name in re.findall(r"fame_\w+", text)}
    assert used == set(names())
    places = [panel["gridPos"] for panel in shown["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({panel["id"] for panel in shown["panels"]}) == len(places)


def test_a_compiled_warehouse_has_values(compiled: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as opened:
        metrics = {each.name: each for each in measure(opened, datetime(2027, 1, 1))}
        [(lines, version)] = opened.rows(
            "SELECT (SELECT count(*) FROM fame.logs), (SELECT model_version FROM fame.champion)"
        )
    assert metrics["fame_lines"].samples[0].value == lines
    assert metrics["fame_model"].samples[0].labels == {"version": version}
    assert metrics["fame_events_unscored"].samples[0].value == 0
    objectives = {s.labels["objective"] for s in metrics["fame_service_level_target_ratio"].samples}
    assert objectives == {"coverage", "freshness", "latency", "stability", "answers"}
    for line in as_text(metrics.values()).splitlines():
        assert line.startswith("# ") or LINE.fullmatch(line), line


def test_a_file_is_replaced_in_one_step(newborn: Path, tmp_path: Path) -> None:
    out = tmp_path / "collector" / "fame.prom"
    words = ["metrics", "--warehouse", str(newborn), "--out", str(out)]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 1
    assert "there is no folder" in said.output
    out.parent.mkdir()
    for _ in range(2):
        said = CliRunner().invoke(main, words)
        assert (said.exit_code, said.output) == (0, "")
    assert out.read_text().endswith("# EOF\n")
    assert out.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in out.parent.iterdir()] == ["fame.prom"]


@pytest.mark.any_duckdb
def test_metrics_are_documented_by_their_names() -> None:
    page = (DASHBOARD.parents[2] / "docs" / "how-to" / "metrics.md").read_text()
    assert set(re.findall(r"`(fame_\w+)`", page)) == set(names())
