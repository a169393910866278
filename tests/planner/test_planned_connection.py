"""The connection that plans by itself, and what the package shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import fame_sql
from fame_sql.errors import QueryError
from fame_sql.session.planned import PlannedConnection


@pytest.fixture
def planned(copied_by_event: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlannedConnection]:
    with fame_sql.connect(copied_by_event, plan=True) as connection:
        yield connection


def test_its_statements_are_planned(planned: PlannedConnection) -> None:
    statement = "SELECT count(*) AS n FROM logs WHERE fame_score(body) > $least"
    plain = planned.plain.execute(statement, {"least": 0.5}).fetchall()
    assert planned.execute(statement, {"least": 0.5}).fetchall() == plain
    relation = planned.sql(statement, params={"least": 0.5})
    assert (relation.columns, relation.fetchall()) == (["n"], plain)
    assert "__fame_events" in str(planned.sql(f"EXPLAIN {statement}", params={"least": 0.5}))
    assert planned.cursor().execute(statement, {"least": 0.5}).fetchall() == plain
    assert fame_sql.query(planned, statement, {"least": 0.5}).fetchall() == plain


def test_everything_else_is_the_connections_own(planned: PlannedConnection) -> None:
    frame = pd.DataFrame({"m": ["disk failed", "all is well"]})
    scored = planned.sql("SELECT m, fame_score(m) AS s FROM frame").df()
    assert sorted(scored["m"]) == sorted(frame["m"])
    planned.register("again", frame)
    assert planned.execute("SELECT count(fame_score(m)) FROM again").fetchone() == (2,)
    planned.execute("CREATE TABLE mine AS SELECT log_id, fame_score(body) AS s FROM logs")
    assert planned.table("mine").columns == ["log_id", "s"]
    assert planned.execute("SELECT 1 AS one").df().shape == (1, 1)
    assert "fetchall" in dir(planned)
    with pytest.raises(QueryError, match="there is no statement"):
        planned.execute(" ; ")


def test_the_package_shows_what_there_is() -> None:
    assert {"connect", "query", "register", "planner"} <= set(dir(fame_sql))
    code = "import fame_sql; print(fame_sql.planner.make_plan.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "make_plan\n"
