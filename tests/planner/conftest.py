"""A warehouse with tables, views and macros of a user's, for statements of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from warehouse_copy import copied_to

import fame_sql
from fame_sql.udfs.duckdb import release

SETUP = """
CREATE TABLE few AS SELECT log_id, body, NULL::DOUBLE AS s FROM logs WHERE log_id <= 300;
CREATE TABLE kept (log_id BIGINT PRIMARY KEY, s DOUBLE);
INSERT INTO kept VALUES (1, 0.5), (2, 0.5);
CREATE MACRO hot(m) AS fame_score(m) > 0.2;
CREATE MACRO above(m, least := 0.5) AS fame_score(m) > least;
CREATE MACRO low(m) AS lower(m);
CREATE MACRO hot_lines(least) AS TABLE
    SELECT log_id, fame_score(body) AS s FROM logs WHERE fame_score(body) > least;
CREATE VIEW renamed(number, score) AS SELECT log_id, fame_score(body) FROM logs;
"""


@pytest.fixture(scope="module")
def place(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied_to(tmp_path_factory.mktemp("kinds"), compiled)


@pytest.fixture(scope="module")
def connection(place: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with fame_sql.connect(place) as connection:
        connection.execute(SETUP)
        lines = place.parent / "lines.parquet"
        connection.execute(f"COPY (SELECT log_id, body FROM logs LIMIT 500) TO '{lines}'")
        yield connection
        release(connection)
