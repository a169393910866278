"""Whether a model still knows the lines that come."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from counted_log import SERVICES, START, Line, quiet_lines, write_log

from fame_sql.cli import main
from fame_sql.errors import WarehouseError
from fame_sql.ingest import ingest_file
from fame_sql.labels.sources import label_from_severity
from fame_sql.operations.drift import Drift, read_drift
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.scoring.scoring import score_events
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

RATES = {**SERVICES, "cart": {**SERVICES["cart"], "payment failed with timeout": 1}}
RENAMED = {
    "item added to cart": "basket got product",
    "coupon refused": "voucher is not valid for this basket",
}
AFTER = START + timedelta(minutes=120)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with a model of two quiet hours; not to be changed."""
    folder = tmp_path_factory.mktemp("fresh")
    log = write_log(folder / "log.jsonl", quiet_lines(120, rates=RATES))
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    levels = ({**r, "level": "ERROR" if "failed" in r["message"] else "INFO"} for r in rows)
    log.write_text("".join(f"{json.dumps(row)}\n" for row in levels))
    with Warehouse.open(folder / "w.duckdb", create=True) as warehouse:
        ingest_file(warehouse, log)
        mine(warehouse)
        label_from_severity(warehouse, "ERROR")
        compile_model(warehouse)
    return folder


def later(fresh: Path, folder: Path, lines: list[Line]) -> Drift:
    """Return the drift after lines have come."""
    path = Path(shutil.copytree(fresh, folder / "w")) / "w.duckdb"
    with Warehouse.open(path) as warehouse:
        ingest_file(warehouse, write_log(folder / "later.jsonl", lines))
        score_events(warehouse)
        return read_drift(warehouse)


def test_a_deploy_that_renames_half_of_a_services_messages_is_noticed(
    fresh: Path, tmp_path: Path
) -> None:
    lines = quiet_lines(60, rates=RATES, seed=5, start=AFTER)
    renamed = [(time, service, RENAMED.get(message, message)) for time, service, message in lines]
    found = later(fresh, tmp_path, renamed[:10_000])
    assert found.freshness == "stale"
    assert "cart" in found.reason
    assert found.command is not None
    assert found.price is not None
    assert found.price.startswith("2 answers")
    changes = {(t["template"], t["change"]) for t in found.templates}
    assert ("basket got product", "new") in changes
    assert all(t["service_name"] == "cart" for t in found.templates)


@pytest.mark.parametrize("seed", [2, 3])
def test_a_quiet_log_stays_fresh(fresh: Path, tmp_path: Path, seed: int) -> None:
    found = later(fresh, tmp_path, quiet_lines(60, rates=RATES, seed=seed, start=AFTER))
    assert (found.freshness, found.command, found.price) == ("fresh", None, None)


def test_the_command_says_it(fresh: Path, tmp_path: Path) -> None:
    words = ["drift", "--warehouse", str(fresh / "w.duckdb")]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 0, said.output
    assert said.output.startswith("fresh: ")
    assert json.loads(CliRunner().invoke(main, [*words, "--json"]).output)["freshness"] == "fresh"
    with (
        Warehouse.open(tmp_path / "new.duckdb", create=True) as warehouse,
        pytest.raises(WarehouseError, match="fame compile"),
    ):
        read_drift(warehouse)
