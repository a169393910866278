"""The notebooks, executed: on simulated logs, and on a warehouse whose worst lines are hostile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from execute import read, scripts
from notebook_outputs import NOTEBOOKS, executed, pictures, printed, rows, shown
from warehouse_copy import copied_to

from fame_sql.operations import incidents
from fame_sql.warehouse.warehouse import Warehouse, utc_now

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]

HOSTILE = "<script>alert(1)</script>\x1b]0;owned\x07 $\\alpha$ "
SCRIPTS = sorted(scripts(list(NOTEBOOKS.glob("*.py"))))


@pytest.fixture(scope="module")
def warehouse(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with incidents, whose anomalous lines are hostile."""
    path = copied_to(tmp_path_factory.mktemp("investigated"), compiled)
    with Warehouse.open(path) as opened:
        incidents.update(opened, utc_now())
        opened.connection.execute(
            "UPDATE fame.logs SET body = ? || body WHERE event_id IN "
            "(SELECT event_id FROM fame.scores WHERE score > 0.5)",
            [HOSTILE],
        )
    return path


@pytest.fixture
def run(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Execute a notebook on the warehouse, and check that it shows text, tables and charts."""
    for name in ("FAME_LOGS", "FAME_DAY", "FAME_DEPLOY", "FAME_INCIDENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAME_WAREHOUSE", str(warehouse))

    def execute(name: str) -> list[Any]:
        cells = executed(f"{name}.py")
        outputs = [output for cell in cells for output in cell["outputs"]]
        assert {output["output_type"] for output in outputs} <= {"execute_result", "stream"}
        assert all(output.get("name", "stdout") == "stdout" for output in outputs)
        assert "<script" not in str([output.get("data", {}).get("text/html") for output in outputs])
        return cells

    return execute


def test_a_first_look_reads_everything_and_names_suspects(run: Any) -> None:
    cells = run("first_look")
    read_files = rows(cells, "ingest_files(warehouse")
    assert sum(int(row["lines"].replace(",", "")) for row in read_files) == 6000
    assert {row["state"] for row in read_files} == {"added"}
    assert "6,000 lines follow" in printed(cells)
    suspects = rows(cells, "matters = look.matters")
    assert len(suspects) == 10
    assert suspects[0]["strength"] == "strong"
    assert [row for row in rows(cells, "fame.neighbours(") if row["place"] == "0"]
    assert pictures(cells) == 2


def test_a_first_look_at_real_logs(run: Any, loghub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAME_LOGS", str(loghub / "OpenSSH" / "OpenSSH_2k.log"))
    cells = run("first_look")
    assert "2,000 lines follow" in printed(cells)
    worst = rows(cells, "matters = look.matters")[:2]
    assert {row["strength"] for row in worst} == {"strong"}
    assert any("POSSIBLE BREAK-IN ATTEMPT" in row["example"] for row in worst)


def test_a_post_mortem_says_what_was_found_and_what_is_luck(run: Any) -> None:
    cells = run("post_mortem")
    faults = rows(cells, "CREATE TEMP TABLE evidence")
    assert [row["fault"] for row in faults] == [str(i + 1) for i in range(len(faults))]
    found = {row["method"]: row for row in rows(cells, '"named first"')}
    seen = sum(row["place"] != "" for row in faults)
    assert int(found["counts, looking back"]["service named"]) == seen
    luck = float(found["looking back, the list shuffled"]["named first"])
    assert luck < 0.8 * int(found["counts, looking back"]["named first"])
    assert int(found["lines of level ERROR"]["faults"]) == len(faults)
    assert pictures(cells) == 3


def test_an_alert_is_explained_and_its_text_is_shown_as_text(run: Any, warehouse: Path) -> None:
    cells = run("is_this_alert_real")
    with Warehouse.open(warehouse, read_only=True) as opened:
        [(incident, lines)] = opened.rows(
            "SELECT incident_id, lines FROM incidents ORDER BY list_position("
            "['critical', 'error', 'warning', 'info'], severity), lines DESC, first_seen LIMIT 1"
        )
    said = {row["what"]: row["is"] for row in rows(cells, '"lines_to_read", "counts"')}
    assert (said["incident_id"], said["lines"]) == (incident, str(lines))
    messages = shown(cells, "fame.incident_lines($incident_id)\n        GROUP BY event_id")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b]0;owned\\x07 $\\alpha$" in messages
    assert "mathjax_ignore" in messages
    weighed = rows(cells, "def judged_by")
    assert {row["speaks for"] for row in weighed} <= {"real", "false alarm", "open"}
    assert len(weighed) == 5
    assert pictures(cells) == 3


def test_what_changed_is_what_began_with_the_late_messages(run: Any, warehouse: Path) -> None:
    cells = run("what_changed")
    changed = rows(cells, "differences = list_differences")
    new = [row for row in changed if row["change"] == "new"]
    assert new
    assert all(row["before"] == "0" for row in new)
    since, before = rows(cells, "without = list_differences")
    assert int(since["differ"]) > int(before["differ"])
    with Warehouse.open(warehouse, read_only=True) as opened:
        anomalous = opened.value(
            "SELECT count(*) FROM fame.all_scored_logs WHERE is_anomaly AND timestamp >= "
            "(SELECT until_time FROM fame.splits)"
        )
    services = rows(cells, "anomalous_before")
    assert sum(int(row["anomalous_since"]) for row in services) == anomalous
    assert pictures(cells) == 3


def test_answers_find_more_and_change_only_a_copy(run: Any, warehouse: Path) -> None:
    with Warehouse.open(warehouse, read_only=True) as opened:
        before = opened.value("SELECT count(*) FROM label_queue")
    cells = run("label_and_improve")
    measured = rows(cells, "budgets = sorted")
    [first, *_, last] = [row for row in measured if row["order"] == "the queue's order"]
    assert float(last["recall"]) > float(first["recall"])
    assert int(last["answered"]) == before
    assert {row["when"] for row in rows(cells, "def quality")} == {
        "before training",
        "after training",
    }
    assert pictures(cells) == 1
    with Warehouse.open(warehouse, read_only=True) as opened:
        assert opened.value("SELECT count(*) FROM label_queue") == before
        assert opened.value("SELECT count(*) FROM fame.answers") == 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_is_its_script_with_output(script: Path) -> None:
    made, expected = nbformat.read(script.with_suffix(".ipynb"), as_version=4), read(script)
    assert [cell["source"] for cell in made.cells] == [cell["source"] for cell in expected.cells]
    assert any(cell.get("outputs") for cell in made.cells)
    assert script.with_suffix(".ipynb").stat().st_size < 200_000


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if path.stem != "report"], ids=lambda path: path.stem
)
def test_the_queries_to_take_away_run(script: Path, warehouse: Path) -> None:
    blocks = [
        block
        for cell in read(script).cells
        for block in re.findall(r"```sql\n(.*?)```", cell["source"], re.S)
    ]
    statements = [part for block in blocks for part in block.split(";") if part.strip()]
    assert len(statements) >= 3
    with Warehouse.open(warehouse, read_only=True) as opened:
        for statement in statements:
            opened.rows(statement)
