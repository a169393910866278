"""A name may mean several things: the planner takes what DuckDB takes, or leaves the query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from warehouse_copy import copied_to

import fame_sql
from fame_sql.planner import Plan, make_plan
from fame_sql.udfs.duckdb import release

Connection = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def connection(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Return a warehouse with few lines, and names that several things have."""
    path = copied_to(tmp_path_factory.mktemp("names"), compiled)
    connection = fame_sql.connect(path)
    connection.execute("DELETE FROM fame.logs WHERE log_id > 400")
    for statement in MADE:
        connection.execute(statement)
    yield connection
    release(connection)
    connection.close()


PANIC = "SELECT 'kernel panic disk failed' AS body, event_id FROM fame.logs"
MADE = (
    "CREATE TABLE kept AS FROM fame.scores",
    "CREATE SCHEMA empty",
    "CREATE SCHEMA s2",
    f"CREATE TABLE s2.logs AS {PANIC}",
    f"CREATE TABLE s2.t AS {PANIC}",
    "CREATE TABLE main.t AS SELECT 'user logged in' AS body, event_id FROM fame.logs",
    "SET schema = 's2'",
    "CREATE VIEW s2.live AS SELECT body, fame_score(body) AS s FROM t",
    "CREATE VIEW s2.plain AS SELECT body, event_id FROM logs",
    "SET schema = 'main'",
    "CREATE VIEW hot AS SELECT log_id, body, fame_score(body) AS s FROM logs",
    "CREATE VIEW hotter AS SELECT * FROM hot WHERE s > 0.1",
    "CREATE VIEW renamed(id, score) AS SELECT log_id, fame_score(body), event_id FROM logs",
    "CREATE VIEW own_cte AS WITH logs AS (SELECT * FROM logs WHERE log_id < 99) "
    "SELECT fame_score(body) AS s FROM logs",
    "CREATE VIEW half AS SELECT * FROM logs WHERE random() < 0.5",
    "CREATE VIEW over_half AS SELECT * FROM half",
    "CREATE MACRO is_hot(message) AS fame_score(message) > 0.1",
    "CREATE MACRO is_odd(message) AS "
    "len(list_filter([message], lambda m: fame_score(m) > 0.1)) > 0",
    "CREATE MACRO is_cold(message) AS NOT is_hot(message)",
    "CREATE MACRO hot_lines() AS TABLE SELECT fame_score(body) AS s FROM logs",
    "CREATE TABLE odd AS SELECT body, log_id AS __fame_1_score, 'x' AS __fame_2_known FROM logs",
)

NESTED = f"(WITH l AS ({PANIC}) SELECT * FROM l)"

