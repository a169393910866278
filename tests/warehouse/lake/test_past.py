"""A lake as it was: by AT in a statement, by a connection, and by 'fame query --at'."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

import fame_sql
from fame_sql.cli import main
from fame_sql.errors import InputError, WarehouseError
from fame_sql.warehouse.warehouse import Warehouse

_LATER = timedelta(microseconds=1)
_TIMES = """
SELECT snapshot_time AT TIME ZONE 'UTC' FROM ducklake_snapshots('copied') ORDER BY snapshot_id
"""
_BOTH = "SELECT count(fame_score(body)), max(score) FROM scored_logs"


@pytest.fixture
def moments(copied_lake: Path) -> tuple[datetime, datetime]:
    """The moment after the lines came, and that after all verdicts were stored."""
    with Warehouse.open(copied_lake, read_only=True) as warehouse:
        times = warehouse.rows(_TIMES)
    [_, _, came, *_, judged] = [time for (time,) in times]
    return came + _LATER, judged + _LATER


@pytest.mark.parametrize("plan", [True, False])
def test_views_take_a_moment(
    copied_lake: Path, moments: tuple[datetime, datetime], plan: bool
) -> None:
    came, judged = moments
    with fame_sql.connect(copied_lake, read_only=True, plan=plan) as connection:
        asked = "SELECT count(*) FROM {} AT (TIMESTAMP => '{}')"

        def count(view: str, moment: datetime) -> int:
            return connection.execute(asked.format(view, moment)).fetchall()[0][0]

        assert count("anomalies", came) == 0
        assert count("scored_logs", came) == count("logs", judged) == 4000
        assert count("anomalies", judged) > 0


def test_a_connection_to_the_past_has_its_verdicts(
    copied_lake: Path, moments: tuple[datetime, datetime]
) -> None:
    with fame_sql.connect(copied_lake) as connection:
        connection.execute("UPDATE fame.scores SET score = 1 - score")
    found = []
    for moment in moments:
        with fame_sql.connect(copied_lake, at=moment) as past:
            found += past.sql(
                "SELECT count(fame_score(body)), max(score) FROM scored_logs"
            ).fetchall()
            with pytest.raises(duckdb.Error):
                past.execute("DELETE FROM lake.fame.logs")
    assert found[0] == (0, None)
    with fame_sql.connect(copied_lake, read_only=True) as now:
        changed = now.sql("SELECT count(fame.score(body)), max(score) FROM scored_logs").fetchall()
    assert changed[0][0] == found[1][0]
    assert changed[0][1] != found[1][1]


def test_query_asks_the_past(copied_lake: Path, moments: tuple[datetime, datetime]) -> None:
    words = ["query", "SELECT count(*) AS found FROM anomalies", "--json"]
    words += ["--warehouse", str(copied_lake), "--at"]
    counts = []
    for moment in moments:
        done = CliRunner().invoke(main, [*words, moment.isoformat()])
        assert done.exit_code == 0, done.output
        counts.append(json.loads(done.output)[0]["found"])
    assert counts[0] == 0 < counts[1]


def test_what_has_no_past_is_said(copied_lake: Path, compiled: Path) -> None:
    with pytest.raises(WarehouseError, match="has no state of 1999-01-01"):
        fame_sql.connect(copied_lake, at=datetime(1999, 1, 1))
    with pytest.raises(InputError, match="has no past"):
        fame_sql.connect(compiled, at=datetime(1999, 1, 1))
    words = ["query", "SELECT 1", "--plan", "--at", "2026-01-01", "--warehouse", str(copied_lake)]
    assert CliRunner().invoke(main, words).exit_code == 2
