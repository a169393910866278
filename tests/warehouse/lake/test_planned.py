"""Statements over a lake are planned of one snapshot, while others write."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql.planner import Plan, make_plan
from fame_sql.scoring.later import hold_later, reach_of
from fame_sql.session.planned_run import run_planned
from fame_sql.session.query import run
from fame_sql.udfs.duckdb import release, scorer_of

_COUNT = "SELECT count(*), count(fame_score(body)) FROM logs"
_MADE = "CREATE TEMP TABLE made AS SELECT body, fame_score(body) AS score FROM logs"
_NEW = "quite another thing happened to nobody"


@pytest.fixture
def connection(copied_lake: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = fame_sql.connect(copied_lake)
    yield opened
    release(opened)
    opened.close()


def _store_line(connection: duckdb.DuckDBPyConnection, body: str) -> None:
    """Store a line of a new event, as another process would."""
    with connection.cursor() as other:
        other.execute("BEGIN")
        other.execute(
            "INSERT INTO fame.event_rows (event_id, event_hash, canonical, example, lines) "
            "SELECT fame.event_number(md5($1)), md5($1), $1, $1, 1",
            [body],
        )
        other.execute(
            "INSERT INTO fame.logs BY NAME SELECT * REPLACE ($1 AS body, log_id + 1 AS log_id, "
            "fame.event_number(md5($1)) AS event_id) FROM fame.logs ORDER BY log_id DESC LIMIT 1",
            [body],
        )
        other.execute("COMMIT")


def _plan_once_before(
    connection: duckdb.DuckDBPyConnection, statement: str, body: str, plans: list[Plan]
) -> Plan:
    """Plan a statement; after the first time, a line of a new event comes."""
    plans.append(make_plan(connection, statement))
    if len(plans) == 1:
        _store_line(connection, body)
    return plans[-1]


def test_a_line_that_comes_after_the_plan_is_judged(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    [(before, _)] = connection.execute("SELECT count(*), 0 FROM logs").fetchall()
    plans: list[Plan] = []

    for number, statement in enumerate((_COUNT, _MADE), 1):
        plans.clear()
        body = " ".join([_NEW] * number)
        made = partial(_plan_once_before, connection, statement, body, plans)
        found = run_planned(connection, Plan(statement), made, run).fetchall()
        assert found[0][0] == before + number
        assert [plan.calls[0].answered_by for plan in plans] == ["event", "event"]
    assert connection.execute("SELECT count(*) - count(score) FROM made").fetchall() == [(0,)]


def test_what_was_read_is_kept_until_the_lake_changes(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    first = fame_sql.query(connection, _COUNT).fetchall()
    connection.execute("UPDATE temp.__fame_events SET score = NULL")
    [(_, judged)] = fame_sql.query(connection, _COUNT).fetchall()
    assert judged < first[0][1]
    with connection.cursor() as other:
        other.execute("INSERT INTO fame.settings VALUES ('something', 'else')")
    assert fame_sql.query(connection, _COUNT).fetchall() == first


def test_a_transaction_of_the_user_stays_open(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("BEGIN")
    plan = make_plan(connection, _COUNT)
    assert "transaction of your own" in plan.reason
    connection.execute("DELETE FROM fame.settings")
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) > 0 FROM fame.settings").fetchall() == [(True,)]


def test_a_probe_that_fails_leaves_the_statement_to_duckdb(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    failing = "SELECT fame_score(upper(body)) FROM logs WHERE body::INTEGER > 1"
    assert [call.answered_by for call in make_plan(connection, failing).calls] == ["live"]
    with pytest.raises(duckdb.ConversionException):
        fame_sql.query(connection, failing)
    assert fame_sql.query(connection, "SELECT 1").fetchall() == [(1,)]


def test_a_server_judges_what_came_after_a_plan(connection: duckdb.DuckDBPyConnection) -> None:
    since = reach_of(connection)
    plan = make_plan(connection, _COUNT)
    _store_line(connection, _NEW)
    scorer = scorer_of(connection)
    assert scorer is not None
    assert hold_later(connection, plan.statement, since, scorer)
    [(lines, judged)] = connection.execute(plan.statement).fetchall()
    assert lines == judged
