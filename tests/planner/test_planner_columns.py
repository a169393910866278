"""Columns keep their names, groups their rows, and functions their meaning in a planned query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql.planner import make_plan, verify
from fame_sql.udfs.duckdb import release

Connection = duckdb.DuckDBPyConnection

# Statement, and how its calls are answered.
SHAPES = {
    "functions": ("SELECT len(body), substr(body, 1, 2), fame_score(body) FROM logs", "event"),
    "casts": ("SELECT log_id::VARCHAR, label IS NOT NULL, fame_score(body) FROM logs", "event"),
    "beside a star": (
        "SELECT len(body), *, log_id ** 2, fame_score(body) FROM logs WHERE log_id < 50",
        "event",
    ),
    "a union": (
        "SELECT len(body), fame_score(body) FROM logs UNION ALL SELECT 1, 2",
        "event",
    ),
    "a name used twice": ("SELECT log_id, log_id, fame_score(body) FROM logs", "event"),
    "a field in an order": (
        "SELECT (fame_verdict(body)).domain FROM scored_logs ORDER BY domain, log_id",
        "event",
    ),
    "inside a subquery": ("SELECT * FROM (SELECT len(body), fame_score(body) FROM logs)", "live"),
    "a time today": (
        "SELECT today(), current_date, max(fame_score(body)) FROM logs "
        "WHERE timestamp < current_timestamp - INTERVAL '1 day' AND timestamp < now()",
        "event",
    ),
    "hours": (
        "SELECT hour(timestamp) AS h, max(fame_score(body)) FROM logs GROUP BY h",
        "event",
    ),
    "hours by place": (
        "SELECT hour(timestamp), max(fame_score(body)) FROM logs GROUP BY 1",
        "event",
    ),
    "hours inside": (
        'SELECT h, "max(fame_score(body))" FROM (SELECT hour(timestamp) AS h, '
        "max(fame_score(body)) FROM logs GROUP BY h)",
        "event",
    ),
    "filter": (
        "SELECT host_name, count(*) FILTER (WHERE fame_score(body) > .5) FROM logs GROUP BY 1",
        "event",
    ),
    "any": (
        "SELECT host_name, bool_or(fame_is_anomaly(body)) FROM logs GROUP BY host_name",
        "event",
    ),
    "messages": ("SELECT body, count(*), fame_score(body) FROM logs GROUP BY body", "event"),
    "messages by score": (
        "SELECT body AS m, count(*), fame_verdict(m) FROM logs GROUP BY m "
        "HAVING fame_score(body) > 0.3 ORDER BY fame_score(body) DESC, m",
        "event",
    ),
    "messages by place": (
        "SELECT lower(body), fame_score(lower(body)), count(*) FROM logs GROUP BY 1",
        "message",
    ),
    "messages rolled up": (
        "SELECT body, fame_score(body), count(*) FROM logs GROUP BY ROLLUP (body)",
        "live",
    ),
    "CREATE TABLE AS": (
        "CREATE OR REPLACE TEMP TABLE kept AS SELECT len(body), fame_score(body) FROM logs",
        "event",
    ),
}


@pytest.fixture(scope="module")
def connection(compiled: Path) -> Iterator[Connection]:
    connection = fame_sql.connect(compiled, read_only=True)
    yield connection
    release(connection)
    connection.close()


def _result(connection: Connection, statement: str) -> tuple[list[str], Counter[str]]:
    found = connection.execute(statement)
    if statement.startswith("CREATE"):
        found = connection.execute("FROM kept")
    names = [column[0].lower() for column in found.description]
    return names, Counter(map(repr, found.fetchall()))


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_columns_and_groups(connection: Connection, shape: str) -> None:
    statement, answered = SHAPES[shape]
    plan = make_plan(connection, statement)
    assert {call.answered_by for call in plan.calls} == {answered}, plan
    assert _result(connection, plan.statement) == _result(connection, statement)


def test_a_statement_left_alone_at_the_end_is_told_as_live(connection: Connection) -> None:
    statement = "SELECT body, fame_score(body) FROM logs GROUP BY CUBE (body)"
    plan = make_plan(connection, statement)
    assert plan.statement == statement
    assert [(call.answered_by, call.missing) for call in plan.calls] == [("live", 0)]
    assert "as the planner writes it" in plan.calls[0].reason


def test_what_cannot_be_reproduced_is_named(connection: Connection) -> None:
    plan = make_plan(connection, "SELECT log10(log_id), fame_score(body) FROM logs")
    assert "log10()" in plan.reason


# Pairs of what a user writes, and what means the same, or does not.
PAIRS = {
    ("list(a)", "ARRAY_AGG(a)"): True,
    ("a ** 2", "POWER(a, 2)"): True,
    ("substr(b, 1, 2)", "SUBSTRING(b, 1, 2)"): True,
    ("range(3)", "RANGE(0, 3)"): True,
    ("range(3)", "RANGE(1, 3)"): False,
    ("min_by(a, b)", "ARG_MIN(a, b)"): True,
    ("min_by(a, b)", "ARG_MAX(a, b)"): False,
    ("json_extract(b, '$.a')", "b -> '$.a'"): True,
    ("json_extract_string(b, '$.a')", "b -> '$.a'"): False,
    ("today()", "CURRENT_DATE"): True,
    ("today()", "CURRENT_TIMESTAMP"): False,
    ("group_concat(b)", "LISTAGG(b, ',')"): True,
    ("group_concat(b)", "LISTAGG(b, ';')"): False,
    ("a > .5", "a > 0.5"): True,
    ("a > .5", "a > 0.05"): False,
    ("bool_or(a)", "BOOL_OR(CAST(a AS BOOLEAN))"): True,
    ("bool_or(a)", "BOOL_OR(CAST(a AS INTEGER))"): False,
    ("log10(a)", "LOG(10, a)"): False,
}


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_that_mean_the_same(connection: Connection, pair: tuple[str, str]) -> None:
    first, second = (verify.parse(connection, f"SELECT {one} FROM t") for one in pair)
    assert verify.same(first, second) == PAIRS[pair]
