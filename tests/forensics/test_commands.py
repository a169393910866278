"""'fame show', 'fame top' and 'fame diff'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fame_sql.cli import main
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

FULL = "could not extend file because the disk is full"
HOURS = ("2024-01-01T01:00..2024-01-01T02:00", "2024-01-01T02:00..2024-01-01T03:00")


def _run(warehouse: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--warehouse", str(warehouse)])


def test_show_has_verdict_reason_history_and_neighbours(compiled: Path) -> None:
    with Warehouse.open(compiled, read_only=True) as warehouse:
        [[log_id, body]] = warehouse.rows(
            "SELECT log_id, body FROM anomalies ORDER BY score DESC, log_id LIMIT 1"
        )
    shown = _run(compiled, "show", str(log_id)).stdout
    assert body in shown
    assert "anomalous, score 0.9" in shown
    assert "why (log-odds +" in shown
    assert "(base: the text without words)" in shown
    assert "around it" in shown
    found = json.loads(_run(compiled, "show", str(log_id), "--json").stdout)
    words = sum(word["weight"] for word in found["explanation"]["words"])
    total = found["explanation"]["base"] + words
    assert total == pytest.approx(found["explanation"]["log_odds"], abs=0.01)
    assert [row["log_id"] for row in found["neighbours"] if row["place"] == 0] == [log_id]


def test_show_without_a_model_says_that_there_is_no_verdict(story: Path) -> None:
    shown = _run(story, "show", "5")
    assert shown.exit_code == 0
    assert "none: not scored, run 'fame score'" in shown.stdout


def test_top_counts_by_template_and_by_service(story: Path) -> None:
    rows = json.loads(_run(story, "top", "--json", "--until", "2024-01-01T02:00").stdout)
    assert [(row["lines"], row["template"]) for row in rows] == [
        (120, "request finished with status <*> today"),
        (12, "cleaned the cache"),
    ]
    by_service = json.loads(_run(story, "top", "--by", "service", "--json").stdout)
    assert [(row["name"], row["lines"]) for row in by_service] == [
        *(("api", 240), ("cron", 24), ("db", 12))
    ]


@pytest.mark.parametrize("sides", [HOURS, ("--since", "2024-01-01T02:00")])
def test_diff_finds_what_is_new_between_two_periods(story: Path, sides: tuple[str, ...]) -> None:
    rows = json.loads(_run(story, "diff", *sides, "--json").stdout)
    assert [(row["change"], row["template"]) for row in rows] == [("new", FULL)]
    assert rows[0]["count_b"] == 12
    assert rows[0]["p_adjusted"] < 0.01


def test_diff_compares_services(story: Path) -> None:
    rows = json.loads(_run(story, "diff", "--by", "service", "api", "db", "--json").stdout)
    assert {(row["change"], row["template"]) for row in rows} == {
        ("new", FULL),
        ("gone", "request finished with status <*> today"),
    }


def test_diff_shows_the_rows_of_the_table_function(story: Path) -> None:
    rows = json.loads(_run(story, "diff", *HOURS, "--all", "--json").stdout)
    bounds = ", ".join(f"'{moment}'" for period in HOURS for moment in period.split(".."))
    with Warehouse.open(story, read_only=True) as warehouse:
        found = warehouse.records(f"FROM fame.diff_patterns({bounds})")
    names = ("template_id", "service_name", "change", "count_a", "percent_b", "p_adjusted")
    assert [[row[name] for name in names] for row in rows] == [
        [row[name] for name in names] for row in found
    ]


def test_diff_compares_releases(newborn: Path, tmp_path: Path) -> None:
    log, warehouse = tmp_path / "releases.jsonl", tmp_path / "releases.duckdb"
    lines = [
        {"body": body, "timestamp": "2024-01-01T00:00:00", "service.version": version}
        for version, bodies in {"1": ["began"] * 30, "2": ["began"] * 9 + ["broke"] * 21}.items()
        for body in bodies
    ]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert _run(warehouse, "ingest", str(log), "--format", "jsonl").exit_code == 0
    rows = json.loads(_run(warehouse, "diff", "--by", "release", "1", "2", "--json").stdout)
    assert [(row["template"], row["change"], row["count_b"]) for row in rows] == [
        ("broke", "new", 21),
        ("began", "fewer", 9),
    ]


def test_diff_compares_with_a_copy_and_with_another_warehouse(
    newborn: Path, tmp_path: Path
) -> None:
    now, copy, other = (tmp_path / f"{name}.duckdb" for name in ("now", "copy", "other"))
    log, more = tmp_path / "first.log", tmp_path / "more.log"
    log.write_text("began\n" * 30)
    more.write_text("began\n" * 9 + "broke\n" * 21)
    assert _run(now, "ingest", str(log), "--format", "text").exit_code == 0
    assert _run(now, "backup", str(copy)).exit_code == 0
    same = _run(now, "diff", "--against", str(copy))
    assert (same.exit_code, same.stdout.splitlines()[0]) == (0, "none of 1 templates differs")
    for path in (now, other):
        assert _run(path, "ingest", str(more), "--format", "text").exit_code == 0
    for side, count in ((copy, 30), (other, 39)):
        rows = json.loads(_run(now, "diff", "--against", str(side), "--json", "--all").stdout)
        found = {row["template"]: (row["count_a"], row["count_b"]) for row in rows}
        # Of two loads of one file at two times, neither is a copy of the other.
        expected = (30, 9) if side == copy else (9, count)
        assert found["began"] == expected, side
        assert found["broke"] == ((0, 21) if side == copy else (21, 21))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("diff", "--against", "x", "--since", "1h"), 2, "or --against FILE"),
        (("diff", "--against", "x", "--by", "host"), 2, "leave out A, B and --by"),
        (("diff", "--against", "x", "--from-snapshot", "1h"), 2, "or --from-snapshot TIME"),
        (("diff", "--since", "1h", "--to-snapshot", "1h"), 2, "needs --from-snapshot"),
        (("diff", "--against", "nowhere.duckdb"), 1, "there is no warehouse at nowhere.duckdb"),
        (("show", "99999"), 1, "there is no line 99999"),
        (("diff",), 2, "give two sides, A and B, or --since TIME"),
        (("diff", "yesterday", "today"), 2, "is no period"),
        (("diff", "--by", "service", "api", "nix"), 1, "there is no line of the service 'nix'"),
        (("diff", "--since", "2030-01-01"), 1, "there is no line since 2030-01-01T00:00"),
        (("diff", HOURS[0], "2024-01-01T03:00..2024-01-01T02:00"), 2, "ends before it begins"),
    ],
)
def test_mistakes_are_explained(
    story: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    found = _run(story, *words)
    assert found.exit_code == code
    assert message in found.output


def test_hostile_bytes_are_shown_as_escapes(newborn: Path, tmp_path: Path) -> None:
    log = tmp_path / "evil.log"
    log.write_bytes(b"2024-01-01T00:00:00Z \x1b]0;owned\x07 started\n" * 3)
    warehouse = tmp_path / "evil.duckdb"
    assert _run(warehouse, "ingest", str(log)).exit_code == 0
    for words in (("show", "0"), ("show", "1"), ("top",)):
        assert "\x1b" not in _run(warehouse, *words).output
