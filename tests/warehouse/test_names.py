"""Which function a name means, on every kind of connection to a warehouse."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pytest

import fame_sql
from fame_sql.errors import WarehouseError
from fame_sql.planner import make_plan
from fame_sql.udfs.duckdb import release
from fame_sql.udfs.functions import FUNCTIONS
from fame_sql.warehouse.warehouse import Warehouse

NAMES = [function.name for function in FUNCTIONS]
STORED = [name for name in NAMES if name != "fame_explain"]
UNSEEN = "zyzzyva quux frobnicated plugh"
PROGRAM = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")

# NULL from the live function as well: no template knows an unseen text.
MAY_BE_NULL = {"fame_template"}
# Computed from the text alone.
NEEDS_NO_SCORE = {"fame_canonical"}

Way = Callable[[Path], AbstractContextManager[duckdb.DuckDBPyConnection]]


@contextmanager
def connected(path: Path, **options: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = fame_sql.connect(path, **options)
    try:
        yield connection
    finally:
        release(connection)
        connection.close()


@contextmanager
def read_only(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connected(path, read_only=True) as connection:
        yield connection


@contextmanager
def cursor(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connected(path) as connection:
        yield connection.cursor()


@contextmanager
def other_connection(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a second connection, as a server opens one per client."""
    with connected(path), duckdb.connect(str(path)) as other:
        yield other


@contextmanager
def registered(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path)) as connection:
        fame_sql.register(connection)
        yield connection
        release(connection)


@contextmanager
def using_fame(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection whose current schema is ``fame``."""
    with connected(path) as connection:
        connection.execute("USE fame")
        yield connection


LIVE_WAYS = [connected, read_only, cursor, other_connection, registered, using_fame]


def value(connection: duckdb.DuckDBPyConnection, call: str) -> object:
    return connection.execute(f"SELECT {call}").fetchall()[0][0]


@pytest.mark.slow
@pytest.mark.parametrize("way", LIVE_WAYS, ids=lambda way: way.__name__)
def test_with_python_the_plain_name_is_live_and_the_schema_is_stored(
    copied: Path, way: Way
) -> None:
    with way(copied) as connection:
        [(known,)] = connection.execute(
            "SELECT any_value(canonical) FROM fame.verdicts WHERE known_template"
        ).fetchall()
        for name in NAMES:
            live = value(connection, f"{name}('{UNSEEN}')")
            assert (live is None) == (name in MAY_BE_NULL), name
        for name in STORED:
            stored = value(connection, f"fame_stored.{name}('{UNSEEN}')")
            assert (stored is None) == (name not in NEEDS_NO_SCORE), name
            known_text = "'" + known.replace("'", "''") + "'"
            answers = {
                str(value(connection, f"{function}({known_text})"))
                for function in (name, f"fame_stored.{name}", f"fame.{name.removeprefix('fame_')}")
            }
            assert len(answers) == 1, answers


@pytest.mark.parametrize("name", NAMES)
def test_without_python_duckdb_suggests_the_stored_function(compiled: Path, name: str) -> None:
    with (
        duckdb.connect(str(compiled), read_only=True) as connection,
        pytest.raises(duckdb.CatalogException, match=f'Did you mean "fame_stored.{name}"'),
    ):
        connection.execute(f"SELECT {name}('x')")


@pytest.mark.slow
@pytest.mark.parametrize("name", STORED)
def test_a_statement_for_live_functions_runs_over_stored_ones(copied: Path, name: str) -> None:
    if PROGRAM is None:
        pytest.skip("the duckdb program is not installed")
    statement = (
        f"SET search_path = 'main,fame_stored'; SELECT count(*) FROM logs WHERE {name}(body) "
        f"IS DISTINCT FROM fame.{name.removeprefix('fame_')}(body)"
    )
    done = subprocess.run(
        [PROGRAM, "-readonly", "-csv", "-noheader", str(copied), "-c", statement],
        capture_output=True,
        text=True,
        env={"HOME": str(copied.parent), "PATH": os.defpath},
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("0", "")


def test_an_explanation_is_not_stored(compiled: Path) -> None:
    with (
        duckdb.connect(str(compiled), read_only=True) as connection,
        pytest.raises(duckdb.InvalidInputException, match=r"fame_sql\.connect"),
    ):
        connection.execute("SELECT fame_stored.fame_explain('x')")


def test_every_live_function_has_a_stored_name(empty: Warehouse) -> None:
    rows = empty.rows(
        "SELECT function_name FROM duckdb_functions() WHERE schema_name = 'fame_stored'"
    )
    assert sorted(row[0] for row in rows) == sorted(NAMES)


def test_stored_names_hide_live_ones_only_on_the_search_path(copied: Path) -> None:
    statement = "SELECT count(*) FROM logs WHERE fame_score(body) > 0.5"
    with connected(copied) as connection:
        assert make_plan(connection, statement).statement != statement
        connection.execute("SET search_path = 'main,fame_stored'")
        assert make_plan(connection, statement).statement == statement
        assert value(connection, f"fame_score('{UNSEEN}')") is None


def test_the_error_names_a_conflicting_macro(copied: Path) -> None:
    with duckdb.connect(str(copied)) as connection:
        connection.execute("CREATE MACRO fame_novelty(m) AS 1")
        with pytest.raises(WarehouseError, match=r"'DROP MACRO main\.fame_novelty'"):
            fame_sql.register(connection)
        connection.execute("DROP MACRO main.fame_novelty")
        fame_sql.register(connection)
        assert value(connection, f"fame_novelty('{UNSEEN}')") == 1
        release(connection)
