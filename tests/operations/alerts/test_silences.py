"""Silences: what they cover, and which are refused."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from alert_scenarios import Play, an_incident

from fame_sql.errors import InputError
from fame_sql.operations.alerts.matching import check_narrow, read_match
from fame_sql.operations.alerts.silences import (
    add_silence,
    covered_by,
    end_silence,
    list_silences,
)

pytestmark = pytest.mark.any_duckdb

SETTINGS = "[channels.ops]\nkind = 'slack'\nurl = 'env:OPS'"


@pytest.fixture
def with_incidents(play: Play) -> Play:
    play.set(SETTINGS)
    play.change("A", "opened", service_name="web", severity="critical")
    play.change("B", "opened", service_name="", domain="disk")
    play.change("C", "opened", service_name="db", templates=("one <*>", "two"))
    play.run()
    return play


@pytest.mark.parametrize(
    ("match", "covered"),
    [
        ('service="web"', "A"),
        ('service=~"web"', "A"),
        ('service=~"we"', ""),
        ('service=~"w.*|db"', "AC"),
        ('domain="disk",service=""', "B"),
        ('severity!="critical",service!=""', "C"),
        ('nosuch!~"x",service="db"', "C"),
        ('template="two"', "C"),
        ('fingerprint="f-B"', "B"),
    ],
)
def test_a_match_covers_what_it_names(with_incidents: Play, match: str, covered: str) -> None:
    with with_incidents.opened() as warehouse:
        found = covered_by(warehouse, match, with_incidents.clock.now())
    assert "".join(followed.incident.incident_id for followed in found) == covered


@pytest.mark.parametrize(
    "match",
    ["", 'service=~".*"', 'nosuch!="x"', 'service!~"a.+"', 'service=~"web|"', 'service=""', "web"],
)
def test_a_match_that_would_hide_anything_is_refused(with_incidents: Play, match: str) -> None:
    with with_incidents.opened() as warehouse, pytest.raises(InputError):
        covered_by(warehouse, match, with_incidents.clock.now())


def test_a_silence_of_all_that_is_open_must_be_asked_for(with_incidents: Play) -> None:
    now = with_incidents.clock.now()
    given = ('fingerprint=~"f-.+"', now + timedelta(hours=1), "ann", "test", now)
    with with_incidents.opened() as warehouse:
        with pytest.raises(InputError, match="--all"):
            add_silence(warehouse, *given)
        add_silence(warehouse, *given, every=True)


@pytest.mark.parametrize(
    ("hours", "author", "reason", "says"),
    [
        (-1, "ann", "x", "is past"),
        (24 * 365, "ann", "x", "within 90 days"),
        (1, "", "x", "an author and a reason"),
        (1, "ann", " ", "an author and a reason"),
    ],
)
def test_a_silence_has_an_end_an_author_and_a_reason(
    play: Play, hours: int, author: str, reason: str, says: str
) -> None:
    now = play.clock.now()
    with play.opened() as warehouse, pytest.raises(InputError, match=says):
        add_silence(warehouse, 'service="a"', now + timedelta(hours=hours), author, reason, now)


def test_a_silence_that_is_ended_stays_with_its_reason(with_incidents: Play) -> None:
    play = with_incidents
    now = play.clock.now()
    with play.opened() as warehouse:
        silence_id = add_silence(
            warehouse, 'service="web"', now + timedelta(hours=2), "ann", "rebuild", now
        )
        assert [row["reason"] for row in list_silences(warehouse, now)] == ["rebuild"]
        end_silence(warehouse, silence_id, now)
        assert list_silences(warehouse, now) == []
        with pytest.raises(InputError, match="fame alert silences"):
            end_silence(warehouse, silence_id, now)
        assert warehouse.value("SELECT author FROM fame.alert_silences") == "ann"


def test_a_pattern_takes_linear_time() -> None:
    match = read_match('service=~"(a+)+x"', "test")
    check_narrow(match, "test")
    incident = an_incident("A", datetime(2027, 1, 1), service_name="a" * 50_000)
    begun = time.process_time()
    assert not match.covers(incident)
    assert time.process_time() - begun < 2
