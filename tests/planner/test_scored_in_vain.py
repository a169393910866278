"""Nothing is scored for a statement that does not run, or that needs fewer rows."""

from __future__ import annotations

import duckdb
import pytest
from told import told

import fame_sql
from fame_sql.planner import make_plan
from fame_sql.scoring.live import LiveScorer
from fame_sql.udfs.duckdb import scorer_of

IS_1 = duckdb.__version__.startswith("1.")

NOTHING = {
    "table that exists": (
        "CREATE TABLE IF NOT EXISTS few AS SELECT fame_score(body || ' q') FROM logs",
        "exists already",
    ),
    "table that cannot be made": (
        "CREATE TABLE few AS SELECT fame_score(body || ' q') FROM logs",
        "exists already",
    ),
    "unknown column": ("SELECT fame_score(body || ' q') FROM logs WHERE no > 1", "not accept"),
    "wrong number of values": (
        "INSERT INTO kept SELECT fame_score(body || ' q') FROM logs",
        "not accept",
    ),
    "no row": ("SELECT fame_score(body || ' q') FROM logs ORDER BY log_id LIMIT 0", "no row"),
    "empty list": (
        "SELECT count(*) FROM logs WHERE fame_domain(body || ' q') IN "
        "(SELECT domain FROM fame.domains WHERE kind = 'none')",
        "",
    ),
    "MERGE that skips rows": (
        "MERGE INTO kept USING few AS n ON kept.log_id = n.log_id WHEN NOT MATCHED "
        "AND n.log_id > 290 AND fame_is_anomaly(n.body || ' q') THEN INSERT VALUES (n.log_id, 1)",
        "",
    ),
    "UPDATE of nothing": (
        "UPDATE kept SET s = fame_score(f.body || ' q') FROM few AS f "
        "WHERE kept.log_id = f.log_id AND kept.s > 100",
        "",
    ),
    "PIVOT without groups": ("PIVOT few ON log_id USING max(fame_score(body || ' q'))", "outside"),
    "PIVOT with names from expressions": (
        "PIVOT few ON log_id USING max(fame_score(body)), min(fame_score(body)) GROUP BY s",
        "outside",
    ),
    "MERGE of all columns": (
        "MERGE INTO few USING few AS n ON few.log_id = n.log_id "
        "WHEN MATCHED AND fame_score(n.body || ' q') > 0 THEN UPDATE SET *",
        "outside",
    ),
    "several": ("SELECT fame_score(body || ' q') FROM logs; SELECT 1", "only one SELECT"),
    "target that cannot be written": (
        "COPY (SELECT fame_score(body || ' q') FROM logs) TO '/nonexistent/scored.csv'",
        "cannot be written: there is no folder '/nonexistent'",
    ),
    "target that is a folder": (
        "COPY (SELECT fame_score(body || ' q') FROM logs) TO '/' (FORMAT csv)",
        "cannot be written: it is a folder",
    ),
    "view": ("CREATE VIEW v AS SELECT fame_score(body || ' q') FROM logs", "only one SELECT"),
}


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_is_scored_in_vain(connection: duckdb.DuckDBPyConnection, case: str) -> None:
    statement, reason = NOTHING[case]
    scorer = scorer_of(connection)
    assert isinstance(scorer, LiveScorer)
    before = scorer.cache().judged
    plan = make_plan(connection, statement)
    assert scorer.cache().judged == before
    assert reason in plan.reason


# Statements with an alias that is also a column of what a subquery reads, and the rows they need.
ALIASES = {
    "name alone": ("log_id IN (SELECT log_id FROM kept WHERE s > 100)", 0),
    "with the table": ("log_id IN (SELECT k.log_id FROM kept AS k WHERE k.s > 100)", 0),
    "in EXISTS": ("EXISTS (FROM kept AS k WHERE k.log_id = logs.log_id AND s >= 0.5)", 2),
    "of the calls": ("log_id IN (SELECT a FROM (VALUES (1), (2), (3)) AS t(a) WHERE s >= 0)", 4000),
}


@pytest.mark.parametrize("case", ALIASES)
def test_an_alias_is_not_taken_for_a_column_of_a_subquery(
    connection: duckdb.DuckDBPyConnection, case: str
) -> None:
    condition, rows = ALIASES[case]
    if IS_1 and case == "of the calls":
        pytest.skip("DuckDB 1 takes no alias of a function with side effects")
    statement = f"SELECT fame_score(body || ' a') AS s FROM logs WHERE {condition}"
    assert rows in {call.rows for call in make_plan(connection, statement, score=False).calls}
    outer = (
        f"SELECT * FROM (SELECT log_id, fame_score(body) AS s FROM logs) AS logs WHERE {condition}"
    )
    for text in (statement, outer):
        planned = told(fame_sql.query(connection, text))
        assert planned == told(connection.execute(text))
