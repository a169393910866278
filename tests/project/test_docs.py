from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from fame_sql.udfs.functions import FUNCTIONS
from fame_sql.warehouse.definitions import PUBLIC_VIEWS
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

DOCS = Path(__file__).parents[2] / "docs"
SQL_REFERENCE = (DOCS / "reference" / "sql.md").read_text()


def test_the_command_reference_is_that_of_the_commands() -> None:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.TARGET.read_text() == generate.reference(), "run 'make docs'"


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_every_live_function_is_in_the_reference(function) -> None:
    returns = function.returns.split("(")[0]
    row = re.search(rf"^\| `{function.name}\(message\)` \| `([^`]+)`", SQL_REFERENCE, re.MULTILINE)
    assert row is not None
    assert row[1].startswith(returns)


def test_everything_stored_is_in_the_reference_and_nothing_else(empty: Warehouse) -> None:
    macros = {
        row[0]
        for row in empty.rows(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE schema_name = 'fame'"
        )
    }
    relations = {
        row[0]
        for row in empty.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'fame'"
        )
    }
    told = set(re.findall(r"`fame\.(\w+)\(", SQL_REFERENCE))
    assert told == macros
    for name in relations | set(PUBLIC_VIEWS):
        assert f"`{name}`" in SQL_REFERENCE, name


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    for page in [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"
