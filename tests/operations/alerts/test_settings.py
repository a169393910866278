"""Settings of alerts: what is refused when they are set, and what their author is told."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
from alert_scenarios import Play, an_incident

from fame_sql.errors import InputError, MissingStageError
from fame_sql.operations.alerts import read_settings
from fame_sql.operations.alerts.listing import occurrences
from fame_sql.operations.alerts.stored_settings import load_settings, store_settings
from fame_sql.warehouse.warehouse import Warehouse

OPS = "\n[channels.ops]\nkind = 'slack'\nurl = 'env:OPS'\n"
CASES = tomllib.loads(Path(__file__).with_name("settings_refused.toml").read_text())["refused"]


def _with_ops(settings: str) -> str:
    """Return settings with a channel after what stands at the top."""
    top, *tables = re.split(r"^(?=\[)", settings, flags=re.MULTILINE)
    return "".join([top, OPS, *tables])


@pytest.mark.any_duckdb
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"][:50])
def test_what_could_fail_at_night_is_refused_when_it_is_set(case: dict[str, str]) -> None:
    text = case["settings"] if case.get("alone") else _with_ops(case["settings"])
    with pytest.raises(InputError) as refused:
        read_settings(text)
    assert case["says"] in str(refused.value)


@pytest.mark.any_duckdb
@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ("suppress = '3650d'", "suppress is above 30 days"),
        ("[delivery_alert]\nvia = ['ops']", "ops cannot report that it fails itself"),
        ("[[routes]]\nchannels = []", "no route leads to ops"),
        ("[channels.log]\nkind = 'file'\npath = 'a.jsonl'", "write the whole path"),
        ("[[maintenance]]\nname = 'n'\nfrom = '22:00'\nto = '23:59'", "the last minute"),
        ("[[maintenance]]\nname = 'n'\nweekdays = 'sunday'", "it holds for whole days"),
        ("[[maintenance]]\nname = 'n'\nfrom = '10:00'\nto = '12:00'", "it holds on every day"),
    ],
)
def test_what_is_allowed_but_surprising_is_said(settings: str, note: str) -> None:
    assert any(note in said for said in read_settings(_with_ops(settings)).notes)


def test_a_route_for_a_service_that_the_warehouse_does_not_have_is_refused(
    play: Play,
) -> None:
    settings = _with_ops("[[routes]]\nservice = 'paymnets'\nchannels = 'ops'")
    with play.opened() as warehouse:
        with pytest.raises(MissingStageError, match="fame alert set"):
            load_settings(warehouse)
        with pytest.raises(InputError, match=r"route 1 matches nothing.*--force"):
            store_settings(warehouse, settings, "me", play.clock.now())
        store_settings(warehouse, settings, "me", play.clock.now(), force=True)
        assert load_settings(warehouse).routes[0].services == {"paymnets"}


@pytest.mark.any_duckdb
def test_all_routes_are_asked_until_one_is_the_last() -> None:
    settings = read_settings(
        OPS
        + """
        [channels.log]
        kind = "file"
        path = "a.jsonl"
        [[routes]]
        service = "noise"
        channels = []
        [[routes]]
        severity = "error"
        channels = ["ops"]
        [[routes]]
        channels = ["log"]
        """
    )

    def way(service: str, severity: str) -> list[str]:
        at = datetime(2027, 1, 1)
        incident = an_incident("A", at, service_name=service, severity=severity)
        return sorted(settings.routed(incident, incident.severity))

    assert way("web", "critical") == ["log", "ops"]
    assert way("web", "info") == ["log"]
    assert way("noise", "critical") == []


def test_the_same_settings_set_again_are_not_stored_again(empty: Warehouse, play: Play) -> None:
    for _ in range(2):
        store_settings(empty, OPS, "me", play.clock.now())
    assert empty.value("SELECT count(*) FROM fame.alert_settings") == 1


EVERYTHING = """
suppress = "30m"
remind = "4h"
group_by = ["service"]
source = "plant"
proxy = "http://127.0.0.1:1"
limit = {messages = 10, per = "10m"}
retry = {first = "2s", factor = 2, longest = "15m", within = "30s"}
heartbeat = {url = "http://127.0.0.1/", every = "5m", quiet = "30m", channels = ["ops"]}
delivery_alert = {via = ["ops"], after = 3, repeat = "6h"}

[channels.ops]
kind = "slack"
url = "env:OPS"
template = "{summary}"
match = 'service="a"'
severity = "error"
notify_end = true
timeout = "5s"
[channels.mail]
kind = "email"
server = "smtp://h"
from = "a@b.c"
to = ["a@b.c"]
password = "env:P"
tls = "none"
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1/"
max_bytes = 100000

[[routes]]
severity = "error"
service = "x"
domain = ["y"]
match = 'service="a"'
channels = ["ops"]
after = "15m"
last = false

[[maintenance]]
name = "backup"
from = "02:00"
to = "02:30"
zone = "Europe/Berlin"
weekdays = ["monday"]
match = 'service=~"db|queue"'
except = "critical"
[[maintenance]]
name = "once"
start = "2026-03-01"
for = "5h"
"""
WRONG = (
    *("7", "-1", "nan", "inf", "true", '""', '" "', '"\\u0000"', "[]", "[[]]", "[{}]", "{}"),
    *("{a = 1}", "2026-01-01", "02:30:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00"),
    *(
        '"999999w"',
        '"env:"',
        '"http://h:99999/"',
        '"{"',
        '"("',
        "'service=~\"(\"'",
        '"/"',
        '"25:00"',
    ),
)


def _places(given: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = given.items() if isinstance(given, dict) else enumerate(given)
    for key, value in items:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*at, key))


def _outcome() -> tuple[list[dict[str, Any]], str | None]:
    """Return the windows that end before they begin, and why the settings are refused."""
    try:
        found = occurrences(read_settings(""), datetime(2027, 3, 2))
        return [window for window in found if window["from"] >= window["to"]], None
    except InputError as error:
        return [], str(error)


@pytest.mark.any_duckdb
@pytest.mark.parametrize("wrong", WRONG)
def test_a_value_of_any_kind_in_any_place_is_taken_or_refused_in_words(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = tomllib.loads(EVERYTHING)
    value = tomllib.loads(f"x = {wrong}")["x"]
    for place in _places(everything):
        given = deepcopy(everything)
        holder = reduce(getitem, place[:-1], given)
        holder[place[-1]] = value
        monkeypatch.setattr(
            "fame_sql.operations.alerts.reading.tomllib.loads", lambda _, g=given: g
        )
        wrong_windows, refusal = _outcome()
        assert wrong_windows == [], place
        assert refusal is None or len(refusal.split()) > 3, place
