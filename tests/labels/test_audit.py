"""An audit measures how often a language model's labels are wrong."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner
from llm_judge import model_of
from llm_server import LanguageServer

from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.ingest import ingest_file
from fame_sql.labels.by_llm import label_with_llm
from fame_sql.labels.by_people.audit import Audit, ErrorRate
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


@pytest.fixture
def labelled(empty: Warehouse, server: LanguageServer, tmp_path: Path) -> Warehouse:
    """Eighty messages of as many templates, judged by a model that calls every tenth wrongly."""
    words = [f"{a}{b}" for a in "abcdefghij" for b in "klmnopqr"]
    log = tmp_path / "many.log"
    log.write_text(
        "".join(
            f"2024-05-01 10:{n // 60:02d}:{n % 60:02d} INFO unit {w} "
            + f"{w} " * (n % 7)
            + "done\n"
            for n, w in enumerate(words * 2)
        )
    )
    ingest_file(empty, log)
    mine(empty)
    server.is_anomalous = lambda row: row["message"].startswith(("disk", "kernel", "power",
        "database", "process", "write")) or "unit a" in row["message"]  # fmt: skip
    label_with_llm(empty, model_of(empty, server), per_template=200)
    return empty


@pytest.mark.parametrize(
    ("wrong", "judged", "low", "high"),
    [(0, 50, 0.0, 0.0713), (5, 50, 0.0435, 0.2136), (50, 50, 0.9287, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_of_wilson(wrong: int, judged: int, low: float, high: float) -> None:
    assert ErrorRate(judged, wrong).interval == pytest.approx((low, high), abs=5e-5)


def test_the_interval_holds_as_often_as_it_says() -> None:
    chance = random.Random(1)
    held = 0
    for _ in range(2000):
        wrong = sum(chance.random() < 0.1 for _ in range(50))
        low, high = ErrorRate(50, wrong).interval
        held += low <= 0.1 <= high
    assert held / 2000 > 0.93


def test_a_sample_is_drawn_and_measured(labelled: Warehouse) -> None:
    audit = Audit(labelled, "ada")
    assert audit.draw(20) == 20
    assert [x["log_id"] for x in audit.open_lines()] == [x["log_id"] for x in audit.open_lines()]
    said = dict(labelled.rows("SELECT log_id, is_anomaly FROM fame.audits"))
    for number, line in enumerate(audit.open_lines()):
        assert "is_anomaly" not in line, "the person would follow the model"
        audit.judge(line["log_id"], is_anomaly=said[line["log_id"]] != (number < 4))
    report = audit.finish()
    assert (report.all.judged, report.all.wrong) == (20, 4)
    assert report.normal.judged + report.anomalous.judged == 20
    labelled.connection.execute("DELETE FROM fame.labels WHERE source = 'llm'")
    assert audit.report() == report, "a later pass changes nothing of what was measured"


def test_the_command_asks_blindly_and_goes_on_later(labelled: Warehouse) -> None:
    path = str(labelled.path)
    labelled.close()
    command = ["label", "audit", "--author", "ada", "--warehouse", path]
    first = CliRunner().invoke(main, [*command, "--lines", "5"], input="nuasq")
    assert first.exit_code == 0, first.output
    assert "1 of 5 labels of the sample are judged" in first.output
    assert "llm" not in first.output
    second = CliRunner().invoke(main, [*command, "--json"], input="nnnnn")
    assert '"drawn": 5' in second.stdout
    assert json.loads(second.stdout[second.stdout.index("{\n") :])["rates"][0]["judged"] == 5


def test_a_spreadsheet_answers(labelled: Warehouse, tmp_path: Path) -> None:
    path = str(labelled.path)
    labelled.close()
    sheet = tmp_path / "audit.csv"
    made = CliRunner().invoke(
        main, ["label", "audit", "--lines", "6", "--export", str(sheet), "--warehouse", path]
    )
    assert "6 lines written" in made.output
    rows = list(csv.DictReader(sheet.open()))
    for row in rows:
        row["label"] = "normal"
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert CliRunner().invoke(main, ["label", "import", str(sheet), "--warehouse", path])
    found = CliRunner().invoke(main, ["label", "audit", "--report", "--warehouse", path])
    assert "6 of 6 labels of the sample are judged" in found.output


def test_there_is_nothing_to_audit(empty: Warehouse) -> None:
    with pytest.raises(InputError, match="no line has a label by a language model"):
        Audit(empty).draw()
