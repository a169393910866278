"""The dbt package on a lake."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from dbt_process import OWN_FOLDER, PACKAGE, Dbt, require_dbt

import fame_sql

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

_PROFILE = """
fame:
  target: warehouse
  outputs:
    warehouse:
      type: duckdb
      path: "ducklake:{catalogue}"
      schema: fame_dbt
      config_options: {{extension_directory: "{extensions}"}}
      plugins: [{{module: fame_sql.dbt}}]
"""


def test_scored_lines_are_built_in_a_lake(
    copied_lake: Path, lake_extensions: Path, tmp_path: Path
) -> None:
    require_dbt()
    catalogue = copied_lake.with_suffix(".ducklake")
    profile = _PROFILE.format(catalogue=catalogue, extensions=lake_extensions)
    (tmp_path / "profiles.yml").write_text(profile)
    dbt = Dbt(PACKAGE, tmp_path / "made")
    words = ["--select", "+fct_scored_logs", "--exclude-resource-type", "test", "unit_test"]
    # dbt runs in another folder, where a relative path leads to another DuckDB.
    paths = [str(Path(path).absolute()) for path in os.environ["PYTHONPATH"].split(os.pathsep)]
    python_path = os.pathsep.join([str(OWN_FOLDER), *paths])
    own = {"DBT_PROFILES_DIR": str(tmp_path), "FAME_HOME": str(tmp_path / "home")}
    built = dbt("build", *words, PYTHONPATH=python_path, **own)
    assert built.code == 0, built.said
    assert list((tmp_path / "home").glob("*/lake.models/*/manifest.json"))
    assert not list(PACKAGE.glob("ducklake:*"))
    with fame_sql.connect(copied_lake, read_only=True) as connection:
        differ = "SELECT count(*) FROM anomalies WHERE log_id NOT IN (SELECT log_id FROM {})"
        found = "fame_dbt.fct_scored_logs WHERE is_anomaly"
        assert connection.sql(f"SELECT count(*) > 0 FROM {found}").fetchall() == [(True,)]
        assert connection.sql(differ.format(found)).fetchall() == [(0,)]


_ATTACHED = """
fame:
  target: own
  outputs:
    own:
      type: duckdb
      path: "{folder}/own.duckdb"
      config_options: {{extension_directory: "{extensions}"}}
      attach: [{{path: "ducklake:{catalogue}", alias: far, read_only: true}}]
      plugins: [{{module: fame_sql.dbt}}]
"""
_SOURCES = "sources: [{name: far, database: far, schema: main, tables: [{name: scored_logs}]}]"
_MODEL = """
{{ config(materialized='table') }}
SELECT body, score, fame_score(body) AS judged, fame_model_version() AS model
FROM {{ source('far', 'scored_logs') }}
"""


def test_a_lake_is_attached_beside_a_database_of_ones_own(
    copied_lake: Path, lake_extensions: Path, tmp_path: Path
) -> None:
    require_dbt()
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("{name: mine, profile: fame}")
    (project / "models" / "sources.yml").write_text(_SOURCES)
    (project / "models" / "judged.sql").write_text(_MODEL)
    catalogue = copied_lake.with_suffix(".ducklake")
    profile = _ATTACHED.format(folder=tmp_path, catalogue=catalogue, extensions=lake_extensions)
    (tmp_path / "profiles.yml").write_text(profile)
    paths = [str(Path(path).absolute()) for path in os.environ["PYTHONPATH"].split(os.pathsep)]
    python_path = os.pathsep.join([str(OWN_FOLDER), *paths])
    own = {"DBT_PROFILES_DIR": str(tmp_path), "FAME_HOME": str(tmp_path / "home")}
    built = Dbt(project, tmp_path / "made")("build", PYTHONPATH=python_path, **own)
    assert built.code == 0, built.said
    with duckdb.connect(str(tmp_path / "own.duckdb"), read_only=True) as connection:
        differ = "count(*) FILTER (score IS DISTINCT FROM judged)"
        asked = f"SELECT count(*) > 0, {differ}, count(DISTINCT model) FROM judged"
        assert connection.sql(asked).fetchall() == [(True, 0, 1)]
