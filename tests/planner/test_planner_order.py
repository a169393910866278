"""Where rows are taken by their order, a planned query takes the same rows as the plain one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql.planner import make_plan
from fame_sql.udfs.duckdb import release

Connection = duckdb.DuckDBPyConnection

FEW = "logs WHERE log_id > 3000 AND log_id < 3050"
ORDERED = {
    "limit on a view": ("SELECT log_id, fame_score(body) FROM unmatched LIMIT 3", "LIMIT"),
    "limit of groups": (
        f"SELECT host_name, max(fame_score(body)) FROM {FEW} GROUP BY 1 LIMIT 3",
        "LIMIT",
    ),
    "limit of a join": (
        "SELECT fame_score(a.body) FROM logs a JOIN logs b USING (log_id) LIMIT 3",
        "LIMIT",
    ),
    "outside": (f"SELECT * FROM (SELECT log_id, fame_score(body) FROM {FEW}) LIMIT 3", "LIMIT"),
    "of a union": (
        f"SELECT log_id, fame_score(body) FROM {FEW} UNION ALL SELECT 1, 2 OFFSET 48",
        "OFFSET",
    ),
    "through a CTE": (
        f"WITH s AS (SELECT log_id, fame_score(body) AS s FROM {FEW}), "
        "f AS (SELECT * FROM s LIMIT 2) SELECT log_id FROM f WHERE s IS NOT NULL",
        "LIMIT",
    ),
    "a CTE called logs": (
        "WITH logs AS (SELECT * FROM fame.logs ORDER BY log_id DESC) "
        "SELECT * FROM (SELECT log_id, fame_score(body) FROM logs LIMIT 3)",
        "LIMIT",
    ),
    "row_number": (
        f"SELECT log_id, row_number() OVER (), fame_score(body) FROM {FEW}",
        "a window",
    ),
    "frame": (
        f"SELECT log_id, sum(log_id) OVER (ROWS 2 PRECEDING), fame_score(body) FROM {FEW}",
        "a window",
    ),
    "named window": (
        f"SELECT log_id, lag(log_id) OVER w, fame_score(body) FROM {FEW} WINDOW w AS ()",
        "a window",
    ),
    "string_agg": (
        f"SELECT string_agg(log_id::VARCHAR, ','), max(fame_score(body)) FROM {FEW}",
        "string_agg()",
    ),
    "list": (f"SELECT list(fame_score(body)) FROM {FEW}", "list()"),
    "first": (f"SELECT first(log_id), max(fame_score(body)) FROM {FEW}", "first()"),
    "json": (f"SELECT json_group_array(log_id), max(fame_score(body)) FROM {FEW}", "json_group"),
    "array": (f"SELECT ARRAY(SELECT fame_score(body) FROM {FEW})", "ARRAY()"),
    "distinct on": (
        f"SELECT DISTINCT ON (host_name) host_name, log_id, fame_score(body) FROM {FEW}",
        "DISTINCT ON",
    ),
    "positional join": (
        f"SELECT log_id, e, s FROM (SELECT log_id, fame_score(body) AS s FROM {FEW}) "
        "POSITIONAL JOIN (SELECT event_id AS e FROM events WHERE event_id < 50)",
        "POSITIONAL",
    ),
}


@pytest.fixture(scope="module")
def connection(compiled: Path) -> Iterator[Connection]:
    connection = fame_sql.connect(compiled, read_only=True)
    connection.execute("SET threads = 1")
    yield connection
    release(connection)
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("shape", ORDERED)
def test_rows_taken_by_their_order_are_the_same(connection: Connection, shape: str) -> None:
    statement, named = ORDERED[shape]
    plan = make_plan(connection, statement)
    assert {call.answered_by for call in plan.calls} == {"live"}
    assert all(named in call.reason and "add ORDER BY" in call.reason for call in plan.calls), (
        plan.calls
    )
    plain = connection.execute(statement).fetchall()
    assert len(plain) > 0
    assert fame_sql.query(connection, statement).fetchall() == plain


FREE = {
    "ordered limit": "SELECT log_id, fame_score(body) FROM logs ORDER BY log_id LIMIT 5 OFFSET 4",
    "ordered window": "SELECT log_id, row_number() OVER (ORDER BY log_id), fame_score(body) "
    "FROM logs",
    "named window": "SELECT log_id, lag(fame_score(body)) OVER w FROM logs "
    "WINDOW w AS (PARTITION BY host_name ORDER BY log_id)",
    "window of all": "SELECT log_id, count(*) OVER (), max(fame_score(body)) OVER "
    "(PARTITION BY host_name) FROM logs",
    "ordered list": "SELECT list(log_id ORDER BY event_id, log_id), max(fame_score(body)) "
    "FROM logs WHERE log_id < 50",
    "one row": "SELECT max(fame_score(body)) FROM logs LIMIT 100",
    "ordered distinct": "SELECT DISTINCT ON (host_name) host_name, log_id, fame_score(body) "
    "FROM logs ORDER BY host_name, log_id",
    "limit beside": "SELECT max(fame_score(body)) FROM logs WHERE log_id IN "
    "(SELECT event_id FROM events LIMIT 3)",
}


@pytest.mark.parametrize("shape", FREE)
def test_what_does_not_depend_on_the_order_is_planned(connection: Connection, shape: str) -> None:
    plan = make_plan(connection, FREE[shape])
    assert [call.answered_by for call in plan.calls] == ["event"], plan
    expected = connection.execute(FREE[shape]).fetchall()
    assert sorted(connection.execute(plan.statement).fetchall()) == sorted(expected)


LINES = {
    "few": f"SELECT log_id, fame_score(body) FROM {FEW} LIMIT 3",
    "few from": f"SELECT log_id, fame_score(body) FROM {FEW} LIMIT 3 OFFSET 9",
    "the last": f"SELECT log_id, fame_score(body) FROM {FEW} OFFSET 45",
    "all pass": f"SELECT log_id FROM {FEW} AND fame_score(body) >= 0 LIMIT 3",
    "limit": "SELECT log_id, body FROM logs WHERE fame_score(body) > 0.5 LIMIT 20",
    "offset": "SELECT log_id, fame_score(body) FROM logs LIMIT 30 OFFSET 17",
    "alias": "SELECT fame_domain(l.body) AS log_id, body FROM logs AS l LIMIT 50",
    "schema": 'SELECT "Logs".*, fame_score(body) FROM fame."Logs" WHERE log_id % 3 = 0 LIMIT 40',
    "fetch": "SELECT log_id FROM logs WHERE fame_is_anomaly(body) FETCH FIRST 9 ROWS ONLY",
}


@pytest.mark.parametrize("shape", LINES)
def test_a_limit_on_lines_takes_them_as_they_came(connection: Connection, shape: str) -> None:
    plan = make_plan(connection, LINES[shape])
    assert [call.answered_by for call in plan.calls] == ["event"], plan
    expected = connection.execute(LINES[shape]).fetchall()
    assert expected
    assert connection.execute(plan.statement).fetchall() == expected


def test_what_is_not_stored_is_not_scored_for_a_limit(connection: Connection) -> None:
    statement = LINES["limit"].replace("body) >", "body || ' anew') >")
    plan = make_plan(connection, statement)
    assert [call.answered_by for call in plan.calls] == ["live"]
    assert plan.statement == statement


def test_without_a_promise_of_order_a_limit_is_planned(connection: Connection) -> None:
    connection.execute("SET preserve_insertion_order = false")
    plan = make_plan(connection, "SELECT log_id FROM logs WHERE fame_score(body) >= 0 LIMIT 20")
    connection.execute("RESET preserve_insertion_order")
    assert [call.answered_by for call in plan.calls] == ["event"]
    assert len(connection.execute(plan.statement).fetchall()) == 20
