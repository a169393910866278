"""Stored verdicts, read by a process without fame-sql."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fame_sql.warehouse.definitions import PUBLIC_VIEWS
from fame_sql.warehouse.warehouse import Warehouse

PROGRAM = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")


def _ask(warehouse: Path, statement: str) -> list[dict[str, object]]:
    """Run a statement with DuckDB in a separate process with an empty environment."""
    if PROGRAM is None:
        pytest.skip("the duckdb program is not installed")
    done = subprocess.run(
        [PROGRAM, "-readonly", "-json", str(warehouse), statement],
        capture_output=True,
        text=True,
        env={"HOME": str(warehouse.parent), "PATH": os.defpath},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "[]")


def test_stored_scores_are_those_of_the_table(compiled: Path) -> None:
    rows = _ask(
        compiled,
        "SELECT count(*) AS n, count(*) FILTER (WHERE fame.score(body) IS DISTINCT FROM score) "
        "AS differ, count(*) FILTER (WHERE fame.is_anomaly(body)) AS anomalous FROM scored_logs",
    )
    with Warehouse.open(compiled, read_only=True) as warehouse:
        anomalous = warehouse.value("SELECT count(*) FROM anomalies")
    assert anomalous > 0
    assert rows == [{"n": 4000, "differ": 0, "anomalous": anomalous}]


def test_a_callers_alias_does_not_capture_the_macro(compiled: Path) -> None:
    statement = (
        "SELECT count(*) AS n FROM logs AS v INNER JOIN logs AS scores USING (log_id) "
        "WHERE fame.score(v.body) = fame.score(scores.body)"
    )
    assert _ask(compiled, statement) == [{"n": 4000}]


def test_messages_without_a_score_are_null(compiled: Path) -> None:
    statement = "SELECT fame.score('quux') AS s, fame.domain('quux') AS d, fame.score(NULL) AS n"
    assert _ask(compiled, statement) == [{"s": None, "d": None, "n": None}]


def test_every_stored_function(compiled: Path) -> None:
    row = _ask(
        compiled,
        "SELECT fame.verdict(body) AS verdict, score, domain, template, novelty, "
        "fame.domain(body) AS d, fame.template(body) AS t, fame.novelty(body) AS n, "
        "fame.canonical(body) AS c FROM scored_logs WHERE template IS NOT NULL LIMIT 1",
    )[0]
    verdict = row["verdict"]
    verdict = json.loads(verdict) if isinstance(verdict, str) else verdict
    assert (row["d"], row["t"], row["n"]) == (row["domain"], row["template"], row["novelty"])
    assert verdict["score"] == row["score"]
    assert row["c"]


def test_coverage_counts_unscored_lines(opened: Warehouse) -> None:
    opened.connection.execute("DELETE FROM fame.scores WHERE event_id = 1")
    lines = opened.value("SELECT lines FROM fame.events WHERE event_id = 1")
    row = opened.records("FROM fame.coverage()")[0]
    assert (row["lines"], row["unscored"]) == (4000, lines)
    assert opened.value("SELECT count(*) FROM scored_logs WHERE score IS NULL") == lines


def test_anomalies_of_a_range_of_time(compiled: Path) -> None:
    whole = _ask(compiled, "SELECT min(timestamp) AS a, max(timestamp) AS b FROM logs")[0]
    counted = _ask(
        compiled,
        f"SELECT (SELECT count(*) FROM fame.anomalies_between('{whole['a']}', '2100-01-01')) AS n, "
        "(SELECT count(*) FROM anomalies) AS m, "
        f"(SELECT count(*) FROM fame.anomalies_between('1999-01-01', '{whole['a']}')) AS none",
    )[0]
    assert counted["n"] == counted["m"]
    assert counted["none"] == 0


def test_template_counts_are_complete(compiled: Path) -> None:
    rows = _ask(
        compiled,
        "SELECT sum(lines) AS n, count(DISTINCT bucket_start) AS days "
        "FROM fame.template_counts(INTERVAL 1 DAY)",
    )
    assert int(rows[0]["n"]) == 4000
    assert rows[0]["days"] >= 7


def test_every_public_view_is_read_without_python(compiled: Path) -> None:
    counted = " UNION ALL ".join(f"SELECT count(*) AS n FROM {view}" for view in PUBLIC_VIEWS)
    assert len(_ask(compiled, counted)) == len(PUBLIC_VIEWS)


def test_differences_between_two_ranges_of_time(compiled: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        middle = warehouse.value("SELECT until_time FROM fame.splits")
    rows = _ask(
        compiled,
        f"FROM fame.diff_patterns('1999-01-01', '{middle}', '{middle}', '2100-01-01')",
    )
    assert sum(int(row["count_a"]) + int(row["count_b"]) for row in rows) == 4000
    services = {row["service_name"] for row in rows}
    for service in services:
        shares = [row for row in rows if row["service_name"] == service]
        assert sum(float(row["percent_a"]) for row in shares) == pytest.approx(100, abs=0.2)
        lines_a, lines_b = (sum(int(row[f"count_{side}"]) for row in shares) for side in "ab")
        for row in shares:
            assert float(row["g"]) == pytest.approx(_g_of(row, lines_a, lines_b), abs=1e-3)
    strengths = [float(row["g"]) for row in rows]
    assert strengths == sorted(strengths, reverse=True)


def _g_of(row: dict[str, str], lines_a: int, lines_b: int) -> float:
    """Return the statistic of a G-test of a template's shares, by its textbook formula."""
    counts = (int(row["count_a"]), lines_a), (int(row["count_b"]), lines_b)
    share = sum(count for count, _ in counts) / (lines_a + lines_b)
    return 2 * sum(count * math.log(count / of / share) for count, of in counts if count)


def test_values_at_wildcards(compiled: Path) -> None:
    rows = _ask(
        compiled,
        "SELECT values.*, templates.lines AS whole FROM templates, "
        "fame.template_values((SELECT template_id FROM templates "
        "WHERE template LIKE '%<%' ORDER BY lines DESC LIMIT 1)) AS values "
        "WHERE template_id = (SELECT template_id FROM templates "
        "WHERE template LIKE '%<%' ORDER BY lines DESC LIMIT 1)",
    )
    by_place: dict[object, int] = {}
    for row in rows:
        by_place[row["place"]] = by_place.get(row["place"], 0) + int(row["lines"])
    assert by_place
    assert set(by_place.values()) == {rows[0]["whole"]}