# Statement, and how its calls are answered.
SAME = {
    "a macro": ("SELECT body FROM logs WHERE is_hot(body)", "event"),
    "a macro over another": ("SELECT is_cold(body), count(*) FROM logs GROUP BY ALL", "event"),
    "a table macro": ("SELECT max(s) FROM hot_lines() AS h", "event"),
    "alias of a column's name": ("SELECT host_name AS body, fame_score(body) FROM logs", "event"),
    "in WHERE": ("SELECT host_name AS body FROM logs WHERE fame_score(body) > 0.1", "event"),
    "in ORDER BY": (
        "SELECT host_name AS body FROM logs ORDER BY fame_score(body), log_id",
        "event",
    ),
    "in HAVING": (
        "SELECT host_name AS body FROM logs GROUP BY ALL HAVING max(fame_score(body)) > 0.1",
        "event",
    ),
    "in QUALIFY": (
        "SELECT host_name AS body, log_id FROM logs "
        "QUALIFY max(fame_score(body)) OVER (PARTITION BY host_name) > 0.1",
        "event",
    ),
    "changed itself": ("SELECT upper(body) AS body, fame_score(body) FROM logs", "event"),
    "another column": ("SELECT body AS host_name, fame_score(host_name) FROM logs", "message"),
    "alias in a condition": (
        "SELECT lower(body) AS m, fame_score(m) FROM logs WHERE m LIKE '%a%'",
        "message",
    ),
    "alias like the planner's own": (
        "SELECT host_name AS message, log_id AS rows, fame_score(body) FROM logs "
        "WHERE message LIKE '%1%' AND rows < 300",
        "event",
    ),
    "alias of the event": (
        "SELECT lower(m) AS event_id, fame_score(m) FROM "
        "(SELECT event_id AS e, body AS m FROM logs) WHERE event_id LIKE '%a%'",
        "event",
    ),
    "one CTE hides another": (
        f"WITH l AS (SELECT * FROM logs) SELECT body, fame_score(body) FROM {NESTED} q",
        "message",
    ),
    "a CTE in other letters": (
        "WITH Lines AS (SELECT * FROM logs) SELECT lines.body, fame_score(body) FROM LINES",
        "event",
    ),
    "messages in other letters": (
        "SELECT fame_score(body || 'A'), fame_score(BODY || 'A'), fame_score(body || 'a') "
        "FROM logs",
        "message",
    ),
    "the CTE around": (
        f"WITH l AS ({PANIC}) SELECT body, fame_score(body) FROM "
        "(WITH l AS (SELECT * FROM logs) SELECT * FROM l) q",
        "event",
    ),
    "live view of another schema": ("SELECT body, s FROM s2.live", "message"),
    "view of another schema": ("SELECT body, fame_score(body) FROM s2.plain", "message"),
    "view": ("SELECT * FROM hot", "event"),
    "view over a view": ("SELECT * FROM hotter", "event"),
    "view with columns": ("SELECT score, id FROM renamed", "event"),
    "view with a CTE": ("SELECT s FROM own_cte", "event"),
    "view beside a CTE of its table's name": (
        "WITH logs AS (SELECT 1 AS log_id) SELECT max(s) FROM hot, logs",
        "event",
    ),
    "hidden name": (
        "SELECT __fame_1_score, __fame_2_known FROM odd WHERE fame_score(body) >= 0",
        "message",
    ),
    "hidden name in a star": ("SELECT *, fame_score(body) AS s FROM odd", "message"),
    "field without parentheses": ("SELECT log_id, fame_verdict(body).domain FROM logs", "event"),
    "field of a message": ("SELECT fame_verdict(lower(body)).domain FROM logs", "message"),
}


def _stored(connection: Connection, share: int) -> None:
    """Leave verdicts on one event of so many; on all for 1, on none for 0."""
    connection.execute("DELETE FROM fame.scores")
    if share:
        connection.execute("INSERT INTO fame.scores FROM kept WHERE event_id % ? = 0", [share])


def _rows(connection: Connection, statement: str) -> tuple[list[str], Counter[str]]:
    result = connection.execute(statement)
    names = [column[0] for column in result.description]
    return names, Counter(map(repr, result.fetchall()))


@pytest.mark.slow
@pytest.mark.parametrize("share", [1, 0])
@pytest.mark.parametrize("shape", SAME)
def test_a_name_means_what_it_means_to_duckdb(
    connection: Connection, shape: str, share: int
) -> None:
    statement, answered = SAME[shape]
    _stored(connection, share)
    expected = _rows(connection, statement)
    plan = make_plan(connection, statement)
    assert _rows(connection, plan.statement) == expected, plan
    if share == 1:
        assert {call.answered_by for call in plan.calls} == {answered}, plan


LEFT = {
    "SELECT a.event_id, b.event_id, fame_score(a.body) FROM s2.t a POSITIONAL JOIN s2.t b": (
        "POSITIONAL JOIN"
    ),
    "SELECT main.fame_score(body) FROM logs": "not written as fame_score(message)",
    "SELECT body.fame_score() FROM logs": "not written as fame_score(message)",
    "SELECT fame_domain(body), main.fame_score(body) FROM logs": "fame_score(message)",
    "SELECT count(*) FROM logs WHERE is_odd(body)": "the macro is_odd cannot be read",
    "SELECT count(*) FROM hot_lines()": "no query around it reads its column",
    "SELECT count(fame_score(body)) FROM over_half": "random()",
    "SELECT body AS m, host_name AS m, fame_score(m) FROM logs": "several sources",
}


