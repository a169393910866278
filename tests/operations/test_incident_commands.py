"""The inbox and feedback on the command line, and the incidents of counts, with hostile text."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from scored_lines import START, Line, add_lines, new_warehouse

from fame_sql.cli import main
from fame_sql.operations.incidents import update
from fame_sql.warehouse import settings
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

HOSTILE = "\x1b[2J' OR 1=1; --"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one incident of a bad host, and many calm lines."""
    place = tmp_path_factory.mktemp("inbox") / "w.duckdb"
    calm = [Line(n, "all is well", host=f"h{n % 9}", severity=9, score=0.1) for n in range(180)]
    bad = [
        Line(200 + n, "disk <num> failed", host=HOSTILE, body=f"disk {HOSTILE} failed")
        for n in range(20)
    ]
    with new_warehouse(place) as warehouse:
        add_lines(warehouse, [*calm, *bad, Line(230, "all is well", severity=9)])
        update(warehouse, START + timedelta(seconds=240))
    return place


def fame(path: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--warehouse", str(path)])


def test_the_inbox_lists_and_shows_incidents_with_text_that_is_safe(path: Path) -> None:
    listed = fame(path, "incidents")
    assert listed.exit_code == 0, listed.output
    assert "disk <*> failed" in listed.stdout
    [row] = json.loads(fame(path, "incidents", "--json").stdout)
    assert (row["lines"], row["severity"], row["severity_percentile"]) == (20, "error", 100)
    assert fame(path, "incidents", "--csv").stdout.startswith("incident_id,state,severity,")
    assert fame(path, "incidents", "--since", "2026-05-05").stdout.startswith(
        "no incident is open\nnext: fame "
    )

    shown = fame(path, "incidents", "show", row["incident_id"][:5], "--lines", "2")
    assert shown.exit_code == 0, shown.output
    assert "\x1b" not in shown.stdout + listed.stdout
    assert "18 more: fame.incident_lines('" in shown.stdout
    found = json.loads(fame(path, "incidents", "show", row["incident_id"], "--json").stdout)
    assert [len(found[n]) for n in ("before", "lines", "after")] == [3, 20, 1]


def test_what_concentrates_an_incident_is_found_with_its_probability(path: Path) -> None:
    with Warehouse.open(path, read_only=True) as warehouse:
        name = warehouse.value("SELECT incident_id FROM fame.incidents")
        found = warehouse.records("FROM fame.influencers(?)", [name])
    [host] = [row for row in found if row["field"] == "host"]
    assert (host["value"], host["inside_lines"], host["outside_lines"]) == (HOSTILE, 20, 0)
    assert (host["share_inside"], host["share_outside"]) == (1, 0)
    from scipy.stats import hypergeom

    exact = hypergeom(201, 20, 20).sf(19)
    assert exact * 0.99 < host["p_value"] < exact * 20


def test_feedback_on_the_command_line(path: Path) -> None:
    [row] = json.loads(fame(path, "incidents", "--json").stdout)
    name = row["incident_id"]
    assert fame(path, "dismiss", name).exit_code == 2
    refused = fame(path, "dismiss", name, "--reason", "x", "--expires", "2020-01-01")
    assert (refused.exit_code, "is not in the future" in refused.output) == (1, True)
    done = fame(path, "dismiss", "--where", "lines > 5", "--reason", "noise", "--expires", "1d")
    assert done.stdout.startswith(f"incident {name}: dismissed until ")
    assert fame(path, "incidents").stdout.startswith("no incident is open\nnext: fame ")
    assert "1 more that are over or dismissed" in fame(path, "incidents").stderr
    [said] = json.loads(fame(path, "feedback", "list", "--json").stdout)
    assert (said["says"], said["reason"], said["hid"]) == ("dismissed", "noise", 1)
    assert fame(path, "dismiss", name, "--undo").exit_code == 0
    assert fame(path, "feedback", "list").stdout.startswith("no feedback is in force\nnext: ")
    both = fame(path, "confirm", name, "1", "--reason", "true")
    assert both.stdout.endswith("line 1: confirmed\n2 of 2 confirmed\n")
    assert fame(path, "confirm", "nonsense", "--reason", "x").exit_code == 1


def _count(warehouse: Warehouse, service: str, minute: int, kind: str) -> None:
    begin = START + timedelta(minutes=minute)
    warehouse.connection.execute(
        "INSERT INTO fame.found_counts VALUES (?, 't', 'a <*>', ?, ?, ?, 0, 9, 1, 9, 1, 30, 1e-6, "
        "1e-4, ?)",
        [service, kind, begin, begin + timedelta(minutes=2), begin],
    )


def test_counts_join_lines_and_late_lines_take_a_silence_back(tmp_path: Path) -> None:
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        _count(warehouse, "cart", 0, "burst")
        add_lines(warehouse, [Line(180), Line(180, service="pay")])
        _count(warehouse, "shop", 0, "silence")
        found = {c.incident.service_name: c for c in update(warehouse, START)}
        joined = found["cart"].incident
        assert (joined.lines, joined.counts, joined.first_seen) == (1, 1, START)
        assert found["shop"].incident.severity == "warning"
        assert found["shop"].incident.summary == (
            "a <*>: silence (0 lines, 9 expected) since 2026-05-04 10:00:00"
        )

        calm = Line(30, "all is well", service="shop", severity=9, score=0.1)
        add_lines(warehouse, [calm])
        assert update(warehouse, START) == [], "the window is still significant"
        warehouse.connection.execute("DELETE FROM fame.found_counts WHERE service_name = 'shop'")
        add_lines(warehouse, [calm])
        changes = update(warehouse, START)
        assert [(c.transition, c.incident.state, c.incident.counts) for c in changes] == [
            ("corrected", "open", 0),
            ("resolved", "resolved", 0),
        ]
        assert "no anomaly any more" in changes[0].incident.summary


def test_what_a_count_of_all_lines_finds_is_known_by_its_moment(tmp_path: Path) -> None:
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        _count(warehouse, "cart", 0, "burst")
        settings.write(warehouse.connection, settings.COUNTS_RECOUNTED, "true")
        [change] = update(warehouse, START)
        known = settings.read(warehouse.connection, settings.INCIDENTS_RECOUNTED)
        assert known == change.at.isoformat()


def test_attributes_and_words_concentrate_an_incident_of_counts(tmp_path: Path) -> None:
    calm = [Line(n, "order <num> stored", score=0.1, severity=9) for n in range(100)]
    many = [
        Line(200 + n, "queue <num> full", body=f"queue {word} full", score=0.1, severity=9)
        for n, word in enumerate(["blue"] * 18 + ["red", "green"])
    ]
    with new_warehouse(tmp_path / "w.duckdb") as warehouse:
        add_lines(warehouse, [*calm, *many])
        for statement in (
            "UPDATE fame.events SET template_id = 't' WHERE canonical LIKE 'queue%'",
            """UPDATE fame.logs SET attributes =
            json_object('zone', if(body LIKE 'queue%', 'b', 'a'), 'always', 7)""",
        ):
            warehouse.connection.execute(statement)
        _count(warehouse, "cart", 3, "burst")
        [change] = update(warehouse, START)
        assert (change.incident.lines, change.incident.counts) == (0, 1)
        rows = warehouse.rows(
            "SELECT field, value, inside_lines, outside_lines FROM fame.influencers(?)",
            [change.incident.incident_id],
        )
    assert rows == [("attribute zone", "b", 20, 0), ("message", "blue", 18, 0)]
