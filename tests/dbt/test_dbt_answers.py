"""What changes the verdict of a model in dbt: answers about templates, and values of a message."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from dbt_process import PACKAGE, Dbt, require_dbt
from warehouse_copy import copied_to

from fame_sql.labels.answers import GivenAnswer, give_answers, withdraw_answers
from fame_sql.labels.queue import read_queue
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

MODELS = "+int_event_scores"


def scores(path: Path) -> dict[str, tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT event_hash, score, is_anomaly, answer FROM fame_dbt.int_event_scores"
        ).fetchall()
    assert len(rows) == len({row[0] for row in rows})
    return {row[0]: row[1:] for row in rows}


def test_the_next_run_follows_an_answer(copied: Path) -> None:
    require_dbt()
    dbt = Dbt(PACKAGE, copied.parent / "dbt", copied)

    def run() -> dict[str, tuple[object, ...]]:
        done = dbt("run", "--select", MODELS)
        assert done.code == 0, done.said
        return scores(copied)

    before = run()
    with Warehouse.open(copied) as warehouse:
        asked = read_queue(warehouse)[0]
        give_answers(warehouse, [GivenAnswer(asked["template_id"], "anomalous")])
    after = run()
    changed = {event for event in before if before[event] != after[event]}
    assert asked["event_hash"] in changed
    assert {after[event] for event in changed} == {(1.0, True, "anomalous")}
    with Warehouse.open(copied) as warehouse:
        withdraw_answers(warehouse, [asked["template_id"]], "human")
    assert run() == before


def test_the_mart_judges_lines_by_their_values_as_the_views_do(
    by_value: Path, tmp_path: Path
) -> None:
    require_dbt()
    path = copied_to(tmp_path, by_value)
    only = ("--resource-type", "model", "--resource-type", "seed")
    done = Dbt(PACKAGE, tmp_path / "dbt", path)("build", "--select", "+fct_scored_logs", *only)
    assert done.code == 0, done.said
    asked = "SELECT log_id, score, is_anomaly, template_id FROM {} ORDER BY log_id"
    with duckdb.connect(str(path), read_only=True) as connection:
        stored = connection.execute(asked.format("fame.scored_logs")).fetchall()
        assert connection.execute(asked.format("fame_dbt.fct_scored_logs")).fetchall() == stored
