"""One definition of a verdict's columns, and everything else as it says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import duckdb
import pytest
import yaml

import fame_sql
from fame_sql.planner import make_plan
from fame_sql.spark.transpile.statements import statement
from fame_sql.udfs.duckdb import release
from fame_sql.udfs.functions import FUNCTIONS
from fame_sql.udfs.spark import spark_type
from fame_sql.verdict import THRESHOLD, is_anomalous
from fame_sql.verdict.columns import COLUMNS, SPARK_TYPES, STORED
from fame_sql.warehouse.warehouse import Warehouse

ROOT = Path(__file__).parents[2]
TYPES = {name: column.kind for name, column in COLUMNS.items()}

# What computes a verdict, and what was released.
MAY_LIST = {
    "fame_sql/verdict/verdict.py",
    "fame_sql/models/model.py",
    "sql/warehouse/schema/0001_initial.sql",
}


def described(warehouse: Warehouse, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in warehouse.rows(f"DESCRIBE {relation}")}


def fields(relation: duckdb.DuckDBPyRelation) -> dict[str, str]:
    """Return the names and types of the one struct that a relation has."""
    [struct] = relation.types
    return {name: str(kind) for name, kind in struct.children}


@pytest.mark.any_duckdb
def test_generated_files_are_current() -> None:
    spec = importlib.util.spec_from_file_location(
        "generate_verdict", ROOT / "docs" / "generate_verdict.py"
    )
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for path, text in generate.texts().items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run 'make generate'"


@pytest.mark.any_duckdb
def test_nothing_else_lists_the_columns() -> None:
    # Some folders of the package are links to those at the top of the tree.
    sources = {
        path.resolve().relative_to(ROOT.resolve())
        for folder in ("fame_sql", "udfs", "sql")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sql")
    }
    listing = {
        str(path)
        for path in sources
        if re.search(r"\bdomain_confidence\b", (ROOT / path).read_text(encoding="utf-8"))
    }
    assert listing == MAY_LIST


def test_the_table_of_scores_stores_what_is_not_derived(empty: Warehouse) -> None:
    keys = {"model_version": "VARCHAR", "event_id": "INTEGER", "scored_at": "TIMESTAMP"}
    assert described(empty, "fame.scores") == {**keys, **{name: TYPES[name] for name in STORED}}


@pytest.mark.parametrize("view", ["fame.verdicts", "fame.scored_logs", "main.scored_logs"])
def test_views_show_the_columns_in_their_order(empty: Warehouse, view: str) -> None:
    assert list(described(empty, view).items())[-len(TYPES) :] == list(TYPES.items())


def test_live_and_stored_verdicts_are_structs_of_the_columns(copied: Path) -> None:
    connection = fame_sql.connect(copied)
    try:
        for call in ("fame_verdict(body)", "fame.verdict(body)"):
            statement = f"SELECT {call} AS verdict FROM logs LIMIT 1"
            assert fields(connection.sql(statement)) == TYPES
        planned = make_plan(connection, "SELECT fame_verdict(body) AS v FROM logs WHERE log_id < 9")
        assert fields(connection.sql(planned.statement)) == TYPES
    finally:
        release(connection)
        connection.close()


@pytest.mark.any_duckdb
def test_spark_has_the_columns_under_its_own_types() -> None:
    [verdict] = [function for function in FUNCTIONS if function.name == "fame_verdict"]
    fields = re.findall(r"(\w+): (\w+)", spark_type(verdict))
    assert {name: kind.lower() for name, kind in fields} == SPARK_TYPES


@pytest.mark.any_duckdb
@pytest.mark.parametrize("view", ["04_verdicts", "05_scored_logs"])
def test_transpiled_views_have_the_columns(view: str) -> None:
    text = statement(f"warehouse/views/{view}")
    assert [name for name in COLUMNS if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.any_duckdb
def test_the_threshold_is_that_of_the_dbt_contract() -> None:
    marts = yaml.safe_load((ROOT / "dbt_project" / "models" / "marts" / "logs.yml").read_text())
    [anomalies] = [model for model in marts["models"] if model["name"] == "fct_anomalies"]
    [score] = [column for column in anomalies["columns"] if column["name"] == "score"]
    bounds = [
        test["fame.between"]["arguments"] for test in score["data_tests"] if "fame.between" in test
    ]
    assert bounds == [{"low": THRESHOLD, "high": 1}]


def test_a_score_at_the_threshold_is_normal(empty: Warehouse) -> None:
    empty.connection.execute(
        "INSERT INTO fame.models VALUES ('m', '', '', '', '{}', 'champion', now(), now())"
    )
    for event_id, score in enumerate((THRESHOLD, THRESHOLD + 1e-4)):
        empty.connection.execute(
            "INSERT INTO fame.events VALUES ($1, $2, $2, '', NULL, 1, NULL, NULL, 1)",
            [event_id, str(event_id)],
        )
        empty.connection.execute(
            "INSERT INTO fame.scores BY NAME SELECT * REPLACE ($1 AS event_id, $2 AS score) FROM "
            "(SELECT 'm' AS model_version, 0 AS event_id, 0.0 AS score, 'd' AS domain, 1 AS "
            "domain_confidence, 0 AS novelty, true AS known_template, 0 AS threshold, "
            "now()::TIMESTAMP AS scored_at)",
            [event_id, score],
        )
        assert is_anomalous(score) == bool(event_id)
    assert empty.rows("SELECT event_id, is_anomaly FROM fame.verdicts ORDER BY ALL") == [
        (0, False),
        (1, True),
    ]
