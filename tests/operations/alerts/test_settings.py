"""Settings of alerts: what is refused when they are set, and what their author is told."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from pathlib import Path

import pytest
from alert_scenarios import Play, an_incident

from fame_sql.errors import InputError, MissingStageError
from fame_sql.operations.alerts import read_settings
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
