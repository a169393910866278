"""How many rows reach a live function, by the shape of the query and the version of DuckDB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from warehouse_copy import copied_to

import fame_sql
from fame_sql.planner import Plan, make_plan
from fame_sql.scoring.live import LiveScorer
from fame_sql.udfs.duckdb import release, scorer_of

IS_1 = duckdb.__version__.startswith("1.")
ROWS, FEW, ONE = 4000, 40, 2

# Statement, rows that may reach the function on DuckDB 2.0, and on 1.5. On 2.0 the functions are
# pure, and DuckDB may evaluate one twice for a row; the second time, the cache answers.
SHAPES = {
    "filter beside": ("SELECT 1 FROM logs WHERE k = 7 AND fame_score(body) > 0", FEW, FEW),
    "filter outside": (
        "SELECT s FROM (SELECT k, fame_score(body) AS s FROM logs) WHERE k = 7",
        FEW,
        FEW,
    ),
    "selective join": (
        "SELECT 1 FROM logs JOIN few USING (i) WHERE fame_score(body) > 0",
        ONE,
        ROWS,
    ),
    "twice": ("SELECT fame_score(body) FROM logs WHERE fame_score(body) >= 0", 2 * ROWS, 2 * ROWS),
    "alias": (
        "SELECT s FROM (SELECT fame_score(body) AS s FROM logs) WHERE s >= 0",
        2 * ROWS,
        ROWS,
    ),
    "materialized": (
        "WITH m AS MATERIALIZED (SELECT fame_score(body) AS s FROM logs) "
        "SELECT s FROM m WHERE s >= 0",
        ROWS,
        ROWS,
    ),
    "literal": ("SELECT fame_score('a') FROM logs WHERE k = 7", FEW, FEW),
    "fields of a subquery": (
        "SELECT v.score, v.domain FROM (SELECT fame_verdict(body) AS v FROM logs)",
        ROWS,
        ROWS,
    ),
    "case": ("SELECT CASE WHEN k = 7 THEN fame_score(body) END FROM logs", FEW, FEW),
    "null": ("SELECT fame_score(NULL::VARCHAR) FROM logs WHERE k = 7", FEW, FEW),
}


@pytest.fixture
def counted(
    copied_by_event: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, list[int]]]:
    rows: list[int] = []
    plain = LiveScorer.distinct_verdicts

    def counting(scorer: LiveScorer, messages: pa.Array) -> Any:
        rows.append(len(messages))
        return plain(scorer, messages)

    monkeypatch.setattr(LiveScorer, "distinct_verdicts", counting)
    connection = fame_sql.connect(copied_by_event)
    connection.execute(
        "CREATE TEMP TABLE logs AS SELECT log_id AS i, log_id % 100 AS k, body FROM fame.logs"
    )
    connection.execute("CREATE TEMP TABLE few AS SELECT i FROM logs WHERE i IN (5, 9)")
    yield connection, rows
    release(connection)
    connection.close()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_number_of_scored_rows_does_not_grow(
    counted: tuple[duckdb.DuckDBPyConnection, list[int]], shape: str
) -> None:
    connection, rows = counted
    statement, on_2, on_1 = SHAPES[shape]
    connection.execute(statement).fetchall()
    assert 0 < sum(rows) <= (on_1 if IS_1 else on_2)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [s for s in SHAPES if s not in ("literal", "null", "case")])
def test_a_planned_query_gives_no_row_to_the_function(
    counted: tuple[duckdb.DuckDBPyConnection, list[int]], shape: str
) -> None:
    connection, rows = counted
    expected = connection.execute(SHAPES[shape][0]).fetchall()
    rows.clear()
    assert len(fame_sql.query(connection, SHAPES[shape][0]).fetchall()) == len(expected)
    allowed = ROWS if IS_1 and "join" in shape else 0
    assert sum(rows) <= allowed


# Statements over cold scores, and how many message expressions are planned.
COLD = {
    "filter outside": (
        "SELECT * FROM (SELECT log_id, fame_score(body) AS s FROM l) WHERE log_id = 5",
        1,
    ),
    "CTE": (
        "WITH z AS (SELECT *, fame_score(body) AS s FROM l) SELECT s FROM z WHERE log_id < 5",
        1,
    ),
    "two CTEs": (
        "WITH z AS (SELECT *, fame_score(body) AS s FROM l), "
        "y AS (SELECT *, s > 0.5 AS bad FROM z WHERE log_id < 300) "
        "SELECT host_name, count(*) FILTER (bad) FROM y WHERE log_id > 200 GROUP BY 1",
        1,
    ),
    "view": ("SELECT s FROM hot WHERE log_id < 5", 1),
    "filter by a list": ("SELECT max(s) FROM hot WHERE log_id IN (SELECT log_id FROM few)", 1),
    "filter on the score too": ("SELECT log_id FROM hot WHERE log_id < 40 AND s >= 0", 1),
    "condition inside": (
        "SELECT log_id FROM (SELECT log_id FROM l WHERE fame_score(body) >= 0) WHERE log_id < 9",
        1,
    ),
    "field of a verdict": (
        "SELECT v.score, v.domain FROM (SELECT log_id, fame_verdict(body) AS v FROM l) "
        "WHERE log_id < 90 AND v.score >= 0",
        1,
    ),
    "join": ("SELECT h.s FROM hot AS h JOIN few USING (log_id)", 1),
    "two sources": ("SELECT h.s FROM hot AS h, few WHERE h.log_id = few.log_id", 1),
    "left join": ("SELECT h.s FROM few LEFT JOIN hot AS h USING (log_id)", 1),
    "join of an expression": (
        "SELECT s FROM (SELECT log_id, fame_score(lower(body)) AS s FROM l) "
        "JOIN few USING (log_id)",
        0,
    ),
    "distinct": (
        "SELECT * FROM (SELECT DISTINCT host_name, fame_score(body) AS s FROM l) "
        "WHERE host_name = 'web-00'",
        1,
    ),
    "a column is read": ("SELECT count(d) FROM hot WHERE log_id < 40", 1),
    "no column is read": ("SELECT count(*) FROM hot", 0),
    "other columns are read": ("SELECT host_name FROM (SELECT * FROM hot)", 0),
    "a derived column is not read": (
        "WITH y AS (SELECT *, s > 0.5 AS bad FROM hot) "
        "SELECT host_name, count(*) FROM y GROUP BY 1",
        0,
    ),
    "groups": (
        "SELECT * FROM (SELECT host_name, max(fame_score(body)) AS m FROM l GROUP BY host_name) "
        "WHERE host_name = 'web-00'",
        0,
    ),
    "groups by score": (
        "SELECT * FROM (SELECT host_name, max(fame_score(body)) AS m FROM l GROUP BY host_name) "
        "WHERE m > 0.5",
        1,
    ),
    "having": (
        "SELECT host_name, max(fame_score(body)) FROM l GROUP BY ALL HAVING host_name < 'b'",
        0,
    ),
    "window": (
        "SELECT * FROM (SELECT host_name, sum(fame_score(body)) OVER (PARTITION BY host_name) AS s "
        "FROM l) WHERE host_name = 'web-00'",
        0,
    ),
    "union": (
        "SELECT * FROM (SELECT log_id, fame_score(body) AS s FROM l UNION ALL SELECT 1, 2) "
        "WHERE log_id = 5",
        0,
    ),
    "union by score": (
        "SELECT count(*) FROM (SELECT fame_score(body) AS s FROM l UNION ALL SELECT 2) "
        "WHERE s > 0.5",
        1,
    ),
    "read twice": (
        "WITH z AS (SELECT *, fame_score(body) AS s FROM l) SELECT count(*) FROM z AS a "
        "JOIN z AS b ON a.log_id = b.log_id + 1 WHERE a.log_id < 9 AND b.log_id < 9 AND a.s > b.s",
        0,
    ),
    "the latest before": (
        "SELECT x.s FROM few ASOF JOIN (SELECT log_id, fame_score(body) AS s FROM l "
        "WHERE fame_score(body) > 0.3) AS x ON few.log_id >= x.log_id",
        0,
    ),
    "exists": ("SELECT EXISTS (SELECT 1 FROM l WHERE fame_score(body) > 0)", 0),
}


@pytest.fixture(scope="module")
def cold(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = copied_to(tmp_path_factory.mktemp("cold"), compiled)
    connection = fame_sql.connect(path)
    connection.execute("SET threads = 1")
    connection.execute("DELETE FROM fame.logs WHERE log_id > 600")
    connection.execute("CREATE VIEW l AS SELECT * FROM logs")
    connection.execute("CREATE TABLE few AS SELECT log_id FROM logs WHERE log_id % 200 = 1")
    connection.execute(
        "CREATE VIEW hot AS SELECT log_id, host_name, fame_score(body) AS s, "
        "fame_domain(body) AS d FROM l"
    )
    connection.execute("DELETE FROM fame.scores")
    yield connection
    release(connection)
    connection.close()


def _from_cold(connection: Any, statement: str, plan_it: bool) -> tuple[Counter[str], int, int]:
    """Return the rows, and the numbers of scored texts and of planned message expressions."""
    scorer = scorer_of(connection)
    assert scorer is not None
    connection.execute("DELETE FROM fame.scores")
    cache = scorer.cache()
    cache.clear()
    before = cache.judged
    plan = make_plan(connection, statement) if plan_it else Plan(statement)
    rows = Counter(map(repr, connection.execute(plan.statement).fetchall()))
    planned = [call for call in plan.calls if call.answered_by != "live"]
    return rows, cache.judged - before, len(planned)


@pytest.mark.slow
@pytest.mark.parametrize("shape", COLD)
def test_a_planned_query_scores_no_more_texts_than_the_plain_one(cold: Any, shape: str) -> None:
    statement, planned = COLD[shape]
    expected, plainly, _ = _from_cold(cold, statement, plan_it=False)
    rows, asked, calls = _from_cold(cold, statement, plan_it=True)
    assert rows == expected
    assert asked <= plainly
    assert calls == planned
