"""The notebook of an investigation, executed on a warehouse whose worst lines are hostile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from notebook_outputs import executed, shown
from warehouse_copy import copied_to

from fame_sql.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]

HOSTILE = "<script>alert(1)</script> "


@pytest.fixture(scope="module")
def investigated(
    compiled: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Warehouse, list[Any]]:
    """A warehouse, and what the notebook showed of it."""
    path = copied_to(tmp_path_factory.mktemp("investigated"), compiled)
    with Warehouse.open(path) as warehouse:
        warehouse.connection.execute(
            "UPDATE fame.logs SET body = ? || body WHERE event_id IN "
            "(SELECT event_id FROM fame.scores WHERE score > 0.5)",
            [HOSTILE],
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAME_WAREHOUSE", str(path))
        cells = executed("investigate.ipynb")
    return Warehouse.open(path, read_only=True), cells


def test_it_says_what_is_there(investigated: tuple[Warehouse, list[Any]]) -> None:
    warehouse, cells = investigated
    [(version, lines)] = warehouse.rows("SELECT model_version, lines FROM fame.coverage()")
    seen = shown(cells, "fame.coverage()")
    assert version in seen
    assert f"<td>{lines}</td>" in seen


def test_it_counts_every_anomaly_in_time(investigated: tuple[Warehouse, list[Any]]) -> None:
    warehouse, cells = investigated
    rows = warehouse.rows(
        "SELECT time_bucket(INTERVAL 6 HOUR, timestamp) AS since, count(*) FROM fame.anomalies "
        "GROUP BY since ORDER BY since"
    )
    seen = shown(cells, "bar(anomalous")
    assert all(f"<td>{since}</td>" in seen and f"<td>{lines}</td>" in seen for since, lines in rows)


def test_the_lines_at_fault_are_shown_as_text(investigated: tuple[Warehouse, list[Any]]) -> None:
    warehouse, cells = investigated
    seen = shown(cells, "at_fault = ask")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in seen
    assert "<script>" not in seen
    [(worst,)] = warehouse.rows("SELECT max(score) FROM fame.anomalies")
    assert 0.5 < float(seen.split("<td>")[3].split("<")[0]) <= worst


def test_nothing_is_said_beside_the_tables(investigated: tuple[Warehouse, list[Any]]) -> None:
    outputs = [output for cell in investigated[1] for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} == {"execute_result"}
