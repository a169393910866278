"""ibis on a warehouse, on both DuckDB lines: its own behaviour, live functions and tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import snippets

import fame_sql
from fame_sql.errors import InputError
from fame_sql.planner import make_plan
from fame_sql.udfs.functions import FUNCTIONS

ibis = pytest.importorskip("ibis", reason="the extra 'ibis' is not installed")
fame = pytest.importorskip("fame_sql.ibis")

YEAR = ("2025-01-01", "2026-01-01")
PAST, LATER = ("2025-01-01", "2025-03-07"), ("2025-03-07", "2026-01-01")


@pytest.fixture(scope="module")
def warehouse(compiled: Path) -> Iterator[Any]:
    connection = fame.connect(compiled, read_only=True)
    yield connection
    connection.disconnect()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_every_live_function_is_a_typed_expression(warehouse: Any, function: Any) -> None:
    logs = warehouse.table("logs")
    from ibis.backends.sql.datatypes import DuckDBType

    expression = getattr(fame, function.name.removeprefix("fame_"))(logs.body)
    assert expression.type() == DuckDBType.from_string(function.returns)
    asked = logs.mutate(found=expression).filter(logs.log_id < 20).order_by("log_id")
    written = f"SELECT {function.name}(body) FROM logs WHERE log_id < 20 ORDER BY log_id"
    expected = [value for (value,) in fame_sql.query(warehouse.con, written).fetchall()]
    assert asked.to_pyarrow()["found"].to_pylist() == expected


def test_fields_of_a_verdict_compose(warehouse: Any) -> None:
    logs = warehouse.table("logs")
    worst = logs.mutate(v=fame.verdict(logs.body)).filter(lambda t: t.v.is_anomaly)
    by_domain = worst.group_by(domain=worst.v.domain).aggregate(lines=worst.count())
    found = {row["domain"]: row["lines"] for row in by_domain.to_pyarrow().to_pylist()}
    assert sum(found.values()) == fame.anomalies(warehouse).count().execute() > 0


def test_an_expression_is_planned(warehouse: Any) -> None:
    logs = warehouse.table("logs")
    written = ibis.to_sql(logs.filter(fame.score(logs.body) > 0.9).count(), dialect="duckdb")
    plan = make_plan(warehouse.con.plain, str(written), score=False)
    assert [call.answered_by for call in plan.calls] == ["event"]


def test_tables_are_those_of_sql_and_compose(warehouse: Any) -> None:
    first = fame.anomalies(warehouse).order_by("log_id").limit(1).to_pyarrow().to_pylist()[0]
    template = first["template_id"]
    hour = timedelta(hours=1)
    versions = ("none", first["model_version"])
    tables = {
        f"timeline({_list(YEAR)}, bucket := INTERVAL 1 HOUR)": fame.timeline(
            warehouse, *YEAR, bucket=hour
        ),
        f"first_seen({_list(YEAR)})": fame.first_seen(warehouse, *YEAR),
        f"neighbours({first['log_id']}, each_way := 2)": fame.neighbours(
            warehouse, first["log_id"], each_way=2
        ),
        f"diff_patterns({_list(PAST + LATER)})": fame.diff_patterns(warehouse, PAST, LATER),
        "diff_patterns(NULL, NULL, NULL, NULL, kind := 'host', name_a := 'x', name_b := 'y')": (
            fame.diff_patterns(warehouse, "x", "y", kind="host")
        ),
        f"template_values('{template}')": fame.template_values(warehouse, template),
        f"rare_values('{template}', at_most := 0.5)": fame.rare_values(warehouse, template, 0.5),
        f"co_occurring('{template}', within := INTERVAL 1 HOUR)": fame.co_occurring(
            warehouse, template, within=hour
        ),
        f"compare_models({_list(versions)})": fame.compare_models(warehouse, *versions),
        "incidents": fame.incidents(warehouse),
    }
    for written, table in tables.items():
        expected = warehouse.con.plain.sql(f"FROM fame.{written}")
        assert table.columns == tuple(expected.columns)
        assert table.count().execute() == len(expected), written
    new, log = fame.first_seen(warehouse, *YEAR), warehouse.table("logs")
    assert new.join(log, "log_id").count().execute() == new.count().execute() > 0


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def test_names_are_data(warehouse: Any) -> None:
    evil = "x'); DROP TABLE logs; --"
    assert fame.template_values(warehouse, evil).count().execute() == 0
    with pytest.raises(InputError, match="is no \\(start, stop\\)"):
        fame.diff_patterns(warehouse, "api", "db")
    with pytest.raises(InputError, match="is no name of a host"):
        fame.diff_patterns(warehouse, PAST, LATER, kind="host")


def test_what_ibis_asks_of_duckdb_works(warehouse: Any) -> None:
    """What ibis asks by the methods that DuckDB 2.0 removed, as ibis does it on DuckDB 1.5."""
    assert "anomalies" in warehouse.list_tables()
    assert [name for name in warehouse.list_tables() if name.startswith("__fame")] == []
    assert {"fame", "main"} <= set(warehouse.list_databases())
    assert "temp" in warehouse.list_catalogs()
    assert warehouse.get_schema("events", database="fame")["canonical"].is_string()
    assert warehouse.sql("SELECT 1 AS n, 'a' AS t").schema() == ibis.schema(
        {"n": "int32", "t": str}
    )
    logs = warehouse.table("logs")
    with logs.select("log_id").to_pyarrow_batches(chunk_size=1500) as reader:
        sizes = [batch.num_rows for batch in reader]
    assert (sum(sizes), max(sizes) <= 2048) == (4000, True)
    unfinished = logs.select("log_id").to_pyarrow_batches(chunk_size=100)
    next(iter(unfinished))
    del unfinished
    assert logs.count().execute() == 4000, "a reader that is left leaves the connection usable"
    frame = ibis.memtable({"m": ["a quick check"]})
    [judged] = warehouse.to_pyarrow(frame.mutate(s=fame.score(frame.m))).to_pylist()
    assert 0 <= judged["s"] <= 1


def test_own_functions_of_python_work_beside(warehouse: Any) -> None:
    @ibis.udf.scalar.python
    def doubled(n: int) -> int:
        return 2 * n

    logs = warehouse.table("logs")
    asked = logs.filter(logs.log_id == 7).select(n=doubled(logs.log_id), s=fame.score(logs.body))
    assert asked.to_pyarrow()["n"].to_pylist() == [14]


def test_the_page_can_be_run(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copied.parent)
    copied.rename("warehouse.duckdb")
    page = Path(__file__).parents[2] / "docs" / "how-to" / "ibis.md"
    assert list(snippets.check(page, snippets.Runner())) == []
