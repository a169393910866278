"""The list of severities, and the SQL and dbt seeds generated from it."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql.warehouse.severities import NUMBERS, SEVERITIES, number_sql, patterns

pytestmark = pytest.mark.any_duckdb

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
PACKAGE = Path(fame_sql.__file__).parent


def test_the_names_of_opentelemetry() -> None:
    assert SEVERITIES == {
        "TRACE": 1,
        "DEBUG": 5,
        "INFO": 9,
        "WARN": 13,
        "ERROR": 17,
        "FATAL": 21,
    }


@pytest.mark.parametrize("name", ["warehouse/severities.csv", "canonical/masks.csv"])
def test_the_seeds_of_dbt_are_the_same_lists(name: str) -> None:
    ours = PACKAGE / name
    assert (SEEDS / ours.name).read_bytes() == ours.read_bytes()


def test_errors_are_the_severities_from_error_on() -> None:
    rows = csv.DictReader((PACKAGE / "warehouse" / "severities.csv").read_text().splitlines())
    assert all(
        (row["is_error"] == "true") == (int(row["severity_number"]) >= SEVERITIES["ERROR"])
        for row in rows
    )


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
def test_sql_and_python_agree_on_every_word(change) -> None:
    words = [change(name) for name in NUMBERS]
    found = duckdb.execute(
        f"SELECT {number_sql('word')} FROM unnest($words) AS words(word)", {"words": [*words, "x"]}
    ).fetchall()
    assert [row[0] for row in found] == [*NUMBERS.values(), None]


def test_ordinary_words_are_not_levels_in_plain_text() -> None:
    levels = patterns()["levels"].split("|")
    assert set(NUMBERS) - set(levels) == {"FAILURE", "INFORMATIONAL"}
    assert patterns()["small_levels"].split("|") == [level.lower() for level in levels]
