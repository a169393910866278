"""Everything in a warehouse carries a comment that says what it means."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.any_duckdb

OWN = "database_name = current_database() AND schema_name IN ('fame', 'fame_stored', 'main')"


@pytest.mark.parametrize("kind", ["tables", "views", "columns", "functions"])
def test_everything_has_a_comment(compiled: Path, kind: str) -> None:
    with duckdb.connect(str(compiled), read_only=True) as connection:
        [(all_of_them, commented)] = connection.execute(
            f"SELECT count(*), count(comment) FROM duckdb_{kind}() WHERE {OWN} AND NOT internal"
        ).fetchall()
    assert all_of_them == commented > 0


def test_comments_are_plain_text(compiled: Path) -> None:
    with duckdb.connect(str(compiled), read_only=True) as connection:
        [(marked,)] = connection.execute(
            "SELECT count(*) FROM duckdb_columns() WHERE regexp_matches(comment, '`|\\]\\(')"
        ).fetchall()
        [(score,)] = connection.execute(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'anomalies' "
            "AND column_name = 'score' AND schema_name = 'main'"
        ).fetchall()
    assert marked == 0
    assert score.startswith("How anomalous the message is")
