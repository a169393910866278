"""Rules, z-scores and a language model on windows, beside FAME."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from llm_judge import model_of
from llm_server import LanguageServer, rows_of

from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.ingest import ingest_file
from fame_sql.operations.costs.inputs import default_inputs
from fame_sql.operations.costs.measured import measure
from fame_sql.operations.windows.alarms import JudgedWindow, suppress
from fame_sql.operations.windows.by_llm import WindowJudge
from fame_sql.operations.windows.detectors import Rule, compare, detect, open_windows
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

START = datetime(2024, 5, 1, 10)


@pytest.fixture
def hour(empty: Warehouse, tmp_path: Path) -> Warehouse:
    """An hour with two lines a minute, eight errors across a boundary of windows and one FATAL."""
    lines = []
    for minute in range(60):
        at = START + timedelta(minutes=minute)
        lines += [(at, "INFO", f"request {minute} served"), (at, "INFO", "cache filled")]
        if 28 <= minute < 32:
            lines += [(at, "ERROR", f"write {minute} failed")] * 2
        if minute == 55:
            lines.append((at, "ERROR", "fatal error: panic"))
    log = tmp_path / "hour.log"
    log.write_text("".join(f"{at:%Y-%m-%d %H:%M:%S} {level} {text}\n" for at, level, text in lines))
    ingest_file(empty, log)
    return empty


def starts(warehouse: Warehouse, detector: str) -> list[int]:
    rows = warehouse.rows(
        "SELECT window_start FROM fame.window_alarms WHERE detector = ? AND is_alarm ORDER BY ALL",
        [detector],
    )
    return [row[0].minute for row in rows]


def test_a_rule_counts_across_the_boundary_of_windows(hour: Warehouse) -> None:
    assert open_windows(hour, 10) == 6
    detect(hour, 10, Rule("ERROR", 7), 3.0)
    assert starts(hour, "rule") == [30], "four errors before half past, four after"
    detect(hour, 10, Rule("ERROR", 8), 3.0)
    assert starts(hour, "rule") == []
    assert starts(hour, "z-score") == [20], "the first rate above zero, after which it varies"


@pytest.mark.parametrize("text", ["ERROR", "LOUD>3", "ERROR>-1", "ERROR>x"])
def test_a_wrong_rule_is_explained(text: str) -> None:
    with pytest.raises(InputError, match="is no rule"):
        Rule.read(text)
    assert Rule.read("warn > 3") == Rule("WARN", 3)


def test_a_window_divides_an_hour(hour: Warehouse) -> None:
    with pytest.raises(InputError, match="does not divide an hour"):
        open_windows(hour, 7)


def test_a_language_model_judges_every_line_of_every_window(
    hour: Warehouse, server: LanguageServer
) -> None:
    open_windows(hour, 10)
    judge = WindowJudge(model_of(hour, server), 10, lines_a_request=15)
    plan = judge.preview(hour)
    assert not server.bodies
    assert (plan.windows, plan.lines, plan.requests) == (6, 129, 12)
    detector = judge.judge(hour)
    assert sum(len(rows_of(body)) for body in server.requests) == 129
    assert len(server.bodies) == plan.requests
    assert starts(hour, detector) == [20, 30, 50]
    assert hour.rows(
        "SELECT alarm_type, alarm_severity, route, suppressed, len(evidence) "
        "FROM fame.window_alarms WHERE is_alarm ORDER BY window_start"
    ) == [
        ("fail", "error", "page", False, 4),
        ("fail", "error", "page", True, 4),
        ("fatal", "critical", "page", False, 1),
    ]
    spent = hour.value("SELECT sum(cost_usd) FROM fame.llm_calls")
    [row] = compare(hour, 10)
    assert row["dollars"] == pytest.approx(spent)
    assert (row["alarms"], row["suppressed"]) == (3, 1)
    assert row["lines_to_review"] == 24 + 21
    assert row["false_windows"] is None, "the log has no labels"
    judge.judge(hour)
    assert len(server.bodies) == plan.requests, "nothing is paid for twice"


def test_a_line_that_was_not_sent_is_no_evidence(hour: Warehouse, server: LanguageServer) -> None:
    invented = {"type": "x", "severity": "error", "summary": "s", "lines": ["l1", "l999"]}
    server.answer = lambda _: json.dumps({"alarms": [invented]})
    open_windows(hour, 60)
    model = model_of(hour, server)
    WindowJudge(model, 60, 200).judge(hour)
    assert hour.value("SELECT count(*) FROM fame.window_alarms WHERE is_alarm") == 0
    assert any("no answer" in notice for notice in model.notices)


def test_the_text_of_an_answer_is_data(hour: Warehouse, server: LanguageServer) -> None:
    wild = {"type": "\x1b[31mred", "severity": "error", "summary": "a\x07b\nc", "lines": ["l1"]}
    server.answer = lambda _: json.dumps({"alarms": [wild]})
    open_windows(hour, 60)
    WindowJudge(model_of(hour, server), 60, 200).judge(hour)
    [(kind, summary)] = hour.rows("SELECT alarm_type, summary FROM fame.window_alarms")
    assert "\x1b" not in kind
    assert "\x07" not in summary


@given(st.lists(st.tuples(st.integers(0, 500), st.sampled_from("ab"), st.sampled_from(
    ["info", "warning", "error", "critical"])), max_size=30))  # fmt: skip
def test_what_is_suppressed_was_reported_before(alarms: list[tuple[int, str, str]]) -> None:
    windows = [
        JudgedWindow(START + timedelta(minutes=at), "app", True, severity, kind)  # type: ignore[arg-type]
        for at, kind, severity in sorted(alarms)
    ]
    ranks = ("info", "warning", "error", "critical")
    found = suppress(windows, 60)
    for n, window in enumerate(found):
        earlier = [
            other
            for other in found[:n]
            if not other.suppressed
            and other.alarm_type == window.alarm_type
            and window.window_start - other.window_start <= timedelta(minutes=60)
            and ranks.index(other.alarm_severity or "") >= ranks.index(window.alarm_severity or "")
        ]
        assert not window.suppressed or earlier


def test_the_command_compares_on_labelled_lines(copied: Path, server: LanguageServer) -> None:
    command = ["windows", "--warehouse", str(copied), "--llm", server.base_url]
    command += ["--llm-model", "gpt-4o"]
    planned = CliRunner().invoke(main, [*command, "--dry-run"])
    assert planned.exit_code == 0, planned.output
    assert "--- nothing was sent" in planned.stdout
    assert not server.bodies
    done = CliRunner().invoke(main, [*command, "--first", "5", "--json"])
    assert done.exit_code == 0, done.output
    rows = {row["detector"]: row for row in json.loads(done.stdout)}
    assert list(rows) == ["language model gpt-4o", "rule", "z-score", "FAME"]
    assert rows["language model gpt-4o"]["windows"] == 5
    assert rows["rule"]["windows"] == rows["FAME"]["windows"] > 5
    assert rows["language model gpt-4o"]["dollars"] > 0
    assert all(row["false_windows"] is not None for row in rows.values())
    assert rows["FAME"]["alarms"] > 0
    costs = CliRunner().invoke(main, ["cost", "--warehouse", str(copied), "--json"])
    inputs = {row["name"]: row for row in json.loads(costs.stdout)["inputs"]}
    # It read the first windows alone.
    assert inputs["false_window_share_llm"]["kind"] == "assumed"
    rule = rows["rule"]
    assert inputs["false_window_share_rules"]["kind"] == "measured"
    assert inputs["false_window_share_rules"]["value"] == rule["false_windows"] / rule["windows"]


def test_windows_are_read_in_parts(hour: Warehouse, server: LanguageServer) -> None:
    open_windows(hour, 5)
    judge = WindowJudge(model_of(hour, server), 5, lines_a_request=7)
    parts = list(judge._windows(hour, at_once=5))
    assert [len(part) for part in parts] == [5, 5, 2]
    whole = [window for part in judge._windows(hour, at_once=100) for window in part]
    assert [window for part in parts for window in part] == whole
    assert sum(len(part.lines) for _, _, some in whole for part in some) == hour.value(
        "SELECT count(*) FROM logs"
    )


def test_a_share_of_false_windows_from_few_windows_is_no_measured_input(
    hour: Warehouse, server: LanguageServer
) -> None:
    hour.connection.execute("UPDATE fame.logs SET label = '-'")
    open_windows(hour, 10)
    WindowJudge(model_of(hour, server), 10, at_most=2).judge(hour)
    found = measure(hour, default_inputs())
    assert found.inputs["false_window_share_llm"].kind == "assumed"
    assert "0 to 66 %; not taken: only 2 of 6 windows were judged" in found.notes[0]
