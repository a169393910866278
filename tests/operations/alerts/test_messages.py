"""What each channel makes of text that is hostile, empty or too long."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from datetime import datetime
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from alert_scenarios import KEY, an_incident
from alert_servers import receivers
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.operations.alerts.channels import Surroundings, kinds, open_channel
from fame_sql.operations.alerts.channels.channel import encoded
from fame_sql.operations.alerts.channels.email import Email
from fame_sql.operations.alerts.channels.slack import MOST_BLOCKS, Slack
from fame_sql.operations.alerts.http import Answer
from fame_sql.operations.alerts.notice import Item, Notice, from_json, to_json
from fame_sql.operations.alerts.preview import WithoutSecrets
from fame_sql.operations.alerts.reading import read_settings, read_settings_in_force
from fame_sql.operations.alerts.secrets import Secrets
from fame_sql.operations.alerts.templates import fault, fill
from fame_sql.operations.incidents import Incident

pytestmark = pytest.mark.any_duckdb

AT = datetime(2027, 3, 2, 8)
HOSTILE = [
    "login of <!everyone> failed",
    "see <https://bad.example.org|the runbook> & <@U1>",
    "```end of fence``` <#C1>",
    "<script>alert(1)</script><img src=x onerror=y>",
    "\x1b[31mred\x1b[0m \x00\u202eabc\r\nBcc: all@example.org",
]
SETTINGS = """
source = "plant"
[channels.slack]
kind = "slack"
url = "env:URL"
[channels.pagerduty]
kind = "pagerduty"
routing_key = "env:KEY"
[channels.alertmanager]
kind = "alertmanager"
url = "env:URL"
[channels.webhook]
kind = "webhook"
url = "env:URL"
max_bytes = 20000
[channels.file]
kind = "file"
path = "a.jsonl"
[channels.email]
kind = "email"
server = "smtp://127.0.0.1"
from = "fame@example.org"
to = ["night@example.org"]
"""


def channel(kind: str) -> Any:
    settings = read_settings(SETTINGS).channels[kind]
    environment = {"URL": "http://127.0.0.1/", "KEY": KEY}
    return open_channel(settings, Surroundings(Secrets(environment), lambda: AT, "plant"))


def notice(*incidents: Incident, what: Any = "opened", was: str = "") -> Notice:
    items = tuple(Item(each, what, 1, each.severity, was, AT) for each in incidents)
    return Notice("d" * 32, "x", incidents[0].fingerprint, items, "", AT)


def test_text_of_the_log_mentions_nobody_in_slack() -> None:
    slack: Slack = channel("slack")
    body = slack.body(notice(an_incident("A", AT, summary=HOSTILE[0], examples=tuple(HOSTILE))))
    texts = [body["text"], *(block["text"]["text"] for block in body["blocks"])]
    for text in texts:
        assert "<" not in text
        assert "```" not in text
        assert "\x1b" not in text
    assert "&lt;!everyone&gt;" in texts[0]
    assert "&amp; &lt;@U1&gt;" in texts[-1]


def test_slack_gets_what_fits_and_the_worst_first() -> None:
    many = [an_incident(f"B{n}", AT, severity="info", examples=("e" * 3000,)) for n in range(80)]
    worst = an_incident("A", AT, severity="critical", summary="s" * 5000)
    body = channel("slack").body(notice(worst, *many))
    texts = [block["text"]["text"] for block in body["blocks"]]
    assert len(texts) <= MOST_BLOCKS
    assert max(map(len, texts)) <= 3000
    assert sum(map(len, texts)) < 13_000
    assert "critical" in texts[1]
    assert "more incidents" in texts[-1]


@pytest.mark.parametrize("text", ["&", "<", "a&", "\U0001f525"])
def test_slack_gets_no_text_that_is_too_long_or_ends_in_half_an_escape(text: str) -> None:
    incident = an_incident("A", AT, summary=text * 3000, examples=(text * 3000,) * 3)
    titled = replace(notice(incident), title=text * 3000, may_be_repeat=True)
    for body in map(channel("slack").body, (notice(incident), titled)):
        texts = [body["text"], *(block["text"]["text"] for block in body["blocks"])]
        assert max(len(each.encode("utf-16-le")) // 2 for each in texts) <= 3000
        assert not any(re.search("&(?!amp;|lt;|gt;)", each) for each in texts)


@pytest.mark.parametrize(
    "text", ["", "   ", "\u200b\u200b", "\u3164\u061c\U000e0041", "\x00\x1b[0m\r\n"]
)
@pytest.mark.parametrize("kind", ["slack", "pagerduty"])
def test_what_is_empty_has_a_name(kind: str, text: str) -> None:
    shown = channel(kind).show(
        notice(an_incident("A", AT, summary=text, service_name=text, domain=text))
    )
    assert "(no message)" in shown
    assert '""' not in shown.partition('"custom_details"')[0]


@pytest.mark.parametrize(
    ("status", "said", "meaning"),
    [
        (200, "ok", "delivered"),
        (200, "channel_is_archived", "broken"),
        (410, "channel_is_archived", "broken"),
        (404, "channel_not_found", "broken"),
        (404, "no_active_hooks", "broken"),
        (404, "<html>proxy: not found</html>", "broken"),
        (403, "invalid_token", "broken"),
        (403, "action_prohibited", "broken"),
        (400, "invalid_payload", "refused"),
        (400, "missing_text_or_fallback_or_attachments", "refused"),
        (500, "rollup_error", "failed"),
    ],
)
def test_slack_s_word_decides_before_its_status(status: int, said: str, meaning: str) -> None:
    assert channel("slack").judged(Answer(status, said, {})).status == meaning


@pytest.mark.parametrize(
    ("summary", "cut"),
    [("x" * 900, False), ("x" * 1100, True), ("é" * 990, False), ("\U0001f525" * 700, True)],
)
def test_a_summary_fits_into_pagerduty_s(summary: str, cut: bool) -> None:
    event = json.loads(channel("pagerduty").show(notice(an_incident("A", AT, summary=summary))))
    short = event["payload"]["summary"]
    assert len(short.encode("utf-16-le")) // 2 <= 1024
    assert short.startswith("new: error, shop: ")
    assert short.endswith("…") == cut
    assert event["payload"]["custom_details"]["incidents"][0]["summary"] == summary


def test_an_event_for_pagerduty_is_small_enough_and_says_what_is_left_out() -> None:
    many = [an_incident(f"A{n}", AT, examples=("ж" * 4000,) * 5) for n in range(40)]
    event = json.loads(channel("pagerduty").show(notice(*many)))
    assert len(encoded(event)) <= 512_000
    assert event["payload"]["custom_details"]["examples_left_out"] > 0
    assert event["dedup_key"] == "plant:f-A0"
    assert KEY not in json.dumps(event)


def test_an_event_for_pagerduty_is_small_enough_where_names_are_long() -> None:
    event = channel("pagerduty").show(notice(an_incident("A", AT, service_name="ж" * 300_000)))
    assert len(event.encode()) <= 512_000


def test_keys_at_pagerduty_differ_however_long_they_are() -> None:
    notices = [notice(an_incident(name, AT)) for name in "AB"]
    longer = [replace(each, unit="ж" * 400 + each.unit) for each in notices]
    keys = {json.loads(channel("pagerduty").show(each))["dedup_key"] for each in longer}
    assert len(keys) == 2
    assert max(len(key.encode()) for key in keys) <= 255


def test_the_end_at_pagerduty_has_the_key_of_the_beginning() -> None:
    pager = channel("pagerduty")
    worse = an_incident("A", AT, severity="critical", lines=99, summary="other")
    first = json.loads(pager.show(notice(an_incident("A", AT, severity="warning"))))
    last = json.loads(pager.show(notice(worse, what="resolved")))
    assert (first["event_action"], last["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == last["dedup_key"]


def test_labels_at_alertmanager_are_what_identifies_and_never_empty() -> None:
    manager = channel("alertmanager")
    first = an_incident("A", AT, domain="", summary="pid 1", examples=("pid 1",))
    later = an_incident("A", AT, domain="", summary="pid 2", examples=(), lines=900)
    alerts = [json.loads(manager.show(notice(each)))[0] for each in (first, later)]
    assert alerts[0]["labels"] == alerts[1]["labels"]
    assert set(alerts[0]["labels"]) == {"alertname", "service", "severity", "source", "fingerprint"}
    assert alerts[0]["annotations"] != alerts[1]["annotations"]


def test_mail_shows_hostile_text_as_text() -> None:
    mail: Email = channel("email")
    summary = f"load > 90% & {HOSTILE[3]} {HOSTILE[4]}"
    message = mail._message(notice(an_incident("A", AT, summary=summary, examples=(HOSTILE[3],))))
    raw = message.as_bytes(policy=SMTP)
    plain, page = (part.get_content() for part in message.iter_parts())
    assert message["Subject"].startswith("[fame] new: error, shop: load > 90% & <script>")
    assert message["Bcc"] is None
    assert HOSTILE[3] in plain
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<img" not in page
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_file_has_one_line_for_each_notice(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    file = channel("file")
    (tmp_path / "a.jsonl").write_text('{"cut by a full disk')
    for _ in range(2):
        said = notice(an_incident("A", AT, summary="one\ntwo\u2028three"))
        assert file.send([said], {}).status == "delivered"
    lines = (tmp_path / "a.jsonl").read_bytes().split(b"\n")
    assert [json.loads(line)["delivery_id"] for line in lines[1:3]] == ["d" * 32] * 2
    assert json.loads(lines[1])["incidents"][0]["summary"] == "one\ntwo\u2028three"


def test_a_webhook_has_the_raw_text_and_fits() -> None:
    hook = channel("webhook")
    body = json.loads(hook.show(notice(an_incident("A", AT, examples=tuple(HOSTILE)))))
    assert body["incidents"][0]["examples"] == HOSTILE
    many = [an_incident(f"A{n}", AT, examples=("x" * 900,)) for n in range(200)]
    body = json.loads(hook.show(notice(*many)))
    assert len(encoded(body)) <= 20_000
    assert body["incidents_left_out"] + len(body["incidents"]) == 200
    one = an_incident("A", AT, summary="s" * 90_000, service_name="v" * 90_000, examples=("e",))
    assert len(encoded(json.loads(hook.show(notice(one))))) <= 20_000


def test_apprise_is_an_extra() -> None:
    if importlib.util.find_spec("apprise") is not None:
        pytest.skip("apprise is installed")
    settings = read_settings("[channels.a]\nkind = 'apprise'\nurl = 'env:URL'")
    with pytest.raises(Exception, match=r"apprise is not installed.*fame-sql\[apprise\]"):
        open_channel(settings.channels["a"], Surroundings(Secrets({"URL": "x://y"}), lambda: AT))


@pytest.mark.parametrize(
    ("severity", "what", "kind"),
    [
        ("critical", "opened", "failure"),
        ("warning", "opened", "warning"),
        ("info", "resolved", "success"),
    ],
)
def test_apprise_sends_to_a_real_server(severity: Any, what: str, kind: str) -> None:
    pytest.importorskip("apprise")
    settings = read_settings("[channels.a]\nkind = 'apprise'\nurl = 'env:URL'").channels["a"]
    with receivers() as told:
        secrets = Secrets({"URL": told.http.replace("http:", "json:") + "/hundred"})
        hundred = open_channel(settings, Surroundings(secrets, lambda: AT))
        said = notice(an_incident("A", AT, severity=severity, examples=("disk full",)), what=what)
        assert hundred.send([said], {}).status == "delivered"
        [sent] = told.received["hundred"]
    assert "disk full" in sent.body["message"]
    assert sent.body["type"] == kind


def test_a_preview_needs_no_secret() -> None:
    stand_in = WithoutSecrets(Secrets({}))
    for words in ("url", "server", "url of apprise", "token"):
        assert stand_in.value("env:NOT_SET", f"channel a: {words}")
    assert stand_in.value("env:NOT_SET", "channel a: url of apprise").startswith("json://")


@pytest.mark.parametrize("kind", ["slack", "email"])
def test_a_template_that_fails_is_said_in_the_last_line(kind: str) -> None:
    settings = read_settings_in_force(SETTINGS).channels[kind]
    options = {**settings.options, "template": "{service.__class__}", "subject": "{team}"}
    around = Surroundings(Secrets({"URL": "http://127.0.0.1/"}), lambda: AT)
    shown = open_channel(replace(settings, options=options), around).show(
        notice(an_incident("A", AT))
    )
    assert "new: error, shop: trouble A" in shown
    assert "the template names {service.__class__}" in shown
    assert "built-in text" in shown


@given(template=st.text(alphabet="{}!:.sumary <", max_size=40), text=st.text(max_size=50))
def test_a_template_is_filled_in_or_named(template: str, text: str) -> None:
    filled = fill(template, {"summary": text})
    assert (filled is None) == bool(fault(template))


@given(text=st.text(max_size=300), kind=st.sampled_from([k for k in kinds() if k != "apprise"]))
def test_any_text_can_be_sent(text: str, kind: str) -> None:
    incident = an_incident(
        "A", AT, summary=text, service_name=text, domain=text, examples=(text,), templates=(text,)
    )
    said = notice(incident)
    assert channel(kind).show(said).encode("utf-8", "replace")
    assert from_json(json.loads(json.dumps(to_json(said.items[0])))) == said.items[0]
