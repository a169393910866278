from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql import models
from fame_sql.errors import WarehouseError
from fame_sql.planner import make_plan
from fame_sql.scoring.on_demand import check_disk
from fame_sql.udfs.duckdb import release, scorer_of
from fame_sql.warehouse.warehouse import Warehouse

Connection = duckdb.DuckDBPyConnection


@pytest.fixture
def connection(copied: Path) -> Iterator[Connection]:
    connection = fame_sql.connect(copied)
    yield connection
    release(connection)
    connection.close()


def _judged(connection: Connection) -> int:
    scorer = scorer_of(connection)
    assert scorer is not None
    return scorer.cache().judged


# Statement, and how each of its message expressions is answered when everything is stored.
SHAPES = {
    "where": ("SELECT count(*) FROM logs WHERE fame_score(body) > 0.5", ["event"]),
    "schema": ("SELECT max(fame_score(body)) FROM fame.logs", ["event"]),
    "group": (
        "SELECT fame_domain(body), count(*), max(fame_score(body)) FROM logs "
        "GROUP BY fame_domain(body) ORDER BY ALL",
        ["event"],
    ),
    "group by all": ("SELECT fame_domain(body), count(*) FROM logs GROUP BY ALL", ["event"]),
    "having": (
        "SELECT host_name FROM logs GROUP BY host_name HAVING max(fame_score(body)) > 0.3",
        ["event"],
    ),
    "star": ("SELECT *, fame_score(body) FROM logs ORDER BY log_id", ["event"]),
    "from first": ("FROM logs WHERE fame_is_anomaly(body) ORDER BY log_id", ["event"]),
    "verdict": ("SELECT log_id, fame_verdict(body) AS v FROM logs ORDER BY ALL", ["event"]),
    "verdict field": ("SELECT (fame_verdict(body)).domain FROM logs", ["event"]),
    "alias": ("SELECT body AS m, fame_score(m) AS s FROM logs ORDER BY log_id", ["event"]),
    "order": ("SELECT log_id FROM logs ORDER BY fame_score(body) DESC, log_id LIMIT 9", ["event"]),
    "cte": (
        "WITH e AS (SELECT event_id, body AS m FROM logs WHERE log_id < 900) "
        "SELECT m, fame_score(m) FROM e",
        ["event"],
    ),
    "cte without event": (
        "WITH e AS (SELECT body AS m FROM logs) SELECT count(*) FROM e WHERE fame_score(m) > 0.5",
        ["message"],
    ),
    "cte with the call": (
        "WITH s AS (SELECT *, fame_score(body) AS s FROM logs) "
        "SELECT fame_domain(body), count(*) FROM s WHERE s > 0.2 GROUP BY ALL",
        ["event", "event"],
    ),
    "expression": ("SELECT fame_score(lower(body)) FROM logs WHERE log_id < 200", ["message"]),
    "two messages": (
        "SELECT fame_score(example), fame_score(lower(canonical)) FROM events",
        ["message", "message"],
    ),
    "column called message": (
        "SELECT message, domain, fame_score(message) FROM "
        "(SELECT DISTINCT body AS message, 1 AS domain FROM logs)",
        ["message"],
    ),
    "self join": (
        "SELECT a.log_id, b.log_id, fame_score(a.body) + fame_score(b.body) FROM logs AS a "
        "JOIN logs AS b ON a.log_id = b.log_id + 1 WHERE fame_domain(b.body) IS NOT NULL",
        ["event", "event"],
    ),
    "outer join": (
        "SELECT e.event_id, fame_score(l.body) FROM events AS e "
        "LEFT JOIN logs AS l ON e.event_id = l.event_id AND l.log_id < 50",
        ["event"],
    ),
    "using": (
        "SELECT * FROM logs JOIN events USING (event_id) WHERE fame_score(body) > 0.5",
        ["event"],
    ),
    "subquery": (
        "SELECT count(*) FROM events WHERE event_id IN "
        "(SELECT event_id FROM logs WHERE fame_is_anomaly(body))",
        ["event"],
    ),
    "nested": ("SELECT round(avg(s), 9) FROM (SELECT fame_score(body) AS s FROM logs)", ["event"]),
    "name of a column": (
        'SELECT "fame_score(body)" FROM (SELECT fame_score(body) FROM logs)',
        ["event"],
    ),
    "union": (
        "SELECT body FROM logs WHERE fame_is_anomaly(body) "
        "UNION ALL SELECT example FROM events WHERE fame_is_anomaly(example)",
        ["event", "message"],
    ),
    "window": (
        "SELECT log_id, sum(fame_score(body)) OVER (PARTITION BY host_name ORDER BY log_id) "
        "FROM logs QUALIFY row_number() OVER (PARTITION BY host_name ORDER BY log_id) < 4",
        ["event"],
    ),
    "filter": ("SELECT count(*) FILTER (WHERE fame_is_anomaly(body)) FROM logs", ["event"]),
    "view": ("SELECT count(*) FROM scored_logs WHERE fame_score(body) = score", ["event"]),
    "not null": (
        "SELECT count(*) FROM logs WHERE body IS NOT NULL AND event_id NOT IN (1, 2) "
        "AND timestamp > TIMESTAMP '2000-01-01' - INTERVAL 3 DAY AND fame_novelty(body) >= 0",
        ["event"],
    ),
    "guard, all stored": (
        "SELECT CASE WHEN log_id < 9 THEN fame_score(body) END FROM logs",
        ["event"],
    ),
    "correlated, all stored": (
        "SELECT (SELECT max(fame_score(l.body)) FROM logs AS l WHERE l.event_id = e.event_id) "
        "FROM events AS e",
        ["event"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("stored", [True, False])
def test_the_same_rows_and_columns(connection: Connection, shape: str, stored: bool) -> None:
    statement, answered = SHAPES[shape]
    plain = connection.execute(statement)
    columns = [column[0] for column in plain.description]
    rows = Counter(map(repr, plain.fetchall()))
    if not stored:
        connection.execute("DELETE FROM fame.scores WHERE event_id % 2 = 0")
    plan = make_plan(connection, statement)
    planned = connection.execute(plan.statement)
    assert [column[0] for column in planned.description] == columns
    assert Counter(map(repr, planned.fetchall())) == rows
    if stored:
        assert [call.answered_by for call in plan.calls] == answered, plan


LEFT_ALONE = {
    "limit": ("SELECT fame_score(body) FROM logs LIMIT 3", "LIMIT without ORDER BY"),
    "limit outside": (
        "SELECT * FROM (SELECT fame_score(body) FROM logs) LIMIT 3",
        "LIMIT without ORDER BY",
    ),
    "case": ("SELECT CASE WHEN log_id < 9 THEN fame_score(body) END FROM logs", "inside CASE"),
    "coalesce": ("SELECT coalesce(label, fame_domain(body)) FROM logs", "inside COALESCE"),
    "and": ("SELECT log_id < 5 AND fame_is_anomaly(body) FROM logs", "inside AND"),
    "or": ("SELECT 1 FROM logs WHERE log_id < 5 OR fame_is_anomaly(body)", "inside OR"),
    "on": (
        "SELECT 1 FROM events e JOIN logs l ON e.event_id = l.log_id AND fame_is_anomaly(l.body)",
        "join condition",
    ),
    "correlated": (
        "SELECT (SELECT max(fame_score(l.body)) FROM logs l WHERE l.log_id = e.event_id) "
        "FROM events e",
        "read alone",
    ),
    "two sources": (
        "SELECT fame_score(a.body || b.body) FROM logs a JOIN logs b USING (log_id)",
        "several sources",
    ),
    "aggregate": ("SELECT fame_score(max(body)) FROM logs", "an aggregate"),
    "constant": ("SELECT fame_score('a b') FROM logs", "the same in every row"),
    "lateral": (
        "SELECT s FROM events e, LATERAL (SELECT fame_score(e.example) AS s)",
        "lateral join",
    ),
    "recursive": (
        "WITH RECURSIVE r AS (SELECT 1 AS n, fame_score('a') AS s UNION ALL "
        "SELECT n + 1, fame_score(body) FROM r, logs WHERE log_id = n AND n < 3) SELECT * FROM r",
        "recursive",
    ),
    "row": ("SELECT l, fame_score(l.body) FROM logs AS l", "whole row"),
    "columns": ("SELECT COLUMNS('log_.*'), fame_score(body) FROM logs", "COLUMNS()"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", LEFT_ALONE)
def test_what_is_not_proven_safe_is_left_alone(connection: Connection, case: str) -> None:
    statement, reason = LEFT_ALONE[case]
    connection.execute("DELETE FROM fame.scores")
    plan = make_plan(connection, statement)
    assert plan.statement == statement
    assert reason in " ".join(call.reason for call in plan.calls)
    connection.execute(statement).fetchall()


WHOLE = {
    "SELECT fame_score(body) FROM logs WHERE random() < 2": "random()",
    "SELECT fame_score(body) FROM logs TABLESAMPLE 10%": "sample",
    "SELECT fame_score(body) FROM logs WHERE log_id = ?": "parameters",
    "SELECT fame_score(body) FROM logs; SELECT 1": "only one SELECT",
    "CREATE VIEW hot AS SELECT fame_score(body) AS s FROM logs": "only one SELECT",
    "VALUES (fame_score('disk failed'))": "its live calls are outside",
}


@pytest.mark.parametrize("statement", WHOLE)
def test_statements_left_alone_as_a_whole(connection: Connection, statement: str) -> None:
    plan = make_plan(connection, statement)
    assert plan.statement == statement
    assert WHOLE[statement] in plan.reason


def test_without_live_functions_nothing_is_looked_at(connection: Connection) -> None:
    assert make_plan(connection, "SELECT 1") == make_plan(connection, "SELECT 1")
    assert make_plan(connection, "SELEC 1").statement == "SELEC 1"
    with duckdb.connect() as bare:
        assert "no live functions" in make_plan(bare, "SELECT 1").reason


def test_a_transaction_of_the_users_is_left_alone(connection: Connection) -> None:
    connection.execute("BEGIN")
    plan = make_plan(connection, "SELECT count(fame_score(body)) FROM logs")
    assert "transaction" in plan.reason
    with pytest.warns(UserWarning, match="scored_logs and fame.score"):
        assert fame_sql.query(connection, plan.statement).fetchall() == [(4000,)]
    connection.execute("ROLLBACK")


def test_statements_that_fill_tables(connection: Connection) -> None:
    statement = "SELECT log_id, fame_score(body) AS s FROM logs WHERE fame_is_anomaly(body)"
    expected = sorted(connection.execute(statement).fetchall())
    fills = {
        "CREATE TABLE kept AS": statement,
        "CREATE TEMP TABLE again AS": f"WITH l AS (FROM logs) {statement.replace('logs', 'l')}",
        "CREATE TABLE named(log_id, s) AS": f"({statement})",
        "INSERT INTO kept (log_id, s) -- a comment\n": f"{statement};",
    }
    connection.execute("DELETE FROM fame.scores")
    before = _judged(connection)
    for head, query in fills.items():
        plan = make_plan(connection, f"{head} {query}")
        assert {call.answered_by for call in plan.calls} == {"event"}, plan
        assert plan.statement.startswith(head)
        connection.execute(plan.statement)
    for table in ("again", "named"):
        assert sorted(connection.execute(f"FROM {table}").fetchall()) == expected
    assert sorted(connection.execute("FROM kept").fetchall()) == sorted([*expected, *expected])
    events = connection.execute("SELECT count(DISTINCT event_id) FROM logs").fetchall()[0][0]
    assert _judged(connection) - before <= events


def test_a_view_over_live_functions(connection: Connection) -> None:
    connection.execute("CREATE TEMP VIEW hot AS SELECT log_id, fame_score(body) AS s FROM logs")
    plan = make_plan(connection, "SELECT count(*) FROM hot AS h WHERE h.s > 0.5")
    assert [call.answered_by for call in plan.calls] == ["event"]
    anomalies = connection.execute("SELECT count(*) FROM anomalies").fetchall()
    assert connection.execute(plan.statement).fetchall() == anomalies


def test_a_name_that_hides_logs_is_not_taken_for_it(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE logs AS SELECT 'disk failed' AS body, 1 AS event_id")
    plan = make_plan(connection, "SELECT fame_score(body) FROM logs")
    assert [call.answered_by for call in plan.calls] == ["message"]
    live = connection.execute("SELECT fame_score('disk failed')").fetchall()
    assert connection.execute(plan.statement).fetchall() == live


def test_lines_added_by_other_means_are_not_joined_by_event(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO fame.logs BY NAME SELECT * REPLACE (NULL AS event_id, 'odd' AS body) "
        "FROM fame.logs WHERE log_id = 1"
    )
    plan = make_plan(connection, "SELECT count(fame_score(body)) FROM logs")
    assert [call.answered_by for call in plan.calls] == ["message"]
    assert connection.execute(plan.statement).fetchall() == [(4001,)]


def test_only_what_the_query_needs_is_scored_and_it_is_kept(connection: Connection) -> None:
    connection.execute("DELETE FROM fame.scores")
    statement = "SELECT fame_score(body) FROM logs WHERE log_id < 40"
    needed = connection.execute(
        "SELECT count(DISTINCT event_id) FROM logs WHERE log_id < 40"
    ).fetchall()[0][0]
    fame_sql.query(connection, statement).fetchall()
    assert _judged(connection) == needed
    assert connection.execute("SELECT count(*) FROM fame.scores").fetchall() == [(needed,)]
    assert make_plan(connection, statement).missing == 0


def test_a_plan_tells_and_stores_nothing(connection: Connection) -> None:
    connection.execute("DELETE FROM fame.scores WHERE event_id <= 50")
    plan = make_plan(connection, "SELECT max(fame_score(body)) FROM logs", score=False)
    assert plan.missing == 50
    assert plan.seconds > 0
    left = connection.execute("SELECT count(*) FROM fame.scores WHERE event_id <= 50").fetchall()
    assert left == [(0,)]


def test_a_read_only_warehouse_is_answered_and_not_changed(copied: Path) -> None:
    with Warehouse.open(copied) as warehouse:
        expected = warehouse.value("SELECT sum(score) FROM scored_logs")
        warehouse.connection.execute("DELETE FROM fame.scores WHERE event_id <= 50")
        stored = warehouse.value("SELECT count(*) FROM fame.scores")
    connection = fame_sql.connect(copied, read_only=True)
    total = fame_sql.query(connection, "SELECT sum(fame_score(body)) FROM logs").fetchall()[0][0]
    assert total == pytest.approx(expected, rel=1e-9)
    assert connection.execute("SELECT count(*) FROM fame.scores").fetchall() == [(stored,)]
    release(connection)
    connection.close()


def test_a_connection_without_a_warehouse(compiled: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        folder = models.champion(warehouse).folder
    with duckdb.connect() as own:
        fame_sql.register(own, model=folder)
        own.execute("CREATE TABLE lines AS SELECT 'disk ' || i % 7 AS line FROM range(5000) t(i)")
        statement = "SELECT line, count(*), max(fame_score(line)) FROM lines GROUP BY ALL"
        plan = make_plan(own, statement)
        assert [call.answered_by for call in plan.calls] == ["message"]
        rows = own.execute(plan.statement).fetchall()
        assert sorted(rows) == sorted(own.execute(statement).fetchall())
        release(own)


SELECTIVE = {
    "inner": "FROM logs JOIN few USING (log_id)",
    "left": "FROM few LEFT JOIN logs ON few.log_id = logs.log_id",
    "semi": "FROM logs SEMI JOIN few ON few.log_id = logs.log_id",
    "right": "FROM logs RIGHT JOIN few USING (log_id)",
    "anti": "FROM logs ANTI JOIN many ON many.log_id = logs.log_id",
    "asof": "FROM few ASOF JOIN logs ON few.log_id >= logs.log_id",
    "view": "FROM scored_logs AS logs JOIN few ON few.log_id = logs.log_id",
}


@pytest.mark.parametrize("shape", SELECTIVE)
def test_a_selective_join_scores_only_what_it_keeps(connection: Connection, shape: str) -> None:
    connection.execute("CREATE TABLE few AS SELECT log_id FROM logs WHERE log_id % 500 = 1")
    connection.execute("CREATE TABLE many AS SELECT log_id FROM logs WHERE log_id % 500 <> 1")
    query = f"SELECT logs.body, fame_domain(logs.body) {SELECTIVE[shape]}"
    expected = Counter(connection.execute(query).fetchall())
    connection.execute("DELETE FROM fame.scores WHERE event_id % 3 > 0")
    needed = connection.execute(
        "SELECT count(DISTINCT event_id) FROM logs JOIN few USING (log_id) WHERE event_id % 3 > 0"
    ).fetchall()[0][0]
    plan = make_plan(connection, query)
    assert [call.answered_by for call in plan.calls] == ["event"]
    assert plan.missing == needed > 0
    left = connection.execute("SELECT count(*) FROM fame.scores WHERE event_id % 3 > 0")
    assert left.fetchall() == [(needed,)]
    assert Counter(connection.execute(plan.statement).fetchall()) == expected


COLLATED = {
    "column": ("SELECT body, fame_domain(body) FROM odd", "SET default_collation = ''"),
    "subquery": (
        "SELECT m, fame_domain(m) FROM (SELECT body AS m FROM odd)",
        "SET default_collation = ''",
    ),
    "expression": (
        "SELECT body, fame_domain(body COLLATE NOCASE) FROM plain",
        "SET default_collation = ''",
    ),
    "setting": ("SELECT body, fame_domain(body) FROM plain", "SET default_collation = 'nocase'"),
}


@pytest.mark.parametrize("shape", COLLATED)
def test_messages_with_a_collation_are_left_alone(connection: Connection, shape: str) -> None:
    statement, setting = COLLATED[shape]
    connection.execute("CREATE TABLE odd (body VARCHAR COLLATE NOCASE)")
    connection.execute("INSERT INTO odd VALUES ('Disk FAILED'), ('disk failed')")
    connection.execute("CREATE TABLE plain AS SELECT body::VARCHAR AS body FROM logs")
    connection.execute(setting)
    plan = make_plan(connection, statement)
    assert [call.answered_by for call in plan.calls] == ["live"]
    assert "a collation" in plan.calls[0].reason
    assert plan.statement == statement


def test_a_collation_elsewhere_is_no_obstacle(connection: Connection) -> None:
    statement = (
        "SELECT count(*) FROM logs WHERE host_name COLLATE NOCASE = 'R1' OR fame_score(body) >= 0 "
    )
    assert connection.execute(make_plan(connection, statement).statement).fetchall() == [(4000,)]
    connection.execute("CREATE TABLE odd (host VARCHAR COLLATE NOCASE, body VARCHAR)")
    connection.execute("INSERT INTO odd VALUES ('A', 'disk failed'), ('a', 'Disk failed')")
    plan = make_plan(connection, "SELECT fame_score(body) FROM odd WHERE host = 'a'")
    assert [(call.answered_by, call.rows) for call in plan.calls] == [("message", 2)]


def test_hostile_text_is_data(connection: Connection) -> None:
    odd = ["'; DROP TABLE fame.logs; --", "$canonical ${x} %s", "\x00", "🙂 7", "", None]
    connection.execute("CREATE TABLE odd (message VARCHAR)")
    connection.executemany("INSERT INTO odd VALUES (?)", [[text] for text in odd])
    statement = "SELECT message, fame_verdict(message) AS v FROM odd WHERE message <> 'a''; --'"
    plan = make_plan(connection, statement)
    assert [call.answered_by for call in plan.calls] == ["message"]
    expected = Counter(map(repr, connection.execute(statement).fetchall()))
    assert Counter(map(repr, connection.execute(plan.statement).fetchall())) == expected


def test_no_room_on_the_disk_is_told_before() -> None:
    with duckdb.connect() as own, pytest.raises(WarehouseError, match="free some room"):
        check_disk(own, 10**18)


def test_the_command_tells_its_plan(copied: Path) -> None:
    from click.testing import CliRunner

    from fame_sql.cli import main

    statement = "SELECT count(*) FROM logs WHERE fame_score(body) > 0.5"
    base = ["query", "--warehouse", str(copied), statement]
    run = CliRunner().invoke
    told = run(main, [*base, "--plan"])
    assert "joined by event; all events that it needs are stored" in told.output
    as_json = json.loads(run(main, [*base, "--plan", "--json"]).output)
    assert as_json["missing"] == 0
    assert as_json["calls"][0]["answered_by"] == "event"
    planned, plain = (run(main, [*base, "--json", *more]).output for more in ([], ["--no-plan"]))
    assert json.loads(planned) == json.loads(plain)
    assert run(main, [*base, "--plan", "--csv"]).exit_code == 2
    for mistake, said in {
        "": "no statement",
        " /* c */ ;": "no statement",
        "SELEC": "syntax",
    }.items():
        refused = run(main, [*base[:-1], mistake, "--plan"])
        assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
        assert said in refused.output


def test_the_command_tells_what_it_counted(copied: Path) -> None:
    from click.testing import CliRunner

    from fame_sql.cli import main

    with Warehouse.open(copied) as warehouse:
        warehouse.connection.execute("DELETE FROM fame.scores WHERE event_id <= 50")
        events = warehouse.value("SELECT count(DISTINCT event_id) FROM fame.logs")
        messages = warehouse.value("SELECT count(DISTINCT lower(body)) FROM fame.logs")
    base = ["query", "--warehouse", str(copied), "--verbose"]
    told = CliRunner().invoke(main, [*base, "SELECT max(fame_score(body)) FROM logs"])
    assert f"; 4000 rows; {events - 50} of {events} canonical texts are stored; 50 scored now" in (
        told.stderr
    )
    told = CliRunner().invoke(main, [*base, "SELECT max(fame_score(lower(body))) FROM logs"])
    assert f"; 4000 rows; {messages} distinct messages; " in told.stderr
    assert "for this run only" in told.stderr
    assert "scored" not in CliRunner().invoke(main, [*base, "SELECT 1"]).stderr


def test_the_command_tells_what_is_not_kept(copied: Path) -> None:
    from click.testing import CliRunner

    from fame_sql.cli import main

    with Warehouse.open(copied) as warehouse:
        warehouse.connection.execute("DELETE FROM fame.scores WHERE event_id <= 50")
    statement = "SELECT max(fame_score(body)) FROM logs"
    base = ["query", "--warehouse", str(copied), "--verbose", statement]
    runs = ((), ("--write",), ())
    first, written, last = (CliRunner().invoke(main, [*base, *more]).stderr for more in runs)
    assert "50 scored now, not stored: add --write, or run 'fame score' first" in first
    assert written.endswith("50 scored now\n")
    assert last.endswith("all events that it needs are stored\n")
