"""Counts by the hour of the week, of sparse logs, after repairs, and their calibration.

The weeks are simulated: twenty minutes of each morning, some four lines in ten seconds.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from counted_log import START, Line, quiet_lines, repeated, write_log

from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.events.repair import repair
from fame_sql.ingest import ingest_file
from fame_sql.operations.counts import update
from fame_sql.operations.counts.calibration import calibrate
from fame_sql.operations.counts.listing import list_anomalies
from fame_sql.operations.settings import set_value
from fame_sql.warehouse.warehouse import Warehouse

LATER = datetime(2025, 5, 1)
OTHER_DAYS = {"billing": {"invoice stored": 2.0, "invoice sent": 2.0}}
MONDAYS = {"billing": {"invoice stored": 2.0, "invoice sent": 2.0, "report written": 4.0}}


def weeks(count: int) -> list[Line]:
    """Return the same 20 minutes of each day; a report is written on Mondays alone."""
    return [
        line
        for day in range(-3, 7 * count - 3)
        for line in quiet_lines(
            20,
            seed=day + 100,
            start=START + timedelta(days=day),
            rates=MONDAYS if day % 7 == 0 else OTHER_DAYS,
        )
    ]


@pytest.fixture(scope="module")
def four_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weeks, with a burst in the fourth Monday's report."""
    folder = tmp_path_factory.mktemp("weeks")
    fourth = timedelta(weeks=3) / timedelta(minutes=1)
    lines = weeks(4) + repeated("billing", "report written", fourth + 10, 250)
    path = folder / "weeks.duckdb"
    with Warehouse.open(path, create=True) as opened:
        ingest_file(opened, write_log(folder / "weeks.jsonl", sorted(lines)))
        update(opened, now=LATER)
    return path


def test_what_comes_each_monday_is_expected_once_there_are_two_weeks(four_weeks: Path) -> None:
    with Warehouse.open(four_weeks, read_only=True) as opened:
        found = list_anomalies(opened)
    mondays = [
        {row["template"] for row in found if (row["first_window"] - START).days == 7 * week}
        for week in range(4)
    ]
    assert "report written" in mondays[1]
    assert "report written" not in mondays[2]
    worst = max(
        found, key=lambda row: row["g"] * (row["first_window"] > START + timedelta(days=20))
    )
    assert (worst["template"], worst["first_window"].hour) == ("report written", 8)
    assert worst["lines"] > 2 * worst["expected"] or worst["kind"] == "shift"


def test_quiet_time_sets_the_least_statistic(four_weeks: Path, tmp_path: Path) -> None:
    words = ["counts", "calibrate", "--warehouse", str(four_weeks), "--json", "--dry-run"]
    second = [str(START + timedelta(weeks=1))[:10], str(START + timedelta(weeks=1, days=2))[:10]]
    said = CliRunner().invoke(main, [*words, "--quiet", *second, "--per-day", "0"])
    found = json.loads(said.output)
    assert found["before"] > 0
    assert found["left"] == 0
    assert found["least_g"] > 0
    assert not found["is_set"]
    with Warehouse.open(four_weeks, read_only=True) as opened:
        worst = max(
            row["g"]
            for row in list_anomalies(
                opened, since=START + timedelta(weeks=1), until=START + timedelta(weeks=1, days=2)
            )
        )
        assert worst < found["least_g"] <= worst + 0.1001


def test_time_without_a_past_says_nothing(four_weeks: Path) -> None:
    with Warehouse.open(four_weeks, read_only=True) as opened, pytest.raises(InputError):
        calibrate(opened, datetime(2020, 1, 1), datetime(2021, 1, 1), per_day=1, now=LATER)


def test_the_least_statistic_holds_for_what_is_found_already(four_weeks: Path) -> None:
    with Warehouse.open(four_weeks) as opened, opened.transaction():
        before = opened.value("SELECT count(*) FROM main.count_anomalies")
        set_value(opened, "count_least_g", "50")
        after = opened.value("SELECT count(*) FROM main.count_anomalies")
        opened.connection.execute("DELETE FROM fame.settings WHERE key = 'count_least_g'")
    assert 0 < after < before


def test_a_repair_counts_all_lines_again(tmp_path: Path) -> None:
    lines = sorted(quiet_lines(40) + repeated("mail", "relay access denied", 31, 12))
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        ingest_file(opened, write_log(tmp_path / "log.jsonl", lines))
        update(opened, now=LATER)
        assert opened.value("SELECT count(*) FROM main.count_anomalies")
        end = START + timedelta(minutes=30)
        opened.connection.execute("DELETE FROM fame.logs WHERE timestamp >= ?", [end])
        repair(opened)
        update(opened, now=LATER)
        kept = opened.value("SELECT count(*) FROM fame.logs")
        assert opened.value("SELECT sum(lines) FROM fame.line_counts") == kept
        assert opened.value("SELECT sum(lines) FROM fame.count_buckets") == kept
        assert opened.value("SELECT count(*) FROM main.count_anomalies") == 0
