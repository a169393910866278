"""dbt on a warehouse whose lines were moved into partitions, were dropped, or do not fit."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from dbt_process import PACKAGE, Dbt, require_dbt

from fame_sql.cli import main
from fame_sql.storage.expiry import expire
from fame_sql.storage.partitions import move_lines
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

ACCOUNTED = "assert_every_record_is_accounted_for"
# Views read what is there now; and no test of what is not built here.
BUILD = (
    *("build", "--select", "stg_logs", "int_log_events", "fct_scored_logs"),
    *(
        "--exclude",
        "test_type:unit",
        "relationships_fct_scored_logs_domain__domain__ref_dim_domains_",
    ),
)
MIDDLE = datetime(2025, 3, 9, 12)


@pytest.fixture(scope="module")
def scored(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of which dbt has scored every line."""
    require_dbt()
    folder = tmp_path_factory.mktemp("scored")
    warehouse = _copy(compiled, folder)
    _dbt(warehouse).several(("", ("seed",)), ("", ("run", "--select", "+fct_scored_logs")))
    return warehouse


def _copy(warehouse: Path, folder: Path) -> Path:
    for path in (warehouse.with_name(f"{warehouse.stem}.models"), warehouse.parent / "dbt"):
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
    return Path(shutil.copy(warehouse, folder))


def _dbt(warehouse: Path) -> Dbt:
    return Dbt(PACKAGE, warehouse.parent / "dbt", warehouse)


def _rows(warehouse: Path) -> list[tuple]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        query = "SELECT * FROM fame_dbt.fct_scored_logs ORDER BY log_id"
        return connection.execute(query).fetchall()


def _execute(warehouse: Path, statement: str) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(statement)


def test_moved_days_stay_in_the_mart(scored: Path, tmp_path: Path) -> None:
    warehouse = _copy(scored, tmp_path)
    with Warehouse.open(warehouse) as opened:
        moved = move_lines(opened, MIDDLE, place=str(tmp_path / "place")).lines
    assert moved > 1000
    # What dbt is told must succeed, the test of accounts included.
    _dbt(warehouse).several(("", BUILD), ("", (*BUILD, "--full-refresh")))
    assert _rows(warehouse) == _rows(scored)


def test_expired_lines_stay_in_the_mart_and_advice_mends_it(scored: Path, tmp_path: Path) -> None:
    warehouse = _copy(scored, tmp_path)
    with Warehouse.open(warehouse) as opened:
        report = expire(opened, MIDDLE)
        assert min(report.lines, report.kept_lines) > 100
        # The first line is one that somebody judged, on a day of which others were dropped.
        judged, last = opened.rows("SELECT min(log_id), max(log_id) FROM fame.logs")[0]
    mart, dbt = "fame_dbt.fct_scored_logs", _dbt(warehouse)
    _execute(warehouse, f"INSERT INTO {mart} SELECT * FROM {mart} WHERE log_id = {last}")
    twice = dbt("test", "--select", ACCOUNTED)
    assert twice.results[ACCOUNTED] == "fail"
    assert f"{ACCOUNTED}: 1 rows of fct_scored_logs have no record in the log" in twice.said
    assert "set fame_tests_from" in twice.said
    assert "--full-refresh" in twice.said

    _execute(warehouse, f"DELETE FROM {mart} WHERE log_id IN ({judged}, {last})")
    lost = dbt("test", "--select", ACCOUNTED)
    assert f"{ACCOUNTED}: 2 records are not in fct_scored_logs, the first on 2025-" in lost.said
    advised = re.search(r"run dbt build (.*)", lost.said)
    assert advised is not None
    mended = dbt(*BUILD, *shlex.split(advised[1]))
    assert mended.code == 0, mended.said
    assert mended.results[ACCOUNTED] == "pass"
    found, before = _rows(warehouse), _rows(scored)
    assert {row for row in before if row[1] >= MIDDLE} < set(found) <= set(before)
    assert [row[0] for row in found].count(judged) == 1


@pytest.mark.slow
def test_everything_is_built_from_more_than_fits_into_memory(
    compiled: Path, tmp_path: Path
) -> None:
    require_dbt()
    warehouse = _copy(compiled, tmp_path)
    _execute(
        warehouse,
        "INSERT INTO fame.logs SELECT logs.* REPLACE (log_id + 4000 * nth AS log_id, "
        "timestamp + to_minutes(nth) AS timestamp) FROM fame.logs AS logs, range(1, 75) AS t(nth)",
    )
    project = tmp_path / "mine"
    words = ["dbt", "init", str(project), "--warehouse", str(warehouse)]
    assert CliRunner().invoke(main, words).exit_code == 0
    profile = project / "profiles.yml"
    profile.write_text(
        profile.read_text().replace("# memory_limit: 2GB", "memory_limit: 80MB\n        threads: 2")
    )
    dbt = Dbt(project, tmp_path / "made")
    assert dbt("deps").code == 0
    process = dbt.start("--quiet", "build", "--exclude", "test_type:unit", "resource_type:exposure")
    spilled = 0
    while process.poll() is None:
        spilled = max(spilled, _bytes(warehouse.with_name(f"{warehouse.name}.tmp")))
        time.sleep(0.05)
    assert process.returncode == 0, process.communicate()[0]
    results = json.loads((tmp_path / "made" / "target" / "run_results.json").read_text())["results"]
    assert {result["status"] for result in results} <= {"success", "pass", "warn"}
    assert len(_rows(warehouse)) > 290_000
    assert spilled > 10e6, spilled


def _bytes(folder: Path) -> int:
    with contextlib.suppress(FileNotFoundError):  # a file may go while it is looked at
        return sum(file.stat().st_size for file in folder.glob("*"))
    return 0
