"""Incidents: what belongs together, whatever the order in which it comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scored_lines import START, Line, add_lines, empty, new_warehouse, score

from fame_sql.operations.incidents import Change, changes_after, update
from fame_sql.warehouse.warehouse import Warehouse

LATER = START + timedelta(days=1)
_SAME = """
SELECT service_name, domain, template, severity, first_seen, last_seen, lines, lines_to_read,
    worst_score, confidence, state
FROM fame.incidents ORDER BY ALL
"""
_MEMBERS = """
SELECT i.service_name, i.first_seen, e.canonical, c.lines, c.first_seen, c.last_seen, c.score
FROM fame.incident_events c
JOIN fame.stored_incidents i USING (incident_id) JOIN fame.events e USING (event_id) ORDER BY ALL
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with new_warehouse(tmp_path / "w.duckdb") as opened:
        yield opened


def after(seconds: float) -> object:
    return START + timedelta(seconds=seconds)


def told(changes: list[Change]) -> list[tuple[str, str, str, int]]:
    return [
        (c.transition, c.incident.state, c.incident.severity, c.incident.lines) for c in changes
    ]


lines = st.builds(
    Line,
    second=st.integers(0, 1500),
    text=st.sampled_from(["disk failed", "disk slow", "no route to host", "all is well"]),
    service=st.sampled_from(["cart", "pay", None]),
    severity=st.sampled_from([None, 9, 13, 17]),
).map(lambda line: Line(**{**vars(line), "score": 0.1 if "well" in line.text else 0.99}))


@pytest.fixture(scope="module")
def two_warehouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Warehouse]]:
    folder = tmp_path_factory.mktemp("two")
    with new_warehouse(folder / "one.duckdb") as one, new_warehouse(folder / "two.duckdb") as two:
        yield [one, two]


@pytest.mark.any_duckdb
@given(st.data(), st.lists(lines, min_size=1, max_size=25))
@settings(max_examples=15)
def test_incidents_do_not_depend_on_the_order_or_the_batches_of_lines(
    two_warehouses, data, given_lines
) -> None:
    one, two = two_warehouses
    empty(one)
    add_lines(one, given_lines)
    update(one, LATER)
    empty(two)
    shuffled = data.draw(st.permutations(given_lines))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    for first, stop in zip([0, *cuts], [*cuts, len(shuffled)], strict=True):
        add_lines(two, shuffled[first:stop])
        update(two, data.draw(st.sampled_from([START, START + timedelta(minutes=20)])))
    update(two, LATER)
    assert two.rows(_SAME) == one.rows(_SAME)
    assert two.rows(_MEMBERS) == one.rows(_MEMBERS)
    assert update(two, LATER) == []


def test_an_incident_opens_gets_worse_and_ends_when_it_has_been_quiet(warehouse) -> None:
    add_lines(warehouse, [Line(0, severity=13), Line(100, severity=13)])
    assert told(update(warehouse, after(120))) == [("opened", "open", "warning", 2)]
    assert update(warehouse, after(130)) == []

    add_lines(warehouse, [Line(200, severity=13)])
    assert update(warehouse, after(210)) == [], "it has grown a little"
    add_lines(warehouse, [Line(230, "disk lost", severity=17)])
    assert told(update(warehouse, after(240))) == [("worsened", "worsened", "error", 4)]

    assert update(warehouse, after(830)) == []
    [end] = update(warehouse, after(831))
    assert (end.transition, end.incident.state) == ("resolved", "resolved")
    assert end.incident.revision == 3
    assert [number for number, _ in changes_after(warehouse, 1)] == [2, 3]


def test_an_incident_says_what_where_and_since_when(warehouse) -> None:
    add_lines(
        warehouse, [Line(0, "disk <num> failed", body="disk 7 failed"), Line(1, "bad \x1b[0m")]
    )
    [change] = update(warehouse, after(2))
    found = change.incident
    said = "2 anomalous lines since 2026-05-04 10:00:00"
    assert found.summary == f"{found.templates[0]}: {said}"
    assert set(found.examples) == {"disk 7 failed", "bad \x1b[0m"}
    assert set(found.templates) == {"disk <*> failed", "bad <*>"}
    assert (found.lines_to_read, found.counts, found.known) == (2, 0, "")


def test_services_and_gaps_keep_incidents_apart(warehouse) -> None:
    apart = [Line(0), Line(120), Line(241), Line(0, service="pay"), Line(0, service=None)]
    add_lines(warehouse, apart)
    changes = update(warehouse, after(250))
    assert sorted((c.incident.service_name, c.incident.lines) for c in changes) == [
        ("", 1),
        ("cart", 1),
        ("cart", 2),
        ("pay", 1),
    ]


