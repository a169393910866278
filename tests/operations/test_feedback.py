"""Confirm and dismiss: what they silence, how long, what speaks against them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from scored_lines import START, Line, add_lines, new_warehouse

from fame_sql.errors import InputError
from fame_sql.operations.feedback import (
    Named,
    Said,
    find,
    find_incident,
    find_template,
    find_where,
    give,
    list_feedback,
    withdraw,
)
from fame_sql.operations.incidents import Change, update
from fame_sql.warehouse.warehouse import Warehouse

KNOWN = Said(False, "ann", "known and harmless")
TRUE = Said(True, "bob", "it broke the shop")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with new_warehouse(tmp_path / "w.duckdb") as opened:
        yield opened


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def at(minutes: float, text: str = "disk failed", **facts: object) -> Line:
    return Line(60 * minutes, text, **facts)  # type: ignore[arg-type]


def incident_of(warehouse: Warehouse, line: Line, minutes: float) -> Change:
    add_lines(warehouse, [line])
    return next(c for c in update(warehouse, after(minutes)) if c.transition == "opened")


@pytest.mark.any_duckdb
def test_a_dismissed_incident_is_silenced_for_its_time_and_says_so(warehouse) -> None:
    """As the scenario 50 of the alerts has it: A ends, B comes back, C is worse, D goes on."""
    services = ["a", "b", "c", "d"]
    add_lines(warehouse, [at(0, service=name, severity=13) for name in services])
    opened = update(warehouse, after(0))
    assert [c.incident.severity for c in opened] == ["warning"] * 4
    until = after(120)
    said = Said(False, "ann", "known", expires_at=until)
    give(warehouse, [Named(incident_id=c.incident.incident_id) for c in opened], said, after(5))
    add_lines(warehouse, [at(m, service="d", severity=13) for m in range(1, 60)])
    quiet = [(c.transition, c.incident.silenced) for c in update(warehouse, after(59))]
    assert sorted(quiet) == [("resolved", True)] * 3 + [("worsened", True)]

    quiet = incident_of(warehouse, at(60, service="b", severity=13), 60).incident
    assert quiet.silenced
    assert quiet.known == (
        "seen once before, last on 2026-05-04 10:00; "
        "dismissed on 2026-05-04 by ann until 2026-05-04 12:00 because known"
    )
    add_lines(warehouse, [at(m, service="d", severity=13) for m in range(60, 80)])
    worse = incident_of(warehouse, at(80, service="c", severity=21), 80).incident
    assert not worse.silenced
    assert "in part, or when less bad, dismissed on 2026-05-04 by ann" in worse.known

    add_lines(warehouse, [at(m, service="d", severity=13) for m in range(80, 120)])
    assert not any(c.transition == "reopened" for c in update(warehouse, after(119.9)))
    [on] = [c for c in update(warehouse, until) if c.transition == "reopened"]
    assert (on.incident.service_name, on.incident.silenced) == ("d", False)
    assert "had been dismissed on 2026-05-04 by ann until 2026-05-04 12:00" in on.incident.known
    assert not incident_of(warehouse, at(120.5, service="b", severity=13), 120.6).incident.silenced
    [row] = list_feedback(warehouse, after(121))[-1:]
    notes = [n for r in list_feedback(warehouse, after(121)) for n in r["notes"]]
    assert row["state"] == "ended"
    assert notes == [f"ended while incident {on.incident.incident_id} goes on"]


@pytest.mark.parametrize(
    ("named", "silenced"),
    [
        ("incident", {"cart disk failed"}),
        ("line", {"cart disk failed", "pay disk failed"}),
        ("template", {"cart disk failed", "pay disk failed"}),
    ],
)
def test_a_dismissal_silences_exactly_what_it_names(warehouse, named: str, silenced: set) -> None:
    incident = incident_of(warehouse, at(0), 0).incident
    template = warehouse.value("SELECT template_id FROM fame.incident_events")
    things = {
        "incident": lambda: find(warehouse, incident.incident_id[:6]),
        "line": lambda: find(warehouse, "1"),
        "template": lambda: find_template(warehouse, template),
    }
    give(warehouse, [things[named]()], KNOWN, after(1))
    update(warehouse, after(20))
    later = [at(30), at(30, service="pay"), at(40, "disk lost"), at(50), at(50, "disk lost")]
    add_lines(warehouse, later)
    update(warehouse, after(51))
    found = warehouse.rows(
        "SELECT service_name || ' ' || template FROM fame.incidents "
        "WHERE silenced AND first_seen > TIMESTAMP '2026-05-04 10:01:00'"
    )
    assert {row[0] for row in found} <= silenced
    quiet = [c.incident for _, c in _all(warehouse) if c.incident.silenced]
    assert {f"{i.service_name} {t}" for i in quiet for t in i.templates} == silenced
    assert all(len(i.templates) == 1 for i in quiet), "one with another template is told"


def _all(warehouse: Warehouse) -> list[tuple[int, Change]]:
    from fame_sql.operations.incidents import changes_after

    return changes_after(warehouse, 1)


@pytest.mark.any_duckdb
def test_a_confirmation_wins_over_an_earlier_dismissal_and_both_are_reported(warehouse) -> None:
    incident = incident_of(warehouse, at(0), 0).incident
    named = [Named(incident_id=incident.incident_id)]
    give(warehouse, named, KNOWN, after(1))
    assert update(warehouse, after(2)) == []
    assert warehouse.rows("SELECT silenced FROM fame.stored_incidents") == [(True,)]
    give(warehouse, named, TRUE, after(3))
    [change] = update(warehouse, after(4))
    assert (change.transition, change.incident.silenced) == ("reopened", False)
    newest, oldest = list_feedback(warehouse, after(5))
    assert newest["notes"] == ["contradicted by ann on 2026-05-04: known and harmless"]
    assert oldest["notes"] == [
        f"hid incident {incident.incident_id}, which was confirmed later",
        "contradicted by bob on 2026-05-04: it broke the shop",
    ]
    assert (oldest["says"], oldest["state"], oldest["hid"]) == ("dismissed", "in force", 1)


@pytest.mark.any_duckdb
def test_what_was_said_is_taken_back_with_its_labels(warehouse) -> None:
    incident = incident_of(warehouse, at(0), 0).incident
    named = [Named(incident_id=incident.incident_id)]
    labels = "SELECT is_anomaly, source, author, evidence FROM fame.labels"
    give(warehouse, named, KNOWN, after(1))
    assert warehouse.rows(labels) == [(False, "human", "ann", "known and harmless")]
    with pytest.raises(InputError, match="has not been confirmed"):
        withdraw(warehouse, named, True, "ann", after(2))
    withdraw(warehouse, named, False, "cy", after(2))
    assert warehouse.rows(labels) == []
    [row] = list_feedback(warehouse, after(3))
    assert (row["state"], row["hid"]) == ("withdrawn", 1)
    assert warehouse.rows("SELECT withdrawn_by FROM fame.feedback") == [("cy",)]


def test_feedback_by_sql_works_and_without_a_reason_it_does_not(warehouse) -> None:
    incident = incident_of(warehouse, at(0), 0).incident
    statement = (
        "INSERT INTO fame.feedback (incident_id, is_anomaly, author, comment, created_at) "
        "VALUES (?, false, 'sql', ?, ?)"
    )
    warehouse.connection.execute(statement, [incident.incident_id, None, after(1)])
    update(warehouse, after(2))
    assert warehouse.rows("SELECT silenced FROM fame.stored_incidents") == [(False,)]
    warehouse.connection.execute(statement, [incident.incident_id, "planned work", after(3)])
    update(warehouse, after(4))
    assert warehouse.rows("SELECT silenced FROM fame.stored_incidents") == [(True,)]
    good, bad = list_feedback(warehouse, after(5))
    assert good["until"] == after(3) + timedelta(days=14), "never for ever by default"
    assert bad["notes"] == ["has no effect: an author and a reason are needed"]
    assert bad["state"] == "incomplete"


BAD_ROWS = {
    "incident_id = 'inosuch'": "has no effect: there is no incident inosuch with anomalies",
    "log_id = 99": "has no effect: there is no line 99",
    "log_id = 1, incident_id = '{incident}'": "has no effect: it names several things",
    "template_id = 't', incident_id = '{incident}'": "has no effect: it names several things",
    "template_id = 'nosuch'": "has no effect yet: there is no template nosuch",
    "score = 1": "has no effect: it names no incident_id, log_id or template_id",
    "log_id = 1, author = ' '": "has no effect: an author and a reason are needed",
    "log_id = 1, expires_at = '2020-01-01'": "has no effect: it ends before it was said",
    "log_id = 1, created_at = '2040-01-01'": "has no effect yet: created_at is in the future",
}


def test_each_row_by_sql_that_has_no_effect_says_why(warehouse) -> None:
    incident = incident_of(warehouse, at(0), 0).incident.incident_id
    insert = (
        "INSERT INTO fame.feedback (is_anomaly, author, comment, created_at) "
        "VALUES (false, 'sql', ?, ?)"
    )
    for number, given in enumerate(BAD_ROWS):
        warehouse.connection.execute(insert, [given, after(1 + number)])
        change = f"UPDATE fame.feedback SET {given.format(incident=incident)} WHERE comment = ?"
        warehouse.connection.execute(change, [given])
    insert = insert.replace("(is_", "(incident_id, is_").replace("(false", f"('{incident}', false")
    warehouse.connection.execute(insert, ["good", after(30)])
    notes = {row["reason"]: row["notes"] for row in list_feedback(warehouse, after(31))}
    assert notes.pop("good") == ["has an effect from the next 'fame incidents update' on"]
    update(warehouse, after(31))
    notes = {row["reason"]: row["notes"] for row in list_feedback(warehouse, after(32))}
    assert notes.pop("good") == []
    for given, said in BAD_ROWS.items():
        assert notes[given][0].startswith(said), given


@pytest.mark.any_duckdb
@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (Said(False, "", "why"), "the author is empty"),
        (Said(False, "ann", "  "), "the reason is empty"),
        (Said(False, "ann", "why", START), "is not in the future"),
        (Said(False, "ann", "why", after(60), for_ever=True), "contradict each other"),
    ],
)
def test_what_is_missing_or_over_is_refused(warehouse, said: Said, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        give(warehouse, [Named(template_id="t")], said, after(1))
    assert warehouse.rows("SELECT count(*) FROM fame.feedback") == [(0,)]


def test_incidents_are_named_by_a_condition_that_can_change_nothing(warehouse) -> None:
    hostile = at(0, service="x'); DROP TABLE fame.logs; --")
    add_lines(warehouse, [at(0), at(0, service="pay"), hostile])
    update(warehouse, after(0))
    assert len(find_where(warehouse, "service_name = 'pay' OR lines > 5")) == 1
    for condition in (
        "true; DROP TABLE fame.logs",
        "true) UNION SELECT 'x' --",
        "DELETE FROM fame.logs",
        "no_column = 1",
        "",
    ):
        with pytest.raises(InputError, match="is no condition on the columns"):
            find_where(warehouse, condition)
    with pytest.raises(InputError, match="holds for no incident"):
        find_where(warehouse, "lines > 5")
    assert warehouse.value("SELECT count(*) FROM fame.logs") == 3


@pytest.mark.any_duckdb
@pytest.mark.parametrize("name", ["i%", "", "i'; --", "999", "99999999999999999999", "x"])
def test_what_does_not_exist_is_named(warehouse, name: str) -> None:
    incident_of(warehouse, at(0), 0)
    with pytest.raises(InputError, match=r"there is no incident|no line has"):
        find(warehouse, name)
    with pytest.raises(InputError, match="there is no template"):
        find_template(warehouse, name)


@pytest.mark.any_duckdb
def test_an_incident_that_became_part_of_another_stands_for_that(warehouse) -> None:
    add_lines(warehouse, [at(0), at(3)])
    one, two = (c.incident.incident_id for c in update(warehouse, after(3)))
    add_lines(warehouse, [at(1.5)])
    update(warehouse, after(3))
    assert find_incident(warehouse, two) == one
