"""A statement of a client, and lines that come while it is planned."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from warehouse_copy import copied_to

import fame_sql
from fame_sql.planner import Plan, make_plan
from fame_sql.serve.sql import running
from fame_sql.serve.sql.running import Limits, run_statement
from fame_sql.udfs.duckdb import release

pytestmark = pytest.mark.any_duckdb

_EVENT = """
INSERT INTO fame.events
SELECT * REPLACE (
    event_id + 1 AS event_id, 'later' AS event_hash, 'a later text' AS canonical,
    'a later text' AS example
) FROM fame.events ORDER BY event_id DESC LIMIT 1
"""
_LINE = """
INSERT INTO fame.logs
SELECT * REPLACE (
    log_id + 1 AS log_id, 'a later text' AS body,
    (SELECT max(event_id) FROM fame.events) AS event_id
) FROM fame.logs ORDER BY log_id DESC LIMIT 1
"""


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("message", ["body", "lower(body)"])
def test_a_line_that_comes_while_a_statement_is_planned_has_a_score(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str, write: bool
) -> None:
    connection = fame_sql.connect(copied_to(tmp_path, compiled))

    def plan_slowly(planned: duckdb.DuckDBPyConnection, *given: str, **named: object) -> Plan:
        plan = make_plan(planned, *given, **named)  # type: ignore[arg-type]
        assert plan.statement != given[0]
        for statement in (_EVENT, _LINE):
            connection.cursor().execute(statement)
        return plan

    monkeypatch.setattr(running, "make_plan", plan_slowly)
    asked = f"SELECT count(*), count(fame_score({message})) FROM logs"
    answer = run_statement(connection.cursor(), asked, Limits(), write=write)
    assert answer.table.to_pylist() == [
        {"count_star()": 4001, f"count(fame_score({message}))": 4001}
    ]
    release(connection)
    connection.close()
