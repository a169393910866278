"""No secret is printed, stored or sent, whatever fails."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

import pytest
from alert_scenarios import Play

from fame_sql.operations.alerts import preview
from fame_sql.operations.alerts.findings import alert_findings
from fame_sql.operations.alerts.listing import list_channels, list_deliveries
from fame_sql.operations.alerts.secrets import Secrets
from fame_sql.operations.alerts.stored_settings import load_settings

HIDDEN = "s3cr3t"
SETTINGS = """
proxy = "none"
[retry]
within = "1s"
[channels.ops]
kind = "slack"
url = "env:OPS"
timeout = "1s"
[channels.hook]
kind = "webhook"
url = "env:HOOK"
token = "env:TOKEN"
timeout = "1s"
[channels.pd]
kind = "pagerduty"
routing_key = "env:PD_KEY"
url = "env:PD"
timeout = "1s"
[channels.mail]
kind = "email"
server = "env:SMTP"
from = "fame@example.org"
to = ["night@example.org"]
"""


def _with_secrets(play: Play, place: str) -> None:
    play.environment |= {
        "OPS": f"{place}/ops/T/B/{HIDDEN}path",
        "HOOK": f"{place.replace('//', f'//me:{HIDDEN}pass@')}/hook?token={HIDDEN}%2Fquery",
        "TOKEN": f"{HIDDEN}token",
        "PD": f"{place}/pd/{HIDDEN}pd",
        "PD_KEY": f"{HIDDEN}{'0' * 26}",
        "SMTP": f"smtp://me:{HIDDEN}mail@127.0.0.1:9",
    }


@pytest.mark.any_duckdb
@pytest.mark.parametrize(
    "answer",
    [
        "refused",
        "blank",
        "tls",
        "proxy",
        "hang",
        "reset",
        (404, f"no such hook: /ops/T/B/{HIDDEN}path?token={HIDDEN}/query me:{HIDDEN}pass", {}),
        (400, f'{{"errors": ["routing_key {HIDDEN}{"0" * 26} is wrong"]}}', {}),
        (302, "", {"Location": f"/ops/{HIDDEN}path"}),
        (429, f"{HIDDEN}token", {"Retry-After": "5"}),
    ],
    ids=str,
)
def test_no_secret_is_stored_or_printed(
    play: Play, answer: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = "http://127.0.0.1:9" if answer == "refused" else play.servers.http
    place = place.replace("http:", "https:") if answer == "tls" else place
    _with_secrets(play, place)
    if answer == "blank":
        play.environment |= {n: f"{play.environment[n]} {HIDDEN}" for n in ("OPS", "HOOK", "PD")}
    settings = SETTINGS
    if answer == "proxy":
        play.environment["PROXY"] = f"http://me:{HIDDEN}proxy@127.0.0.1:9"
        settings = settings.replace('proxy = "none"', 'proxy = "env:PROXY"')
    for name in ("ops", "hook", "pd"):
        play.servers.answers[name] = deque([answer])
    play.set(settings)
    play.change("A", "opened", severity="critical")
    report = play.run()
    assert {delivery.channel for delivery in report.failed} == {"ops", "hook", "pd", "mail"}
    said = [delivery.reason for delivery in report.failed] + report.notes
    assert all(said)
    with play.opened() as warehouse:
        said += [text for _, text in preview(warehouse, play.source, environment=play.environment)]
        said += [json.dumps(list_channels(warehouse, load_settings(warehouse), play.environment))]
        said += [str(list_deliveries(warehouse, every=True))]
        said += [str(found) for found in alert_findings(warehouse, play.environment)]
        tables = "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'alert%'"
        said += [str(warehouse.rows(f"FROM fame.{name}")) for (name,) in warehouse.rows(tables)]
    said += [(tmp_path / ".alerts.duckdb.alerts").read_text(), caplog.text]
    assert HIDDEN not in "\n".join(said)


def test_an_error_that_nobody_expected_shows_no_secret(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(f"http://127.0.0.1/{HIDDEN}")

    _with_secrets(play, play.servers.http)
    monkeypatch.setattr("fame_sql.operations.alerts.channels.slack.Slack.body", broken)
    play.set(SETTINGS)
    play.change("A", "opened")
    report = play.run()
    reasons = {delivery.channel: delivery.reason for delivery in report.failed}
    assert reasons["ops"] == "RuntimeError in the channel ops"
    assert len(play.servers.received["hook"]) == 1


@pytest.mark.any_duckdb
def test_parts_of_an_address_are_hidden_in_every_spelling() -> None:
    secrets = Secrets({"U": "https://me:pa%2Fss@example.org/services/T0/abcdefgh1?k=va%20lue"})
    secrets.value("env:U", "test")
    text = "pa/ss pa%2Fss /services/T0/abcdefgh1 abcdefgh1 va lue va%20lue va+lue"
    assert set(secrets.hidden(text).split()) == {"***"}
