"""Generated queries, run with and without the planner on a real warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_copy import copied_to

import fame_sql
from fame_sql.planner import make_plan
from fame_sql.udfs.duckdb import release, scorer_of

EXAMPLES = 80 if duckdb.__version__.startswith("2.") else 40

CALLS = ("fame_score({m})", "fame_is_anomaly({m})", "fame_domain({m})", "fame_novelty({m})")
MESSAGES = ("{s}.body", "{s}.body", "lower({s}.body)", "{s}.body || '!'")
PREDICATES = (
    "fame_score({m}) > 0.3",
    "fame_is_anomaly({m})",
    "NOT fame_is_anomaly({m})",
    "fame_domain({m}) <> 'x'",
    "fame_novelty({m}) BETWEEN 0 AND 0.5",
    "(fame_score({m}) > 0.5 OR {s}.log_id % 2 = 0)",
    "CASE WHEN {s}.log_id % 3 = 0 THEN fame_is_anomaly({m}) ELSE true END",
)
FILTERS = (
    "{s}.log_id < 700",
    "{s}.event_id % 5 = 0",
    "{s}.severity_text IS NOT NULL",
    "{s}.severity_text NOT IN ('FATAL')",
    "{s}.body LIKE '%a%'",
    "{s}.event_id IN (SELECT event_id FROM events WHERE lines > 1)",
    "{s}.timestamp > TIMESTAMP '2000-01-01'",
)
SOURCES = (
    "logs AS a",
    "fame.logs AS a",
    "scored_logs AS a",
    "(SELECT * FROM logs WHERE log_id % 2 = 0) AS a",
    "(SELECT log_id, event_id, severity_text, timestamp, host_name, body FROM logs) AS a",
    "(SELECT DISTINCT 1 AS log_id, event_id, severity_text, timestamp, host_name, body "
    "FROM logs) AS a",
    "c AS a",
)
JOINS = (
    "",
    "",
    " INNER JOIN events AS e ON a.event_id = e.event_id",
    " LEFT JOIN logs AS b ON a.log_id = b.log_id + 1 AND b.log_id < 300",
    " SEMI JOIN events AS e ON a.event_id = e.event_id AND e.lines > 2",
)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Return a SELECT over the live functions."""

    def fill(pattern: str) -> str:
        message = draw(st.sampled_from(MESSAGES)).format(s="a")
        return pattern.format(m=message, s="a")

    def some(patterns: tuple[str, ...], most: int) -> list[str]:
        return [fill(p) for p in draw(st.lists(st.sampled_from(patterns), max_size=most))]

    call = fill(draw(st.sampled_from(CALLS)))
    where = some(FILTERS, 2) + some(PREDICATES, 2)
    read = draw(st.sampled_from(SOURCES)) + draw(st.sampled_from(JOINS))
    body = f"FROM {read}" + (f" WHERE {' AND '.join(where)}" if where else "")
    other = fill(draw(st.sampled_from(CALLS)))
    shape = draw(st.sampled_from(range(12)))
    query = (
        f"SELECT a.log_id, a.body, {call} {body}",
        f"SELECT {call} AS k, count(*) AS n {body} GROUP BY k",
        f"SELECT {call}, count(DISTINCT {other}) {body} GROUP BY {call} HAVING count(*) > 1",
        f"SELECT a.host_name, max({other}) {body} GROUP BY ALL HAVING max({call}) IS NOT NULL",
        f"SELECT a.log_id, {call}, row_number() OVER (PARTITION BY a.host_name ORDER BY a.log_id, "
        f"a.event_id, a.body) AS r {body} QUALIFY r < 4",
        f"SELECT {call} {body} UNION ALL SELECT {other} {body}",
        f"SELECT s, count(*) FROM (SELECT {call} AS s, a.log_id {body}) GROUP BY s",
        f"SELECT count(*) FROM events WHERE event_id IN (SELECT a.event_id {body} AND {call} "
        f"IS NOT NULL)"
        if where
        else f"SELECT count({call}) {body}",
        f"SELECT * FROM (SELECT a.log_id AS i, {call} AS s, {other} AS o {body}) WHERE i < 300",
        f"SELECT x.i, x.s FROM (SELECT a.log_id AS i, {call} AS s {body}) AS x "
        f"JOIN events AS y ON x.i = y.event_id WHERE y.lines > 1",
        f"SELECT hour(a.timestamp) AS h, max({call}), len(max({other}::VARCHAR)) {body} GROUP BY h",
        f"SELECT a.body, count(*), fame_score(a.body) {body} GROUP BY a.body "
        f"HAVING fame_novelty(a.body) IS NOT NULL",
    )[shape]
    return f"WITH c AS (SELECT * FROM logs WHERE event_id % 2 = 1) {query}"


