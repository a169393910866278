"""Service levels: how far they are met, and what doctor says of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.operations.alerts.stored_settings import store_settings
from fame_sql.operations.levels import Level, level_findings, read_levels
from fame_sql.operations.settings import set_value
from fame_sql.warehouse.warehouse import Warehouse, utc_now

NOW = datetime(2027, 3, 2, 8)
LINE = "INSERT INTO fame.logs BY NAME SELECT ? AS log_id, ? AS timestamp, ? AS observed_timestamp, "
LINE += "? AS event_id, 'l' AS source_path, 1 AS line_number, 0 AS byte_offset, 1 AS line_count, "
LINE += "1 AS ingest_id, 'l' AS parser"


@pytest.fixture
def measured(newborn: Path, tmp_path: Path) -> Iterator[Warehouse]:
    """Ten lines of an event that was scored, and of one that was not; read late, or long ago."""
    with Warehouse.open(Path(shutil.copy(newborn, tmp_path / "w.duckdb"))) as opened:
        connection = opened.connection
        connection.execute("SET VARIABLE fame_moment = TIMESTAMP '2027-03-02 08:00:00'")
        connection.execute(
            "INSERT INTO fame.models VALUES ('m', 'm', 'h', 'r', '{}', 'champion', ?, ?)",
            [NOW, NOW],
        )
        for event in (1, 2):
            connection.execute(
                "INSERT INTO fame.events VALUES (?, ?, 'a', 'a', NULL, 1, NULL, NULL, 10)",
                [event, f"h{event}"],
            )
        scored = NOW - timedelta(minutes=58)
        connection.execute(
            "INSERT INTO fame.scores VALUES ('m', 1, 0.1, 'd', 1, 0, NULL, true, 0.5, ?)", [scored]
        )
        for number in range(10):
            read = NOW - timedelta(minutes=60 + number)
            late = timedelta(minutes=30 if number < 2 else 1)
            event = 2 if number == 9 else 1
            connection.execute(LINE, [number, read - late, read, event])
        old = NOW - timedelta(days=9)
        connection.execute(LINE, [99, old, old, 2])
        yield opened


def levels(warehouse: Warehouse) -> dict[str, Level]:
    return {level.objective: level for level in read_levels(warehouse)}


def test_each_objective_counts_what_is_as_it_should_be(measured: Warehouse) -> None:
    found = levels(measured)
    counted = {name: (level.good, level.total) for name, level in found.items()}
    # Judged 58 minutes ago: the four that were read at most five minutes before were in time.
    assert counted == {
        "coverage": (9, 10),
        "freshness": (8, 10),
        "latency": (4, 10),
        "stability": (0, 0),
        "answers": (0, 0),
    }
    assert found["freshness"].budget_left == pytest.approx(1 - 0.2 / 0.01)
    assert found["stability"].ratio is None
    assert not found["stability"].is_missed


def test_an_archive_is_not_late_and_a_source_that_is_behind_is(measured: Warehouse) -> None:
    source = LINE.replace("'l' AS source_path", "? AS source_path")
    for number in range(5):
        read, days = NOW - timedelta(hours=1), timedelta(days=300 - number)
        measured.connection.execute(source, [200 + number, read - days, read, 1, "old.log"])
    assert (levels(measured)["freshness"].good, levels(measured)["freshness"].total) == (8, 10)
    assert levels(measured)["latency"].total == 10
    assert levels(measured)["coverage"].total == 15
    # After an outage of days a file is read on: its lines of today are fresh, the others are late.
    read = NOW - timedelta(hours=1)
    for number, age in enumerate((5 * 1440, 3 * 1440, 1)):
        wrote = read - timedelta(minutes=age)
        measured.connection.execute(source, [300 + number, wrote, read, 1, "behind.log"])
    assert (levels(measured)["freshness"].good, levels(measured)["freshness"].total) == (9, 13)


def test_a_warehouse_states_thresholds_and_targets_of_its_own(measured: Warehouse) -> None:
    for key, value in (
        ("freshness_threshold", "1h"),
        ("latency_threshold", "20m"),
        ("coverage_target", "0.8"),
        ("level_days", "30"),
    ):
        set_value(measured, key, value)
    found = levels(measured)
    assert (found["freshness"].good, found["freshness"].total) == (11, 11)
    assert (found["latency"].good, found["latency"].total) == (9, 11)
    assert found["coverage"].budget_left == pytest.approx(1 - (2 / 11) / 0.2)
    assert found["coverage"].days == 30


def test_doctor_names_what_mends_a_level_where_alerts_are_sent(measured: Warehouse) -> None:
    assert list(level_findings(measured)) == []
    store_settings(
        measured, '[channels.f]\nkind = "file"\npath = "alerts.jsonl"\n', "ann", utc_now()
    )
    found = dict(level_findings(measured))
    assert list(found.values()) == ["fame score", "fame ingest", "fame score"]
    assert next(iter(found)) == (
        "service level coverage: 9 of 10 in 7 days, 90.00% of the lines have a verdict; "
        "the target is 0.999"
    )


def test_doctor_shows_them(compiled: Path) -> None:
    said = CliRunner().invoke(main, ["doctor", "--warehouse", str(compiled)])
    assert said.exit_code == 0, said.output
    assert "service levels of the last 7 days, which nobody is held to" in said.output
    assert "coverage" in said.output
    assert "freshness" not in said.output, "the log is an archive"
