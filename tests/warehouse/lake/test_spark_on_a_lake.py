"""Spark reads a lake's files, and its verdicts are those of DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from spark_cluster import local_cluster, require_spark

from fame_sql.errors import InputError
from fame_sql.ingest import ingest_file
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.students import StudentConfig
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.slow

_VERDICTS = "SELECT * EXCLUDE (scored_at) FROM fame.scores ORDER BY ALL"
_CUT = (
    "SELECT count(delete_file) FROM "
    "ducklake_list_files(current_database(), 'logs', schema => 'fame')"
)
_LINES = "SELECT log_id, timestamp, body, event_id, severity_number FROM {} ORDER BY log_id"


@pytest.fixture(scope="module")
def spark(lake_extensions: Path) -> Iterator[Any]:
    require_spark()
    with local_cluster() as session:
        yield session


@pytest.fixture
def many_files(
    new_lake: Callable[[], Path], simulated_log: Path, tiny: StudentConfig, tmp_path: Path
) -> Path:
    """A lake in PostgreSQL with files that have lost rows, and rows that are in the catalogue."""
    lake = new_lake()
    late = tmp_path / "late.log"
    late.write_text("a line that nobody has seen before\n", encoding="utf-8")
    with Warehouse.open(lake) as warehouse:
        ingest_file(warehouse, simulated_log, format="bgl")
        compile_model(warehouse, config=tiny)
        ingest_file(warehouse, late, format="text")
        warehouse.connection.execute("DELETE FROM fame.logs WHERE line_number % 7 = 3")
        warehouse.connection.execute("DELETE FROM fame.scores WHERE event_id % 3 = 0")
    return lake


def test_spark_reads_and_scores_a_lake(spark: Any, many_files: Path) -> None:
    from fame_sql.spark import lake_table, score_lake

    with Warehouse.open(many_files) as warehouse:
        assert warehouse.value(_CUT), "some files have lost rows"
        kept = warehouse.rows(_VERDICTS)
        lake_table(spark, warehouse.connection, "logs").createOrReplaceTempView("lines")
        found = [tuple(row) for row in spark.sql(_LINES.format("lines")).collect()]
        assert found == warehouse.rows(_LINES.format("fame.logs"))
        wanted = warehouse.value("SELECT count(*) FROM fame.events") - len(kept)
    report = score_lake(spark, many_files)
    assert report.scored == wanted > 0
    with Warehouse.open(many_files) as warehouse:
        judged = warehouse.rows(_VERDICTS)
        assert len(judged) == report.events
        warehouse.connection.execute("DELETE FROM fame.scores")
    assert score_lake(spark, many_files).scored == report.events
    with Warehouse.open(many_files) as warehouse:
        assert warehouse.rows(_VERDICTS) == judged


def test_a_file_is_no_lake(spark: Any, compiled: Path) -> None:
    from fame_sql.spark import score_lake

    with pytest.raises(InputError, match="fame init --lake"):
        score_lake(spark, compiled)
