"""Text that live functions return is right wherever DuckDB puts it, also inside coalesce."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql.udfs.duckdb import release

TEXTS = {
    "fame_domain": "fame_domain(body)",
    "fame_template": "fame_template(body)",
    "fame_canonical": "fame_canonical(body)",
    "fame_action": "fame_action(body)",
    "a field of a verdict": "fame_verdict(body).template",
    "a verdict": "coalesce(NULL, fame_verdict(body)).domain",
    "a word of an explanation": "fame_explain(body).words[1].token",
}
# The first argument is NULL, or sometimes NULL: duckdb/duckdb#20606.
NONE = "'none'"
AROUND = (
    "coalesce(NULL, {})",
    "ifnull({}, 'none')",
    "coalesce(CASE WHEN log_id % 7 = 0 THEN 'a word' END, {})",
)


@pytest.fixture(scope="module")
def connection(compiled: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with fame_sql.connect(compiled, read_only=True) as connection:
        yield connection
        release(connection)


@pytest.mark.parametrize("name", TEXTS)
def test_text_inside_coalesce_is_that_of_a_case(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    text, rows = TEXTS[name], 40 if "explanation" in name else 4000
    around = AROUND[:1] if name == "a verdict" else AROUND
    for function in around:
        wrapped = function.format(text)
        plain = (
            f"CASE WHEN {'log_id % 7 = 0' if '%' in wrapped else 'false'} THEN 'a word' "
            f"WHEN {text} IS NULL THEN {NONE if 'none' in wrapped else 'NULL'} ELSE {text} END"
        )
        found = connection.execute(
            f"SELECT count(*), count(*) FILTER (a IS DISTINCT FROM b) FROM (SELECT {wrapped} AS a, "
            f"{plain} AS b FROM logs WHERE log_id <= {rows})"
        ).fetchall()
        assert found == [(rows, 0)], wrapped


def test_a_cursor_has_the_same_canonical_texts(connection: duckdb.DuckDBPyConnection) -> None:
    statement = (
        "SELECT coalesce(NULL, fame_canonical(body)), fame.canonical(body) FROM logs LIMIT 50"
    )
    rows = connection.cursor().execute(statement).fetchall()
    assert all(live == stored for live, stored in rows)
    assert connection.cursor().execute("SELECT fame_canonical(NULL)").fetchall() == [(None,)]
