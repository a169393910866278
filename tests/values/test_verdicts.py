"""Every reader of verdicts gives a line the same score: live, stored, planned and counted."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from warehouse_copy import copied_to

import fame_sql
from fame_sql import models
from fame_sql.cli import main
from fame_sql.evaluation.champion import evaluate
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.planner.plan import make_plan
from fame_sql.spark.transpile.statements import BINS, TABLES, VIEWS, export_tables
from fame_sql.storage.expiry import cutoff, expire
from fame_sql.storage.partitions import move_lines
from fame_sql.students import StudentConfig
from fame_sql.training.values import settle_value_heads
from fame_sql.verdict.statements import load, of_exported_lines
from fame_sql.warehouse import settings
from fame_sql.warehouse.definitions import BY_VALUE
from fame_sql.warehouse.values import wants_value_heads, write_value_heads
from fame_sql.warehouse.warehouse import Warehouse

LINES = "SELECT body, score, is_anomaly FROM scored_logs ORDER BY log_id"
NAIVE = (
    "SELECT body, fame_score(body) AS score, fame_is_anomaly(body) FROM logs ORDER BY log_id",
    "SELECT fame_score(body) AS score, count(*) FROM logs GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM logs WHERE fame_is_anomaly(body)",
    "SELECT max(fame_score(m)) FROM (SELECT upper(body) AS m, log_id FROM logs)",
    "SELECT fame_verdict(body).score FROM logs WHERE log_id < 99 ORDER BY log_id",
    "SELECT fame_action(body), fame_domain(body), count(*) FROM logs GROUP BY ALL ORDER BY ALL",
)


@pytest.fixture
def own(by_value: Path, tmp_path: Path) -> Path:
    return copied_to(tmp_path, by_value)


def test_values_decide_in_plain_sql_and_live_alike(by_value: Path) -> None:
    with duckdb.connect(str(by_value), read_only=True) as plain:
        stored = plain.execute(LINES).fetchall()
        calls = (
            "SELECT body, fame.score(body), fame.verdict(body).is_anomaly FROM logs ORDER BY log_id"
        )
        assert plain.execute(calls).fetchall() == stored
        action = "SELECT fame.action(body) = 'alert' FROM logs ORDER BY log_id"
        assert [row[0] for row in plain.execute(action).fetchall()] == [row[2] for row in stored]
    with fame_sql.connect(by_value, read_only=True) as live:
        assert live.execute(NAIVE[0]).fetchall() == stored
        full, not_full = live.execute(
            "SELECT fame_score('disk dev-900 is 98% full'), fame_score('disk dev-900 is 91% full')"
        ).fetchall()[0]
        assert full > 0.5 > not_full


@pytest.mark.parametrize("statement", NAIVE)
def test_a_planned_statement_answers_by_value(by_value: Path, statement: str) -> None:
    with fame_sql.connect(by_value, read_only=True) as live:
        naive = live.execute(statement).fetchall()
        plan = make_plan(live, statement)
        assert live.execute(plan.statement).fetchall() == naive
        assert {call.answered_by for call in plan.calls} <= {"event", "message"}


def test_an_explanation_names_the_bins_and_adds_up(by_value: Path) -> None:
    with fame_sql.connect(by_value, read_only=True) as live:
        [(found,)] = live.execute("SELECT fame_explain('disk dev-1 is 98% full')").fetchall()
        assert [word["token"] for word in found["words"]] == ["is 98%"]
        total = found["base"] + sum(word["weight"] for word in found["words"])
        assert found["log_odds"] == pytest.approx(total, abs=2e-4)
        [(weights,)] = live.execute("SELECT count(*) FROM fame.value_weights").fetchall()
        assert weights > 0


def test_days_count_by_value_also_after_lines_have_expired(own: Path) -> None:
    days = "SELECT sum(lines) FILTER (WHERE is_anomaly), sum(lines) FROM fame.daily_verdicts"
    with Warehouse.open(own) as warehouse:
        of_lines = warehouse.rows(
            "SELECT count(*) FILTER (WHERE is_anomaly), count(*) FROM scored_logs"
        )
        assert warehouse.rows(days) == of_lines
        report = expire(warehouse, before=cutoff("2025-03-03", None))
        assert report.lines > 0
        assert warehouse.rows(days) == of_lines


def test_lines_in_partitions_are_judged_and_counted_by_value(own: Path) -> None:
    lines = "SELECT body, score FROM all_scored_logs ORDER BY log_id"
    days = "SELECT sum(lines) FILTER (WHERE is_anomaly), sum(lines) FROM fame.daily_verdicts"
    with Warehouse.open(own) as warehouse:
        before = warehouse.rows(lines), warehouse.rows(days)
        move_lines(warehouse, before=cutoff("2025-03-03", None), place=str(own.parent / "days"))
        assert warehouse.value("SELECT count(*) FROM fame.past_lines WHERE bins IS NOT NULL") > 0
        assert (warehouse.rows(lines), warehouse.rows(days)) == before


def test_an_answer_wins_over_values(own: Path) -> None:
    with Warehouse.open(own) as warehouse:
        connection = warehouse.connection
        connection.execute(
            "INSERT INTO fame.answers SELECT DISTINCT template_id, 'x', 'normal', 'human', 'me', "
            "NULL, now()::TIMESTAMP FROM fame.provisional_events"
        )
        assert warehouse.value("SELECT max(score) FROM scored_logs") == 0
        fame_sql.register(connection)
        assert connection.execute("SELECT max(fame_score(body)) FROM logs").fetchall() == [(0.0,)]


def test_a_champion_without_heads_has_the_statements_of_today(own: Path) -> None:
    view = "SELECT sql FROM duckdb_views() WHERE view_name = 'scored_logs' AND schema_name = 'fame'"
    with Warehouse.open(own) as warehouse:
        before = models.champion(warehouse).model_version
        assert "valued" in warehouse.value(view)
        write_value_heads(warehouse.connection, wanted=False)
        compile_model(warehouse)
        assert "value" not in warehouse.value(view)
        assert warehouse.value("SELECT count(DISTINCT score) > 1 FROM scored_logs")
        models.promote(warehouse, before, reason="back to values")
        assert "valued" in warehouse.value(view)


def test_the_evaluation_counts_by_value(by_value: Path) -> None:
    with Warehouse.open(by_value, read_only=True) as warehouse:
        report = evaluate(warehouse)
        missed = warehouse.value(
            "SELECT count(*) FROM scored_logs WHERE is_anomaly <> (label = 'fail') "
            "AND log_id IN (SELECT log_id FROM fame.log_periods WHERE period = 'later')"
        )
    assert report is not None
    assert missed < 20


def test_tables_for_spark_hold_the_scores_by_value(own: Path, tmp_path: Path) -> None:
    asked = (
        f"{LINES}, body",
        "SELECT day, event_id, score, sum(lines) AS lines FROM fame.daily_verdicts GROUP BY ALL "
        "ORDER BY ALL",
    )
    folder = tmp_path / "tables"
    with Warehouse.open(own) as warehouse:
        expire(warehouse, before=cutoff("2025-03-03", None))
        answer = "INSERT INTO fame.answers SELECT DISTINCT template_id, 'x', $1, 'human', 'me', "
        answer += "NULL, now()::TIMESTAMP FROM fame.provisional_events WHERE template_id LIKE $2"
        for decided, template in (("mixed", "0%"), ("normal", "1%"), ("anomalous", "2%")):
            warehouse.connection.execute(answer, [decided, template])
        expected = [warehouse.rows(statement) for statement in asked]
        export_tables(warehouse.connection, folder)
    with duckdb.connect() as plain:
        plain.execute("CREATE SCHEMA fame; SET search_path = 'main,fame'")
        for table in (*TABLES, *BINS):
            plain.execute(f"CREATE VIEW fame.{table} AS FROM '{folder / table}.parquet'")
        for view in VIEWS:
            plain.execute(load(BY_VALUE.get(view, view), **of_exported_lines()))
        assert [plain.execute(statement).fetchall() for statement in asked] == expected


def run_compile(warehouse: Path, *options: str) -> str:
    run = CliRunner().invoke(main, ["compile", *options, "--warehouse", str(warehouse)])
    assert run.exit_code == 0, run.output
    return run.output


def test_the_command_switches_heads_and_prints_how_many_lines(own: Path) -> None:
    assert "lines are judged by their values, one at a time" in run_compile(own)
    assert "judged by their values" not in run_compile(own, "--no-value-heads")
    without = run_compile(own)
    assert "is up to date" in without
    assert "--value-heads" not in without
    assert "lines are judged by their values" in run_compile(own, "--value-heads")


def test_a_champion_from_before_the_default_is_kept_until_asked(own: Path) -> None:
    run_compile(own, "--no-value-heads")
    with Warehouse.open(own) as warehouse:
        settings.remove(warehouse.connection, settings.VALUE_HEADS)
    kept = run_compile(own)
    assert "is up to date" in kept
    assert "2 templates have labels of both kinds" in kept
    assert "fame compile --value-heads" in kept
    assert "lines are judged by their values" in run_compile(own, "--value-heads")


def test_values_do_not_decide_beside_an_encoder_unless_asked(empty: Warehouse) -> None:
    settle_value_heads(empty, StudentConfig(preset="compact"))
    assert not wants_value_heads(empty.connection)
