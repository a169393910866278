"""How many rows reach a live function, by the shape of the query, on the DuckDB that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import fame_sql
from fame_sql.udfs.duckdb import release
from fame_sql.udfs.live import LiveScorer

IS_1 = duckdb.__version__.startswith("1.")
ROWS, FEW, ONE = 4000, 40, 2

# Statement, rows that may reach the function on DuckDB 2.0, and on 1.5.
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
        ROWS,
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
def counted(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, list[int]]]:
    rows: list[int] = []
    plain = LiveScorer.distinct_verdicts

    def counting(scorer: LiveScorer, messages: pa.Array) -> Any:
        rows.append(len(messages))
        return plain(scorer, messages)

    monkeypatch.setattr(LiveScorer, "distinct_verdicts", counting)
    connection = fame_sql.connect(copied)
    connection.execute(
        "CREATE TEMP TABLE logs AS SELECT log_id AS i, log_id % 100 AS k, body FROM fame.logs"
    )
    connection.execute("CREATE TEMP TABLE few AS SELECT i FROM logs WHERE i IN (5, 9)")
    yield connection, rows
    release(connection)
    connection.close()


@pytest.mark.parametrize("shape", SHAPES)
def test_no_more_rows_are_scored_than_known(
    counted: tuple[duckdb.DuckDBPyConnection, list[int]], shape: str
) -> None:
    connection, rows = counted
    statement, on_2, on_1 = SHAPES[shape]
    connection.execute(statement).fetchall()
    assert 0 < sum(rows) <= (on_1 if IS_1 else on_2)


@pytest.mark.parametrize("shape", [s for s in SHAPES if s not in ("literal", "null", "case")])
def test_a_planned_query_leaves_no_row_to_the_function(
    counted: tuple[duckdb.DuckDBPyConnection, list[int]], shape: str
) -> None:
    connection, rows = counted
    expected = connection.execute(SHAPES[shape][0]).fetchall()
    rows.clear()
    assert len(fame_sql.query(connection, SHAPES[shape][0]).fetchall()) == len(expected)
    allowed = ROWS if IS_1 and "join" in shape else 0
    assert sum(rows) <= allowed
