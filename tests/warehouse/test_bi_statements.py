"""Statements of the forms that BI programs write, in DuckDB without fame-sql, read-only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

STATEMENTS: dict[str, tuple[str, list[str]]] = {
    "the tables": (
        "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema IN ('main', 'fame')",
        [],
    ),
    "lines by day": (
        'SELECT "main"."anomalies"."day" AS "day", COUNT(*) AS "count" FROM "main"."anomalies" '
        'WHERE "main"."anomalies"."day" >= DATE \'2000-01-01\' '
        'GROUP BY "main"."anomalies"."day" ORDER BY "main"."anomalies"."day" ASC',
        [],
    ),
    "a question over a question": (
        'SELECT DATE_TRUNC(\'week\', "source"."timestamp") AS t, AVG("source"."score") AS a '
        'FROM (SELECT * FROM scored_logs) AS "source" GROUP BY 1 LIMIT 1048575',
        [],
    ),
    "a filter with a value": (
        'SELECT * FROM (SELECT * FROM anomalies) AS "source" '
        'WHERE ("source"."service_name" <> ?) LIMIT 10',
        ["none"],
    ),
    "a daily table": ("SELECT * FROM fame.daily_verdicts LIMIT 2000", []),
    "a stored function": ("SELECT body FROM logs WHERE fame.score(body) > 0.5 LIMIT 5", []),
    "a verdict in columns": (
        "SELECT log_id, unnest([fame.verdict(body)], max_depth := 2) FROM logs LIMIT 5",
        [],
    ),
}


@pytest.fixture(scope="module")
def plain(compiled: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(compiled), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("case", STATEMENTS)
def test_a_statement_of_a_bi_program_has_rows(plain: duckdb.DuckDBPyConnection, case: str) -> None:
    statement, parameters = STATEMENTS[case]
    assert plain.execute(statement, parameters).fetchall()


def test_the_live_name_leads_to_the_stored_one(plain: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException, match=r"fame_stored\.fame_score"):
        plain.execute("SELECT fame_score(body) FROM logs")
