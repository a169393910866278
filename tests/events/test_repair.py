"""Lines that others change: noticed, mended and redacted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

import fame_sql
from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.events.redaction import redact
from fame_sql.events.repair import repair
from fame_sql.planner import make_plan
from fame_sql.udfs.duckdb import release
from fame_sql.warehouse import lines
from fame_sql.warehouse.warehouse import Warehouse

CHANGES = {
    "update": "UPDATE fame.logs SET body = 'REDACTED by privacy' WHERE log_id % 10 = 0",
    "update of one": "UPDATE fame.logs SET body = body || ' it failed' WHERE log_id = 77",
    "update of the event": "UPDATE fame.logs SET event_id = 1 WHERE log_id BETWEEN 40 AND 90",
    "insert": (
        "INSERT INTO fame.logs SELECT * REPLACE (-log_id AS log_id, 'a new text' AS body) "
        "FROM fame.logs WHERE log_id BETWEEN 41 AND 90"
    ),
    "delete": "DELETE FROM fame.logs WHERE log_id BETWEEN 100 AND 900",
}
STATEMENTS = (
    "SELECT fame_score(body), count(*) FROM logs GROUP BY 1",
    "SELECT log_id FROM logs WHERE fame_score(body) >= 0 LIMIT 5 OFFSET 1400",
    "SELECT log_id FROM logs WHERE fame_domain(body) <> '' LIMIT 60 OFFSET 3180",
)


@pytest.fixture
def connection(copied: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = fame_sql.connect(copied)
    yield connection
    release(connection)
    connection.close()


def _planned(connection: duckdb.DuckDBPyConnection, statement: str) -> list[str]:
    """Compare the rows with and without the planner; return how the calls are answered."""
    plain = sorted(map(repr, connection.execute(statement).fetchall()))
    plan = make_plan(connection, statement)
    assert sorted(map(repr, connection.execute(plan.statement).fetchall())) == plain
    return [call.answered_by for call in plan.calls]


@pytest.mark.parametrize("change", CHANGES)
def test_the_planner_sees_that_lines_were_changed(
    connection: duckdb.DuckDBPyConnection, change: str
) -> None:
    assert _planned(connection, STATEMENTS[0]) == ["event"]
    connection.execute(CHANGES[change])
    # After a deletion, each line that is left has the event of its message, in order.
    answered = "event" if change == "delete" else "message"
    assert _planned(connection, STATEMENTS[0]) == [answered]
    for statement in STATEMENTS[1:]:
        assert answered == "event" or "event" not in _planned(connection, statement)


def test_many_changed_lines_are_not_made_canonical_again(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MADE_AGAIN", 100)
    connection.execute(CHANGES["delete"])
    for statement in STATEMENTS:
        assert "event" not in _planned(connection, statement)


@pytest.mark.any_duckdb
@pytest.mark.parametrize("change", CHANGES)
def test_doctor_names_the_command_that_mends_it(copied: Path, change: str) -> None:
    at = ["--warehouse", str(copied)]
    assert "nothing is wrong" in _run("doctor", *at)
    _run("query", "--write", CHANGES[change], *at)
    assert "fame repair" in _run("doctor", *at, exit_code=1)
    _run("repair", *at)
    _run("score", *at)
    assert "nothing is wrong" in _run("doctor", *at)
    with Warehouse.open(copied) as warehouse:
        assert warehouse.rows(
            "SELECT count(*) FROM fame.events WHERE lines <> "
            "(SELECT count(*) FROM fame.logs WHERE logs.event_id = events.event_id)"
        ) == [(0,)]
        assert warehouse.rows(
            "SELECT count(*) FROM fame.logs JOIN fame.events USING (event_id) "
            "WHERE md5(fame.canonical(body)) <> event_hash"
        ) == [(0,)]


def test_a_repaired_warehouse_is_joined_by_event_again(
    connection: duckdb.DuckDBPyConnection, copied: Path
) -> None:
    connection.execute(CHANGES["update"])
    connection.execute(CHANGES["insert"])
    report = repair(Warehouse(copied, connection))
    assert report.lines >= 400
    assert _planned(connection, STATEMENTS[0]) == ["event"]
    assert _planned(connection, STATEMENTS[1]) == ["live"]  # these lines stay out of order
    assert repair(Warehouse(copied, connection)).lines == 0


@pytest.mark.any_duckdb
def test_every_stage_keeps_what_is_known_of_the_lines(copied: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.log"
    more.write_text("one more line\nand a last one")
    at = ["--warehouse", str(copied)]
    _run("ingest", str(more), "--format", "text", *at)
    more.write_text("one more line\nand a last one that grew\n")
    _run("ingest", str(more), "--format", "text", *at)
    with Warehouse.open(copied) as warehouse:
        [(day,)] = warehouse.rows("SELECT min(timestamp)::DATE + 2 FROM fame.logs")
    _run("partition", "move", "--before", str(day), "--place", str(tmp_path / "place"), *at)
    _run("expire", "--before", f"{day} 12:00", *at)
    _run("compact", *at)
    with Warehouse.open(copied) as warehouse:
        state = lines.check(warehouse.connection)
        assert state is not None
        assert state.ordered
        assert warehouse.value("SELECT count(*) FROM fame.logs") == state.lines < 4000


def test_redaction_leaves_no_match(copied: Path) -> None:
    with Warehouse.open(copied) as warehouse:
        [(host, with_host)] = warehouse.rows(
            "SELECT regexp_extract(body, '([a-z]{5,})', 1) AS w, count(*) FROM fame.logs "
            "WHERE w <> '' GROUP BY w ORDER BY 2 DESC, 1 LIMIT 1"
        )
        labels = warehouse.value("SELECT count(*) FROM fame.labels")
        counted = redact(warehouse, host, dry_run=True)
        assert counted.lines >= with_host
        assert lines.check(warehouse.connection) is not None
        report = redact(warehouse, host, replacement=r"\1 gone")
        assert report.lines == counted.lines
        for column in ("body", "attributes::VARCHAR", "resource_attributes::VARCHAR"):
            left = f"SELECT count(*) FROM fame.logs WHERE contains({column}, ?)"
            assert warehouse.value(left, [host]) == 0
        assert (
            warehouse.value(
                "SELECT count(*) FROM fame.events WHERE contains(canonical || example, ?)", [host]
            )
            == 0
        )
        assert warehouse.value("SELECT count(*) FROM fame.logs WHERE contains(body, '\\1 gone')")
        assert warehouse.value("SELECT count(*) FROM fame.labels") == labels
        assert (
            warehouse.value(
                "SELECT count(*) FROM fame.labels "
                "WHERE event_id NOT IN (SELECT event_id FROM fame.events)"
            )
            == 0
        )
        assert lines.check(warehouse.connection) is not None


@pytest.mark.any_duckdb
def test_patterns_that_cannot_be_used_are_refused(copied: Path) -> None:
    with Warehouse.open(copied) as warehouse:
        with pytest.raises(InputError, match="not a regular expression"):
            redact(warehouse, "(")
        with pytest.raises(InputError, match="matches the empty text"):
            redact(warehouse, "x*")
        warehouse.connection.execute(
            'UPDATE fame.logs SET attributes = \'{"a": "b"}\' WHERE log_id = 1'
        )
        with pytest.raises(InputError, match="would not be JSON any more; nothing was changed"):
            redact(warehouse, '"a"')
        assert warehouse.value("SELECT attributes FROM fame.logs WHERE log_id = 1") == '{"a": "b"}'


@pytest.mark.any_duckdb
def test_views_over_live_functions_are_found(copied: Path) -> None:
    with fame_sql.connect(copied) as connection:
        connection.execute("CREATE VIEW hot AS SELECT log_id, fame_score(body) AS s FROM logs")
        connection.execute("CREATE VIEW cold AS SELECT log_id, fame.score(body) AS s FROM logs")
        release(connection)
    [finding] = json.loads(_run("doctor", "--json", "--warehouse", str(copied)))
    assert "main.hot" in finding["what"]


def _run(*arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == exit_code, result.output
    return result.output
