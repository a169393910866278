"""Stored functions of an attached warehouse answer from their own, or say that they cannot."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from warehouse_copy import copied_to

import fame_sql
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse import lines, settings
from fame_sql.warehouse.definitions import define
from fame_sql.warehouse.warehouse import Warehouse

CALLS = (
    "SELECT count({}.fame.score(body)) FROM {}.logs",
    "SELECT max({}.fame.action(body)) FROM {}.logs",
    "SELECT lines FROM {}.fame.coverage()",
    "SELECT count(*) FROM {}.fame.anomalies_between('2000-01-01', '2100-01-01')",
    "SELECT count(*) FROM {}.fame.template_counts(INTERVAL 1 DAY)",
    # DuckDB knows by its statistics that these are empty, and runs nothing.
    "SELECT count(*) FROM {}.fame.anomalies_between('1900-01-01', '1901-01-01')",
    "SELECT count(*) FROM {}.fame.timeline('1900-01-01', '1901-01-01')",
    "SELECT count(*) FROM {}.fame.neighbours(-1)",
    "SELECT count(*) FROM {}.fame.incident_lines(1)",
    "SELECT count(*) FROM {}.fame.influencers(1)",
    "SELECT count(*) FROM {}.fame.diff_patterns('2000-01-01', '2001-01-01', "
    "'2001-01-01', '2002-01-01')",
    "SELECT count(*) FROM {}.fame.template_values('none')",
    "SELECT count(*) FROM {}.fame.rare_values('none')",
    "SELECT count(*) FROM {}.fame.first_seen('2000-01-01', '2100-01-01')",
    "SELECT count(*) FROM {}.fame.co_occurring('none')",
    "SELECT count(*) FROM {}.fame.compare_models('none', 'none')",
    "SELECT max({}.fame_stored.fame_score(body)) FROM {}.logs",
)


@pytest.fixture(scope="module")
def own(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied_to(tmp_path_factory.mktemp("attached"), compiled)


@pytest.fixture(scope="module")
def other(own: Path) -> Path:
    """A second warehouse, with half of the lines."""
    path = own.with_name("other.duckdb")
    shutil.copy(own, path)
    with Warehouse.open(path) as warehouse:
        lines.delete(warehouse.connection, "log_id > 2000")
        settings.remove(warehouse.connection, settings.IDENTITY)
        define(warehouse.connection)
    return path


@pytest.fixture
def connection(own: Path, other: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(own), read_only=True) as connection:
        connection.execute(f"ATTACH '{other}' AS other (READ_ONLY)")
        yield connection


@pytest.mark.parametrize("call", CALLS)
def test_a_function_of_an_attached_warehouse_says_so(
    connection: duckdb.DuckDBPyConnection, call: str
) -> None:
    own = connection.execute(call.format("centre", "centre")).fetchall()
    with pytest.raises(duckdb.Error, match=r"another warehouse is current, .*run USE"):
        connection.execute(call.format("other", "other")).fetchall()
    connection.execute("USE other")
    assert connection.execute(call.format("other", "other")).fetchall()
    with pytest.raises(duckdb.Error, match=r"another warehouse is current, .*run USE"):
        connection.execute(call.format("centre", "centre")).fetchall()
    connection.execute("USE centre")
    assert connection.execute(call.format("centre", "centre")).fetchall() == own


def test_the_command_says_so_in_its_own_words(own: Path, other: Path) -> None:
    from click.testing import CliRunner

    from fame_sql.cli import main

    base = ["query", "--warehouse", str(own), "--external-access"]
    with duckdb.connect(str(own.with_name("plain.duckdb"))) as plain:
        plain.execute("CREATE TABLE t (i INTEGER)")
    attached = (
        f"ATTACH '{other}' AS o (READ_ONLY); ATTACH '{other.with_name('plain.duckdb')}' AS p;"
    )
    for used, said in {
        "": "another warehouse is current: run USE",
        "USE p;": "no warehouse is",
    }.items():
        for call in ("FROM o.fame.coverage()", "SELECT o.fame.score('m')"):
            told = CliRunner().invoke(main, [*base, f"{attached} {used} {call}"])
            assert told.output.startswith(f"Error: {said}"), told.output


def test_a_copy_beside_its_warehouse_is_refused(copied: Path) -> None:
    copy = shutil.copy(copied, copied.with_name("copy.duckdb"))
    with duckdb.connect(str(copied), read_only=True) as connection:
        connection.execute(f"ATTACH '{copy}' AS copy (READ_ONLY)")
        with pytest.raises(duckdb.Error, match="a copy of this warehouse is attached: DETACH it"):
            connection.execute("SELECT copy.fame.score(body) FROM copy.logs").fetchall()
        assert connection.execute("SELECT count(*) > 0 FROM copy.anomalies").fetchall() == [(True,)]


def test_without_a_current_warehouse_the_error_says_what_to_do(other: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{other}' AS other (READ_ONLY)")
        for call in CALLS:
            with pytest.raises(duckdb.Error, match="use_this_warehouse_first"):
                connection.execute(call.format("other", "other"))
        connection.execute("USE other")
        rows = connection.execute("SELECT count(fame.score(body)) FROM logs").fetchall()
        assert rows == [(2000,)]


def test_nested_calls_are_fast_and_windows_take_them(compiled: Path) -> None:
    with duckdb.connect(str(compiled), read_only=True) as connection:
        nested = "SELECT fame.score(fame.domain(body)) AS s, count(*) FROM logs GROUP BY s"
        assert connection.execute(nested).fetchall() == [(None, 4000)]
        window = (
            "SELECT count(*) FROM (SELECT rank() OVER (PARTITION BY fame.domain(body) "
            "ORDER BY fame.score(body) DESC) AS r FROM logs)"
        )
        assert connection.execute(window).fetchall() == [(4000,)]


def test_a_planned_query_writes_into_no_other_warehouse(compiled: Path, tmp_path: Path) -> None:
    path, copy = copied_to(tmp_path / "own", compiled), copied_to(tmp_path / "copy", compiled)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("DELETE FROM fame.scores")
    with fame_sql.connect(path) as connection:
        connection.execute(f"ATTACH '{copy}' AS copy")
        connection.execute("USE copy")
        fame_sql.query(connection, "SELECT max(fame_score(body)) FROM logs WHERE log_id < 200")
        assert connection.execute("SELECT count(*) FROM copy.fame.scores").fetchall() == [(0,)]
        release(connection)