@pytest.mark.parametrize("statement", LEFT)
def test_what_is_left_alone_says_why(connection: Connection, statement: str) -> None:
    _stored(connection, 1)
    plan = make_plan(connection, statement)
    assert plan.statement == statement
    assert LEFT[statement] in _reasons(plan)
    connection.execute(plan.statement).fetchall()


def _reasons(plan: Plan) -> str:
    return " ".join([plan.reason, *(call.reason for call in plan.calls)])


def test_a_positional_join_is_left_alone_where_order_is_free(connection: Connection) -> None:
    connection.execute("SET preserve_insertion_order = false")
    try:
        plan = make_plan(connection, "SELECT fame_score(a.body) FROM s2.t a POSITIONAL JOIN s2.t b")
    finally:
        connection.execute("RESET preserve_insertion_order")
    assert "by their order" in _reasons(plan)


@pytest.mark.parametrize(
    ("path", "answered"), [("s2", "message"), ("empty,s2", "message"), ("empty", "event")]
)
def test_names_are_looked_for_along_the_search_path(
    connection: Connection, path: str, answered: str
) -> None:
    _stored(connection, 1)
    connection.execute(f"SET search_path = '{path}'")
    try:
        statement = "SELECT body, fame_score(body) FROM logs"
        plan = make_plan(connection, statement)
        assert [call.answered_by for call in plan.calls] == [answered]
        assert _rows(connection, plan.statement) == _rows(connection, statement)
    finally:
        connection.execute("SET search_path = 'main'")


def test_a_temporary_table_hides_the_schema_main_too(connection: Connection) -> None:
    connection.execute(f"CREATE TEMP TABLE logs AS {PANIC}")
    try:
        plan = make_plan(connection, "SELECT fame_score(body) FROM main.logs")
    finally:
        connection.execute("DROP TABLE temp.logs")
    assert [call.answered_by for call in plan.calls] == ["message"]


def test_a_view_that_cannot_be_put_in_place_is_named(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE gone AS SELECT 'disk failed' AS body, 1 AS n")
    connection.execute("CREATE TEMP VIEW outdated AS SELECT *, fame_score(body) AS s FROM gone")
    connection.execute("DROP TABLE gone")
    plan = make_plan(connection, "WITH gone AS (SELECT 'x' AS body) FROM outdated, gone")
    assert "the view outdated reads gone, which is also the name of a CTE" in plan.reason
    connection.execute("DROP VIEW outdated")


def test_a_word_is_no_call(connection: Connection) -> None:
    for statement in ("SELECT 'fame_score' AS hot", "SELECT hot FROM (SELECT 1 AS hot)"):
        assert make_plan(connection, statement) == Plan(statement)


def test_only_names_are_compared_without_their_case(connection: Connection) -> None:
    statement = "SELECT max(fame_score(body || {})), max(fame_score(BODY || 'a')) FROM logs"
    plans = [make_plan(connection, statement.format(other)) for other in ("'a'", "'A'")]
    assert [len(plan.calls) for plan in plans] == [1, 2]


def test_a_registered_table_has_a_name(connection: Connection) -> None:
    import pyarrow as pa

    connection.register("frame", pa.table({"m": ["disk failed", "a b"]}))
    statement = "SELECT m, fame_score(m) FROM frame"
    assert [call.answered_by for call in make_plan(connection, statement).calls] == ["message"]
    rows = fame_sql.query(connection, statement).fetchall()
    assert sorted(rows) == sorted(connection.execute(statement).fetchall())
    connection.unregister("frame")
