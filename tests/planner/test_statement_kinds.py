"""Statements by kind: planned, unplanned and, where there is one, the stored form agree.

Rows, names and types are compared; a statement that changes tables is compared by what it leaves.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from told import told

import fame_sql
from fame_sql.planner import make_plan
from fame_sql.planner.unnest import unnest_lists

NOT_ON_1 = ("alias in WHERE", "alias in QUALIFY", "TRY")
IS_1 = duckdb.__version__.startswith("1.")

# Statement, how its messages are answered, and the same with stored functions.
QUERIES: dict[str, tuple[str, set[str]]] = {
    "alias in WHERE": ("SELECT fame_score(body) AS s, log_id FROM logs WHERE s > 0.5", {"event"}),
    "alias in QUALIFY": (
        "SELECT log_id, fame_score(body) AS s FROM logs "
        "QUALIFY rank() OVER (PARTITION BY service_name ORDER BY s DESC, log_id) < 3",
        {"event"},
    ),
    "window by score": (
        "SELECT log_id, rank() OVER (PARTITION BY fame_domain(body) ORDER BY fame_score(body) "
        "DESC, log_id) AS r FROM logs",
        {"event"},
    ),
    "TRY": ("SELECT log_id, TRY(fame_score(body)) AS s FROM logs", {"event"}),
    "bands": (
        "SELECT CASE WHEN fame_score(body) > 0.9 THEN 'high' WHEN fame_score(body) > 0.5 THEN "
        "'middle' ELSE 'low' END AS band, count(*) FROM logs GROUP BY band",
        {"event"},
    ),
    "schema before a column": (
        "SELECT main.logs.log_id, fame_score(main.logs.body) AS s FROM main.logs",
        {"event"},
    ),
    "key of JSON": (
        "SELECT log_id, fame_score(body) AS s, attributes->>'code' FROM logs "
        "WHERE attributes->>'code' IS NULL",
        {"event"},
    ),
    "macro": ("SELECT log_id, hot(body) FROM logs WHERE hot(body)", {"event"}),
    "macro inside": (
        'SELECT count(*) FILTER ("hot(body)") AS n FROM (SELECT hot(body) FROM logs)',
        {"event"},
    ),
    "macro of the message": ("SELECT fame_score(low(body)) FROM logs", {"message"}),
    "table macro": ("SELECT * FROM hot_lines(0.5) WHERE log_id < 900", {"event"}),
    "view with a column list": ("SELECT number FROM renamed WHERE score > 0.5", {"event"}),
    "file": ("SELECT log_id, fame_score(body) AS s FROM '{folder}/lines.parquet'", {"message"}),
    "pivot of a source": (
        "SELECT * FROM (SELECT fame_is_anomaly(body) AS bad, service_name FROM logs) "
        "PIVOT (count(*) FOR bad IN (true, false))",
        {"event"},
    ),
    "PIVOT": (
        "PIVOT (SELECT fame_is_anomaly(body) AS bad, service_name FROM logs) ON bad "
        "USING count(*) GROUP BY service_name",
        {"event"},
    ),
    "PIVOT of a table": (
        "PIVOT logs ON service_name USING max(fame_score(body)) GROUP BY host_name",
        {"event"},
    ),
    "PIVOT on an answer": (
        "PIVOT logs ON fame_is_anomaly(body) USING count(*) GROUP BY service_name",
        {"event"},
    ),
    "macro with names": (
        "SELECT count(*) FROM logs WHERE above(body, least := .3) AND above(m := body, least := 0)",
        {"event"},
    ),
    "table macro with names": (
        "SELECT * FROM hot_lines(least := 0.5) WHERE log_id < 900",
        {"event"},
    ),
    "SUMMARIZE": ("SUMMARIZE SELECT log_id, fame_score(body) AS s FROM logs", {"event"}),
    "unnest of a verdict": (
        "SELECT log_id, unnest(fame_verdict(body)), fame_score(body) AS s FROM logs",
        {"event"},
    ),
    "unnest inside": (
        "SELECT domain, max(score) FROM (SELECT unnest(fame_verdict(body)) FROM logs) GROUP BY ALL",
        {"event"},
    ),
}
LIVE = "fame_score(", "fame_domain(", "fame_is_anomaly(", "fame_verdict("

# What changes a table, and a query that shows what it leaves.
CHANGES: dict[str, tuple[str, str]] = {
    "COPY": (
        "COPY (SELECT log_id, fame_score(body) AS s FROM logs ORDER BY log_id) "
        "TO '{folder}/scored.csv'",
        "FROM '{folder}/scored.csv'",
    ),
    "INSERT RETURNING": (
        "INSERT INTO kept SELECT log_id, fame_score(body) FROM few WHERE log_id > 9 RETURNING s",
        "FROM kept",
    ),
    "INSERT ON CONFLICT": (
        "INSERT INTO kept SELECT log_id, fame_score(body) FROM few "
        "ON CONFLICT (log_id) DO UPDATE SET s = excluded.s",
        "FROM kept",
    ),
    "WITH INSERT": (
        "WITH n AS (SELECT log_id + 900 AS i, fame_score(body) AS s FROM few) "
        "INSERT INTO kept SELECT i, s FROM n",
        "FROM kept",
    ),
    "UPDATE": ("UPDATE few SET s = fame_score(body)", "FROM few"),
    "UPDATE guarded": (
        "UPDATE few AS f SET s = 1, body = f.body || '!' WHERE fame_score(f.body) > 0.1 "
        "RETURNING log_id",
        "FROM few",
    ),
    "UPDATE IN": (
        "UPDATE few SET s = 2 WHERE log_id IN (SELECT log_id FROM logs WHERE "
        "fame_score(body) > 0.1)",
        "FROM few",
    ),
    "DELETE": ("DELETE FROM few WHERE fame_score(body) > 0.1 AND log_id < 250", "FROM few"),
    "DELETE USING": (
        "DELETE FROM kept USING (SELECT log_id FROM logs WHERE fame_score(body) < 0.5) AS h "
        "WHERE kept.log_id = h.log_id",
        "FROM kept",
    ),
    "MERGE": (
        "MERGE INTO kept USING (SELECT log_id, fame_score(body) AS s FROM few) AS n "
        "ON kept.log_id = n.log_id WHEN MATCHED THEN UPDATE SET s = n.s "
        "WHEN NOT MATCHED THEN INSERT VALUES (n.log_id, n.s)",
        "FROM kept",
    ),
    "MERGE of all": (
        "MERGE INTO kept USING few AS n ON kept.log_id = n.log_id "
        "WHEN MATCHED AND fame_score(n.body) < 2 THEN DELETE "
        "WHEN NOT MATCHED THEN INSERT VALUES (n.log_id, fame_score(n.body)) RETURNING log_id, s",
        "FROM kept",
    ),
    "MERGE of matched": (
        "MERGE INTO kept AS k USING (FROM logs WHERE log_id < 90) AS n ON k.log_id = n.log_id "
        "WHEN MATCHED THEN UPDATE SET s = fame_score(n.body) "
        "WHEN NOT MATCHED BY SOURCE THEN DELETE",
        "FROM kept",
    ),
    "MERGE of new": (
        "MERGE INTO kept AS k USING logs ON k.log_id = logs.log_id "
        "WHEN NOT MATCHED THEN INSERT (log_id, s) VALUES (logs.log_id, fame_score(logs.body))",
        "FROM kept",
    ),
    "UPDATE FROM": (
        "UPDATE kept SET s = fame_score(f.body) FROM few AS f WHERE kept.log_id = f.log_id "
        "AND f.body <> 'from' AND fame_score(f.body) < 2 RETURNING s",
        "FROM kept",
    ),
    "CREATE TABLE AS PIVOT": (
        "CREATE TABLE wide AS PIVOT (SELECT fame_is_anomaly(body) AS bad, service_name FROM logs) "
        "ON bad USING count(*) GROUP BY service_name",
        "FROM wide",
    ),
    "CREATE TABLE AS PIVOT of a table": (
        "CREATE TEMP TABLE wide AS PIVOT logs ON fame_is_anomaly(body) "
        "USING max(fame_score(body)) AS m, count(*) AS n GROUP BY service_name",
        "FROM wide",
    ),
}


@pytest.mark.parametrize("kind", QUERIES)
def test_a_query_has_the_same_result(
    connection: duckdb.DuckDBPyConnection, place: Path, kind: str
) -> None:
    if IS_1 and kind in NOT_ON_1:
        pytest.skip("DuckDB 1 takes no alias of a function with side effects, and none in TRY")
    statement, answered = QUERIES[kind]
    statement = statement.replace("{folder}", str(place.parent))
    plan = make_plan(connection, statement)
    planned = told(connection.execute(plan.statement))
    assert {call.answered_by for call in plan.calls} == answered, plan
    assert planned == told(connection.execute(statement))
    if (
        answered == {"event"}
        and not ({"hot", "above"} & set(re.findall(r"hot|above", statement)))
        and kind not in ("TRY", "view with a column list")
    ):
        stored = statement
        for name in LIVE:
            stored = stored.replace(name, name.replace("fame_", "fame.", 1))
        assert told(fame_sql.query(connection, stored))[1] == planned[1]


# 'unnest' of a stored verdict, as 'fame query' takes it, and as a program without Python does.
STORED = {
    "unnest(fame.verdict(body))": "unnest([fame.verdict(body)], max_depth := 2)",
    "unnest(fame_stored.fame_verdict(coalesce(body, ')')))": (
        "unnest([fame_stored.fame_verdict(coalesce(body, ')'))], max_depth := 2)"
    ),
    "unnest(fame.explain(body)) AS e": "unnest([fame.explain(body)], max_depth := 2) AS e",
}


@pytest.mark.parametrize("call", STORED)
def test_a_stored_verdict_is_unnested(connection: duckdb.DuckDBPyConnection, call: str) -> None:
    statement = f"SELECT log_id, {call} FROM logs WHERE log_id < 200"
    unnested = told(fame_sql.query(connection, statement))
    assert unnested == told(connection.execute(statement.replace(call, STORED[call])))
    function = STORED[call].partition("[")[2].rpartition("]")[0]
    apart = f"SELECT log_id, unnest(v) FROM (SELECT log_id, {function} AS v FROM logs)"
    assert unnested == told(connection.execute(f"{apart} WHERE log_id < 200"))


def test_other_lists_beside_a_stored_verdict_leave_it_alone() -> None:
    statement = "SELECT unnest([1, 2]), unnest(fame.verdict(body)) FROM logs"
    assert unnest_lists(statement) == statement
    assert unnest_lists("SELECT unnest(fame.verdict(body)") == "SELECT unnest(fame.verdict(body)"


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_leaves_the_same(
    connection: duckdb.DuckDBPyConnection, place: Path, kind: str
) -> None:
    statement, shown = (text.replace("{folder}", str(place.parent)) for text in CHANGES[kind])
    plan = make_plan(connection, statement)
    assert "live" not in {call.answered_by for call in plan.calls} != set(), plan
    left = []
    for text in (statement, plan.statement):
        connection.execute("BEGIN")
        left.append((told(connection.execute(text)), told(connection.execute(shown))))
        connection.execute("ROLLBACK")
    assert left[0] == left[1]


def test_explain_shows_the_plan_and_scores_nothing(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(connection, "EXPLAIN SELECT fame_score(body || ' once more') FROM logs")
    assert plan.calls[0].missing > 0
    assert "__fame_" in str(connection.execute(plan.statement).fetchall())
    again = make_plan(connection, "EXPLAIN ANALYZE SELECT max(fame_score(body)) FROM logs")
    assert "__fame_events" in again.statement


PARAMETERS: dict[str, tuple[str, Any]] = {
    "by place": ("SELECT ?, count(*) FROM logs WHERE fame_score(body) > ?", ["a", 0.5]),
    "by number": ("SELECT log_id FROM logs WHERE fame_score(body) > $2 AND log_id < $1", [99, 0.1]),
    "by name": (
        "SELECT max(fame_score(body || $more)) AS m FROM logs WHERE log_id < $n",
        {"more": " failed", "n": 40},
    ),
    "cast": (
        "SELECT count(*) FROM logs WHERE timestamp > ?::TIMESTAMP AND fame_score(body) > ?::DOUBLE",
        ["2025-01-01", "0.1"],
    ),
    "of another type": (
        "SELECT count(*) FROM logs WHERE timestamp > ? AND fame_is_anomaly(body)",
        ["2025-01-01"],
    ),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters(connection: duckdb.DuckDBPyConnection, case: str) -> None:
    statement, parameters = PARAMETERS[case]
    plan = make_plan(connection, statement, parameters)
    assert "live" not in {call.answered_by for call in plan.calls} != set(), plan
    expected = told(connection.execute(statement, parameters))
    assert told(fame_sql.query(connection, statement, parameters)) == expected
    assert "no values" in make_plan(connection, statement).reason
    more = {**parameters, "other": 1} if isinstance(parameters, dict) else [*parameters, 1]
    with pytest.raises(duckdb.InvalidInputException):
        fame_sql.query(connection, statement, more)