@st.composite
def shadowed(draw: st.DrawFn) -> str:
    """Return a SELECT whose list gives a name that may be a column's, and calls on that name."""
    name = draw(st.sampled_from(("body", "event_id", "message", "m")))
    given = draw(st.sampled_from(("a.host_name", "a.body", "lower(a.body)", "a.log_id::VARCHAR")))
    message = f"{draw(st.sampled_from(('body', name)))}::VARCHAR"
    call, other = (draw(st.sampled_from(CALLS)).format(m=message) for _ in range(2))
    filters = (f"{name}::VARCHAR LIKE '%a%'", "log_id < 500", f"{other} IS NOT NULL")
    where = " AND ".join(draw(st.lists(st.sampled_from(filters), min_size=1, max_size=3)))
    source = draw(st.sampled_from(SOURCES))
    query = draw(
        st.sampled_from(
            (
                f"SELECT {given} AS {name}, {call} AS s FROM {source} WHERE {where}",
                f"SELECT {given} AS {name} FROM {source} WHERE {where} ORDER BY {call}, log_id",
                f"SELECT {given} AS {name}, max({call}) OVER (PARTITION BY host_name) AS s "
                f"FROM {source} WHERE {where}",
            )
        )
    )
    return f"WITH c AS (SELECT * FROM logs WHERE event_id % 2 = 1) {query}"


@pytest.fixture(scope="module")
def connection(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    path = copied_to(tmp_path_factory.mktemp("property"), compiled)
    connection = fame_sql.connect(path)
    connection.execute("DELETE FROM fame.logs WHERE log_id > 600")
    connection.execute("CREATE TABLE kept AS FROM fame.scores")
    yield connection
    release(connection)
    connection.close()


def _judged(connection: duckdb.DuckDBPyConnection) -> int:
    scorer = scorer_of(connection)
    assert scorer is not None
    return scorer.cache().judged


def _distinct_events(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the distinct canonical texts of everything that the queries can ask about."""
    return int(
        connection.execute(
            "SELECT count(DISTINCT fame_canonical(m)) FROM (SELECT unnest([body, lower(body), "
            "body || '!', host_name, log_id::VARCHAR, event_id::VARCHAR]) AS m FROM logs)"
        ).fetchall()[0][0]
    )


@pytest.mark.slow
@given(query=queries() | shadowed(), share=st.sampled_from([0, 1, 2, 7]))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_planned_and_plain_give_the_same_rows(
    connection: duckdb.DuckDBPyConnection, query: str, share: int
) -> None:
    if share:
        connection.execute(f"DELETE FROM fame.scores WHERE event_id % {share} = 0")
    plan = make_plan(connection, query)
    planned = Counter(map(repr, connection.execute(plan.statement).fetchall()))
    assert planned == Counter(map(repr, connection.execute(query).fetchall())), plan
    if share:
        connection.execute(
            "INSERT INTO fame.scores FROM kept ANTI JOIN fame.scores "
            "USING (model_version, event_id)"
        )


def test_all_these_queries_judged_each_text_once(connection: duckdb.DuckDBPyConnection) -> None:
    assert _judged(connection) <= _distinct_events(connection)


@pytest.mark.any_duckdb
@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("condition", FILTERS)
def test_never_more_model_calls_than_distinct_events_in_the_scanned_rows(
    connection: duckdb.DuckDBPyConnection, source: str, condition: str
) -> None:
    connection.execute("DELETE FROM fame.scores")
    scorer = scorer_of(connection)
    assert scorer is not None
    with_ = "WITH c AS (SELECT * FROM logs WHERE event_id % 2 = 1)"
    scanned = f"FROM {source} WHERE {condition.format(s='a')}"
    events = connection.execute(f"{with_} SELECT count(DISTINCT a.event_id) {scanned}").fetchall()
    plan = make_plan(connection, f"{with_} SELECT max(fame_score(a.body)) {scanned}", score=False)
    assert plan.missing == events[0][0]
