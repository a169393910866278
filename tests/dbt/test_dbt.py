"""The dbt package on a warehouse, run by the real dbt."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from dbt_process import PACKAGE, Dbt, require_dbt
from notebook_outputs import executed, pictures, rows
from older_warehouse import older_warehouse
from warehouse_copy import copied_to

from fame_sql.cli import main
from fame_sql.ingest import ingest_file
from fame_sql.operations import counts, incidents
from fame_sql.operations.windows.detectors import Rule, detect, open_windows
from fame_sql.students import StudentConfig
from fame_sql.training.training import train_students
from fame_sql.udfs.functions import FUNCTIONS
from fame_sql.warehouse.warehouse import Warehouse, utc_now

HOW_TO = (PACKAGE.parent / "docs" / "how-to" / "dbt.md").read_text()

DrawLines = Callable[[np.random.Generator, float, int], np.ndarray]


def _dbt(warehouse: Path) -> Dbt:
    require_dbt()
    return Dbt(PACKAGE, warehouse.parent / "dbt", warehouse)


@pytest.fixture(scope="module")
def built(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Dbt]:
    """A warehouse on which everything was built, half of it scored by dbt itself.

    Through ``fame dbt init``, as a user comes to it.
    """
    require_dbt()
    folder = tmp_path_factory.mktemp("built")
    warehouse = copied_to(folder, compiled)
    with Warehouse.open(warehouse) as opened:
        counts.update(opened)
        incidents.update(opened, utc_now())
        opened.connection.execute("DELETE FROM fame.scores WHERE event_id % 2 = 0")
    words = ["dbt", "init", str(folder / "mine"), "--warehouse", str(warehouse)]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 0, said.output
    dbt = Dbt(folder / "mine", folder / "made")
    for command in ("deps", "build"):
        run = dbt(command)
        assert run.code == 0, run.said
        assert "deprecat" not in run.said.lower(), run.said
    return warehouse, dbt


@pytest.mark.any_duckdb
def test_the_report_shows_what_was_built(
    built: tuple[Path, Dbt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAME_WAREHOUSE", str(built[0]))
    cells = executed("report.py")
    with duckdb.connect(built[0]) as connection:  # To write: the notebook's kernel has ended.
        costs = connection.execute(
            "SELECT alerts_by, sum(lines_to_read) FROM fame_dbt.fct_review_cost GROUP BY alerts_by"
        ).fetchall()
        [(largest,)] = connection.execute(
            "SELECT max(anomalous_lines) FROM fame_dbt.fct_anomaly_windows"
        ).fetchall()
    seen = {row["alerts_by"]: row["lines_to_read"] for row in rows(cells, "FROM fct_review_cost")}
    assert seen == {way: f"{lines:,.0f}" for way, lines in costs}
    assert rows(cells, "SELECT service_name, first_seen")[0]["anomalous_lines"] == str(largest)
    outputs = [output["output_type"] for cell in cells for output in cell["outputs"]]
    assert outputs == ["execute_result"] * 7
    assert pictures(cells) == 1


def _statuses(dbt: Dbt) -> dict[str, str]:
    results = json.loads((dbt.scratch / "target" / "run_results.json").read_text())["results"]
    return {result["unique_id"]: result["status"] for result in results}


def test_everything_is_built_and_every_test_ran(built: tuple[Path, Dbt]) -> None:
    statuses = _statuses(built[1])
    kinds = {name.split(".")[0] for name in statuses}
    assert kinds == {"model", "seed", "snapshot", "test", "unit_test", "exposure", "operation"}
    stale = [name for name, status in statuses.items() if status == "warn"]
    assert all("assert_model_knows_recent_templates" in name for name in stale)
    assert set(statuses.values()) <= {"success", "pass", "warn", "no-op"}
    assert sum(name.startswith("unit_test.") for name in statuses) == 9


def test_plain_names_are_live_and_a_schema_is_stored(built: tuple[Path, Dbt]) -> None:
    text = "'zyzzyva quux frobnicated plugh'"
    # No template knows the text, canonical text needs no model, and explanations are not stored.
    live = [f.name for f in FUNCTIONS if f.name != "fame_template"]
    stored = [f.name for f in FUNCTIONS if f.name not in ("fame_canonical", "fame_explain")]
    held = [f"{name}({text}) is not null" for name in live]
    held += [f"fame_stored.{name}({text}) is null" for name in stored]
    statement = f"select cast({' and '.join(held)} as varchar) as held"
    run = built[1]("show", "--inline", statement, "--output", "json")
    assert run.code == 0, run.said
    assert '"held": "true"' in run.said


def test_incidents_and_counts_are_those_of_the_warehouse(built: tuple[Path, Dbt]) -> None:
    with Warehouse.open(built[0], read_only=True) as opened:
        for mart, view in (
            ("fct_incidents", "incidents"),
            ("fct_count_anomalies", "count_anomalies"),
        ):
            columns = [column for (column, *_) in opened.rows(f"DESCRIBE fame_dbt.{mart}")]
            names = ", ".join(column for column in columns if column != "seconds")
            expected = opened.rows(f"SELECT {names} FROM fame.{view} ORDER BY ALL")
            assert opened.rows(f"SELECT {names} FROM fame_dbt.{mart} ORDER BY ALL") == expected
            assert expected


def test_the_mart_says_what_the_champion_says(built: tuple[Path, Dbt], compiled: Path) -> None:
    fields = "log_id, body, score, domain, known_template, template_id, model_version"
    with Warehouse.open(compiled, read_only=True) as warehouse:
        expected = warehouse.rows(f"SELECT {fields} FROM fame.scored_logs ORDER BY log_id")
    with duckdb.connect(str(built[0]), read_only=True) as connection:
        mart = connection.execute(f"SELECT {fields} FROM fame_dbt.fct_scored_logs ORDER BY log_id")
        assert mart.fetchall() == expected
        lines, anomalies, gathered, hourly, windows = connection.execute(
            "SELECT (SELECT count(*) FILTER (WHERE is_anomaly) FROM fame_dbt.fct_scored_logs), "
            "(SELECT count(*) FROM fame_dbt.fct_anomalies), "
            "(SELECT sum(anomalous_lines) FROM fame_dbt.fct_anomaly_windows), "
            "(SELECT sum(anomalous_lines) FROM fame_dbt.agg_template_hourly), "
            "(SELECT sum(lines_to_read) FROM fame_dbt.fct_review_cost WHERE alerts_by = 'lines')"
        ).fetchall()[0]
    assert lines == anomalies == gathered == hourly == windows
    assert anomalies > 50


def test_the_z_score_of_windows_is_that_of_the_command(
    built: tuple[Path, Dbt], compiled: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(compiled.read_bytes())
    with Warehouse.open(copy) as warehouse:
        open_windows(warehouse, 10, everything=True)
        detect(warehouse, 10, Rule(), 3.0)
        ours = warehouse.rows(
            "SELECT window_start, service_name, is_alarm FROM fame.window_alarms "
            "WHERE detector = 'z-score' ORDER BY ALL"
        )
    with duckdb.connect(str(built[0]), read_only=True) as connection:
        theirs = connection.execute(
            "SELECT window_start, service_name, baseline_alert FROM fame_dbt.fct_baseline_windows "
            "ORDER BY ALL"
        ).fetchall()
    assert ours == theirs


def test_readers_without_the_functions_can_read_everything(built: tuple[Path, Dbt]) -> None:
    with duckdb.connect(str(built[0]), read_only=True) as connection:
        relations = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'fame_dbt'"
        ).fetchall()
        assert len(relations) > 25
        for (name,) in relations:
            connection.execute(f"SELECT * FROM fame_dbt.{name}").fetchall()


@pytest.mark.any_duckdb
def test_every_model_and_column_is_documented(built: tuple[Path, Dbt]) -> None:
    manifest = json.loads((built[1].scratch / "target" / "manifest.json").read_text())
    nodes = [n for n in manifest["nodes"].values() if n["package_name"] == "fame"]
    described = [n for n in nodes if n["resource_type"] in ("model", "seed", "snapshot")]
    with duckdb.connect(str(built[0]), read_only=True) as connection:
        for node in described:
            assert node["description"], node["name"]
            columns = connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = ? "
                "AND table_schema = 'fame_dbt' AND NOT starts_with(column_name, 'dbt_')",
                [node["name"]],
            ).fetchall()
            undocumented = {
                c for (c,) in columns if not node["columns"].get(c, {}).get("description")
            }
            assert not undocumented, (node["name"], undocumented)
            if "marts" in node["path"]:
                assert node["config"]["contract"]["enforced"], node["name"]
    models = {n["name"] for n in described}
    assert set(re.findall(r"`(fct_\w+|agg_\w+|dim_\w+)`", HOW_TO)) <= models
    assert {m for m in models if m.startswith(("fct_", "agg_", "dim_"))} <= set(
        re.findall(r"`(\w+)`", HOW_TO)
    )


@pytest.mark.any_duckdb
def test_a_new_champion_adds_rows_and_keeps_the_old(
    built: tuple[Path, Dbt], tiny: StudentConfig, tmp_path: Path
) -> None:
    warehouse = copied_to(tmp_path, built[0])
    with Warehouse.open(warehouse) as opened:
        before = opened.rows("SELECT * FROM fame_dbt.fct_scored_logs ORDER BY ALL")
        lines = len(before)
        version = train_students(opened, config=replace(tiny, seed=1)).model_version
    run = _dbt(warehouse)("run", "--select", "+fct_scored_logs", "fct_anomalies")
    assert run.code == 0, run.said
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        kept = connection.execute(
            "SELECT * FROM fame_dbt.fct_scored_logs WHERE model_version <> ? ORDER BY ALL",
            [version],
        ).fetchall()
        added = connection.execute(
            "SELECT count(*), count(score) FROM fame_dbt.fct_scored_logs WHERE model_version = ?",
            [version],
        ).fetchall()
        anomalies = connection.execute(
            "SELECT count(DISTINCT model_version) FROM fame_dbt.fct_anomalies"
        ).fetchall()
    assert kept == before
    assert added == [(lines, lines)]
    assert anomalies == [(2,)]
    names = ["int_event_scores", "fct_scored_logs", "fct_anomalies"]
    both = _tables(warehouse, names)
    run = _dbt(warehouse)("run", "--full-refresh", "--select", *names)
    assert run.code == 0, run.said
    assert _tables(warehouse, names) == both


def _tables(warehouse: Path, names: list[str]) -> dict[str, list[tuple]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {
            name: connection.execute(f"SELECT * FROM fame_dbt.{name} ORDER BY ALL").fetchall()
            for name in names
        }


@pytest.mark.any_duckdb
def test_an_older_warehouse_is_brought_up_to_date(tmp_path: Path) -> None:
    older = older_warehouse(tmp_path / "centre.duckdb", 4)
    dbt = _dbt(older)
    run = dbt("run", "--select", "stg_feedback")
    assert run.code == 0, run.said
    with duckdb.connect(str(older)) as connection:
        connection.execute(
            "INSERT INTO fame.feedback (event_id, model_version, is_anomaly, created_at) "
            "VALUES (1, 'm', false, current_timestamp - INTERVAL 100 DAY)"
        )
        assert len(connection.execute("FROM fame_dbt.stg_feedback").fetchall()) == 1
    run = dbt("source", "freshness", "--select", "source:fame.feedback")
    assert "WARN freshness of fame.feedback" in run.said, run.said


@pytest.mark.any_duckdb
def test_tests_can_look_at_the_new_rows_alone(built: tuple[Path, Dbt], tmp_path: Path) -> None:
    warehouse = copied_to(tmp_path, built[0])
    with duckdb.connect(str(warehouse)) as connection:
        query = "SELECT min(log_time), max(log_time)::DATE FROM fame_dbt.fct_scored_logs"
        first, last_day = connection.execute(query).fetchall()[0]
        connection.execute("DELETE FROM fame_dbt.fct_scored_logs WHERE log_time = ?", [first])
    dbt, name = _dbt(warehouse), "assert_every_record_is_accounted_for"
    since = json.dumps({"fame_tests_from": str(last_day)})
    assert dbt("test", "--select", name, "--vars", since).results[name] == "pass"
    assert dbt("test", "--select", name).results[name] == "fail"


@pytest.mark.any_duckdb
def test_microbatches_write_the_same_rows(built: tuple[Path, Dbt], tmp_path: Path) -> None:
    warehouse = copied_to(tmp_path, built[0])
    with duckdb.connect(str(warehouse)) as connection:
        query = "SELECT * FROM fame_dbt.fct_scored_logs ORDER BY ALL"
        expected = connection.execute(query).fetchall()
        connection.execute(
            "DELETE FROM fame_dbt.fct_scored_logs WHERE log_time >= TIMESTAMP '2025-03-08'"
        )
    dates = ["--event-time-start", "2025-03-07", "--event-time-end", "2025-03-13"]
    settings = json.dumps({"fame_strategy": "microbatch", "fame_begin": "2025-03-01"})
    run = _dbt(warehouse)("run", "--select", "fct_scored_logs", *dates, "--vars", settings)
    assert run.code == 0, run.said
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute(query).fetchall() == expected


@pytest.mark.any_duckdb
def test_without_a_model_dbt_is_silent_until_one_is_needed(
    simulated_log: Path, tmp_path: Path
) -> None:
    warehouse = tmp_path / "centre.duckdb"
    with Warehouse.open(warehouse, create=True) as opened:
        ingest_file(opened, simulated_log, format="bgl")
    dbt = _dbt(warehouse)
    run = dbt("build", "--exclude", "test_type:unit")
    assert run.code == 1
    failed = {name for name, status in run.results.items() if status == "error"}
    assert failed == {"int_event_scores"}
    assert run.results["stg_logs"] == run.results["int_log_events"] == "success"
    assert run.results["fct_scored_logs"] == "skipped"
    advice = f"run 'fame compile --warehouse {warehouse.name}' first"
    assert f"no model is published: {advice}" in run.said
    assert "Traceback" not in run.said


@pytest.mark.any_duckdb
def test_what_is_broken_fails_and_says_what_to_do(copied: Path) -> None:
    with Warehouse.open(copied) as opened:
        opened.connection.execute("UPDATE fame.masks SET placeholder = '<x>' WHERE ordinal = 1")
    dbt = _dbt(copied)
    run = dbt("run", "--select", "int_events", "int_event_scores")
    assert run.code == 1
    assert run.results["int_event_scores"] == "error"
    assert "was trained with masks that differ from this warehouse's" in run.said
    assert "run 'fame train'" in run.said
    assert "Traceback" not in run.said
    with Warehouse.open(copied) as opened:
        opened.connection.execute(
            "INSERT INTO fame.models SELECT * REPLACE ('other' AS model_version) FROM fame.models"
        )
    run = dbt("build", "--select", "stg_models", "masks")
    assert run.code == 1
    assert run.results["assert_one_champion"] == "fail"
    assert run.results["assert_masks_are_the_default"] == "warn"


@pytest.mark.any_duckdb
def test_a_locked_warehouse_is_told_with_who_holds_it(copied: Path) -> None:
    with Warehouse.open(copied):
        run = _dbt(copied)("run", "--select", "stg_logs")
    assert run.code != 0
    assert "lock" in run.said
    assert f"PID {os.getpid()}" in run.said


@pytest.mark.any_duckdb
def test_drift_keeps_its_error_rate_where_nothing_changes(built: tuple[Path, Dbt]) -> None:
    """Of unchanged logs, at most the stated 5 % may report anything."""
    statement = _compiled(built, "agg_template_drift")
    assert _share_with_reports(statement, lambda draw, mean, n: draw.poisson(mean, n)) <= 0.05
    # Bursts: the variance is five times the mean.
    bursty = _share_with_reports(
        statement, lambda draw, mean, n: draw.negative_binomial(mean / 4, 0.2, n)
    )
    assert bursty <= 0.05


@pytest.mark.any_duckdb
def test_drift_finds_a_rate_that_doubled(built: tuple[Path, Dbt]) -> None:
    statement = _compiled(built, "agg_template_drift")
    found = _share_with_reports(
        statement, lambda draw, mean, n: draw.poisson(np.where(np.arange(n) < 168, mean, 2 * mean))
    )
    assert found == 1


def _compiled(built: tuple[Path, Dbt], name: str) -> str:
    compiled = built[1].scratch / "target" / "compiled" / "fame" / "models" / "marts"
    statement = (compiled / f"{name}.sql").read_text()
    return re.sub(r'"centre"\."fame_dbt"\."agg_template_hourly"', "hourly", statement)


def _share_with_reports(statement: str, draw_lines: DrawLines) -> float:
    trials, hours, means = 100, 192, np.geomspace(0.2, 40, 30)
    reported = 0
    with duckdb.connect() as connection:
        connection.execute("CREATE TEMP MACRO fame_model_version() AS 'v'")
        for seed in range(trials):
            draw = np.random.default_rng(seed)
            rows = np.stack([draw_lines(draw, mean, hours) for mean in means])
            pattern, hour = np.nonzero(rows)
            counted = {"pattern": pattern, "hour": hour, "lines": rows[pattern, hour]}
            connection.register("counted", pa.table(counted))
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE hourly AS SELECT 'v' AS model_version, "
                "pattern::VARCHAR AS pattern_id, lines, "
                "TIMESTAMP '2025-01-01' + INTERVAL (hour) HOUR AS log_hour FROM counted"
            )
            significant, least = connection.execute(
                f"SELECT count(*) FILTER (WHERE is_significant), min(p_value) FROM ({statement})"
            ).fetchall()[0]
            assert not math.isnan(least)
            reported += significant > 0
    return reported / trials
