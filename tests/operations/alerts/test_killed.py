"""A process that is killed at any time loses no alert, and each kill repeats one at most."""

from __future__ import annotations

from pathlib import Path

import pytest
from alert_scenarios import FakeClock, Play
from alert_servers import receivers
from kill_stages import alerting_stage
from kills import Forks, kill_at_random

from fame_sql.operations.alerts.channels import Traits
from fame_sql.operations.alerts.deciding import decide
from fame_sql.operations.alerts.journal import locked_journal
from fame_sql.operations.alerts.stored_settings import load_settings

pytestmark = pytest.mark.any_duckdb

SETTINGS = """
[channels.ops]
kind = "slack"
url = "env:OPS"
[channels.pd]
kind = "pagerduty"
routing_key = "env:PD_KEY"
url = "env:PD"
[channels.hook]
kind = "webhook"
url = "env:HOOK"
[channels.mail]
kind = "email"
server = "env:SMTP"
tls = "none"
from = "fame@example.org"
to = ["night@example.org"]
"""


@pytest.mark.slow
def test_random_kills_lose_nothing_and_repeat_one_message_each(
    forking: Forks, tmp_path: Path
) -> None:
    with receivers() as servers:
        servers.delay = 0.05
        assert kill_at_random(alerting_stage(servers), forking, tmp_path, 4, seed=5).failed == []


class _KilledError(BaseException):
    """Stands for the signal."""


def test_what_was_sent_but_not_recorded_is_sent_again_with_the_same_key(
    new_warehouse: Path, tmp_path: Path, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play.set(SETTINGS)
    play.change("A", "opened")
    for _ in range(4):
        killed_after_one_message(play, monkeypatch)
        play.clock.sleep(60)
    report = play.run()
    assert report.repeated <= 1
    ops, pd, hook = (play.servers.received[name] for name in ("ops", "pd", "hook"))
    assert len(ops) + len(pd) + len(hook) + len(play.servers.mails) == 8
    assert [r.body["text"].endswith("(may be a repeat)") for r in ops] == [False, True]
    assert len({r.body["dedup_key"] for r in pd}) == 1
    assert len({r.headers["idempotency-key"] for r in hook}) == 1
    assert len({message["Message-ID"] for _, _, message in play.servers.mails}) == 1
    play.clock.sleep(60)
    assert not play.run().sent


def killed_after_one_message(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_: object) -> None:
        raise _KilledError

    with monkeypatch.context() as patched:
        patched.setattr("fame_sql.operations.alerts.journal.Journal.end", end)
        with pytest.raises(_KilledError):
            play.run()


def test_a_line_that_was_cut_is_left_out_of_the_journal(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "w.duckdb"
    with locked_journal(path) as journal:
        journal.begin("one", clock.now())
        journal.begin("two", clock.now())
    (tmp_path / ".w.duckdb.alerts").open("ab").write(b'{"end": "two", "outc')
    with locked_journal(path) as journal:
        assert [(e.delivery_id, e.outcome) for e in journal.entries()] == [
            ("one", None),
            ("two", None),
        ]
        journal.clear()
        assert journal.entries() == []


def test_a_decision_made_again_writes_nothing(play: Play) -> None:
    """The same knowledge gives the same messages, so that a pass can be repeated."""
    play.set(SETTINGS.partition("[channels.pd]")[0])
    play.change("A", "opened")
    play.run()
    with play.opened() as warehouse:
        from fame_sql.operations.alerts.storage import load_state

        settings = load_settings(warehouse)
        state = load_state(warehouse, play.clock.now())
        assert not decide(state, settings, {"ops": Traits()}, play.clock.now()).written