def test_the_fingerprint_is_the_same_for_another_host_time_and_value(warehouse) -> None:
    add_lines(warehouse, [Line(0, "disk <num> failed", body="disk 1 failed", host="a")])
    add_lines(warehouse, [Line(4000, "disk <num> failed", body="disk 2 failed", host="b")])
    add_lines(warehouse, [Line(4000, "disk <num> failed", service="pay")])
    [one, two, other] = [
        c.incident for c in update(warehouse, after(4001)) if c.transition == "opened"
    ]
    assert one.fingerprint == two.fingerprint != other.fingerprint
    assert two.known == "seen once before, last on 2026-05-04 10:00"


def test_incidents_of_one_fingerprint_end_together(warehouse) -> None:
    add_lines(warehouse, [Line(0), Line(420), Line(840)])
    assert [c.transition for c in update(warehouse, after(850))] == ["opened"] * 3
    assert update(warehouse, after(1400)) == []
    assert [c.transition for c in update(warehouse, after(1441))] == ["resolved"] * 3


def test_late_lines_correct_what_is_over_and_reopen_what_is_not(warehouse) -> None:
    add_lines(warehouse, [Line(600), Line(700)])
    update(warehouse, after(700))
    update(warehouse, after(2000))
    add_lines(warehouse, [Line(550 + n, severity=21) for n in range(3)])
    [change] = update(warehouse, after(2400))
    assert told([change]) == [("corrected", "resolved", "critical", 5)]
    assert change.incident.first_seen == after(550)
    [known] = {c.incident.fingerprint for _, c in changes_after(warehouse, 0)}
    assert known == change.incident.fingerprint

    add_lines(warehouse, [Line(s) for s in range(700, 2400, 100)])
    assert told(update(warehouse, after(2400))) == [("reopened", "open", "critical", 22)]


def test_a_late_line_joins_two_incidents_and_the_first_goes_on(warehouse) -> None:
    add_lines(warehouse, [Line(0), Line(200)])
    one, two = (c.incident.incident_id for c in update(warehouse, after(210)))
    add_lines(warehouse, [Line(100)])
    [change] = update(warehouse, after(220))
    assert (change.transition, change.incident.incident_id) == ("resolved", two)
    assert warehouse.rows("SELECT incident_id, lines, state FROM fame.incidents") == [
        (one, 3, "open")
    ]


def test_lines_count_once_their_event_has_a_verdict(warehouse) -> None:
    add_lines(warehouse, [Line(0, "strange", score=None), Line(1)])
    assert [c.incident.lines for c in update(warehouse, after(5))] == [1]
    add_lines(warehouse, [Line(2, "strange", score=None), Line(3, "calm", score=0.1)])
    assert update(warehouse, after(6)) == []
    score(warehouse, "strange", 0.9)
    update(warehouse, after(7))
    assert warehouse.rows("SELECT lines, lines_to_read FROM fame.incidents") == [(3, 2)]
    assert warehouse.rows("SELECT count(*) FROM fame.incident_waiting") == [(0,)]


def test_an_update_that_is_killed_between_two_steps_loses_nothing(warehouse, monkeypatch) -> None:
    from fame_sql.operations.incidents import gathering as module

    run, steps = module._run, ["new_lines", "gather", "apply", "tell", "resolve"]
    add_lines(warehouse, [Line(0), Line(1000)])
    for broken in steps:

        def stop(opened, step, *rest, broken=broken, **relations) -> None:
            run(opened, step, *rest, **relations)
            if step == broken:
                raise KeyboardInterrupt

        monkeypatch.setattr(module, "_run", stop)
        with pytest.raises(KeyboardInterrupt):
            update(warehouse, after(1000))
        assert warehouse.rows("SELECT count(*) FROM fame.stored_incidents") == [(0,)]
    monkeypatch.setattr(module, "_run", run)
    assert [c.transition for c in update(warehouse, after(1000))] == ["opened", "opened"]


def test_redacted_text_is_gone_from_incidents_and_their_changes(warehouse) -> None:
    from fame_sql.events.redaction import redact

    add_lines(warehouse, [Line(0, "the word is swordfish"), Line(1, "disk failed")])
    [change] = update(warehouse, after(5))
    assert "the word is swordfish" in change.incident.examples
    redact(warehouse, "swordfish")
    [(_, found)] = changes_after(warehouse, 0)
    assert found.incident.examples == ("disk failed",)
    name = found.incident.incident_id
    shown = warehouse.rows("SELECT body FROM fame.incident_lines(?)", [name])
    assert shown == [("the word is <redacted>",), ("disk failed",)]
    for table in ("incident_changes", "incident_events", "stored_incidents"):
        assert "swordfish" not in str(warehouse.rows(f"FROM fame.{table}"))
