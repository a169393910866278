"""Passes: two at once, the warehouse meanwhile, and what a warehouse does or does not do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from alert_scenarios import Play, received

from fame_sql import sql
from fame_sql.errors import WarehouseError
from fame_sql.operations.alerts import run_pass
from fame_sql.operations.alerts.journal import PassRunningError, locked_journal
from fame_sql.warehouse.warehouse import Warehouse

SETTINGS = """
[retry]
within = "1s"
[channels.hook]
kind = "webhook"
url = "env:HOOK"
"""


def test_a_second_pass_ends_at_once(play: Play) -> None:
    play.set(SETTINGS)
    play.change("A", "opened")
    with locked_journal(play.warehouse), pytest.raises(PassRunningError, match="another pass"):
        play.run()
    assert "hook" not in play.servers.received
    assert len(play.run().sent) == 1


def test_the_warehouse_is_free_while_messages_are_sent(
    new_warehouse: Path, tmp_path: Path, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play.set(SETTINGS)
    play.change("A", "opened")
    play.close()
    path, seen = play.warehouse, []

    def send(*_: object) -> object:
        with duckdb.connect(str(path)) as other:
            seen.append(other.execute("SELECT state FROM fame.alert_deliveries").fetchall())
        from fame_sql.operations.alerts.outcome import Outcome

        return Outcome("delivered")

    monkeypatch.setattr("fame_sql.operations.alerts.channels.webhook.Webhook.send", send)
    report = run_pass(
        path,
        lambda: Warehouse.open(path),
        play.source,
        clock=play.clock,
        environment=play.environment,
    )
    assert seen == [[("pending",)]]
    assert len(report.sent) == 1


def test_what_cannot_be_recorded_at_once_is_recorded_by_the_next_pass(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play.set(SETTINGS)
    play.change("A", "opened")
    opened, left = play.opened, [1]

    @contextmanager
    def busy() -> Iterator[Warehouse]:
        if not left:
            raise WarehouseError("held by process 1")
        left.pop()
        with opened() as warehouse:
            yield warehouse

    monkeypatch.setattr("fame_sql.operations.alerts.passes._WAIT_FOR_WAREHOUSE", 0.0)
    monkeypatch.setattr(play, "opened", busy)
    assert any("the next pass stores" in note for note in play.run().notes)
    monkeypatch.setattr(play, "opened", opened)
    assert not play.run().sent
    with opened() as warehouse:
        assert warehouse.value("SELECT state FROM fame.alert_deliveries") == "delivered"
    assert len(play.servers.received["hook"]) == 1


def test_a_warehouse_that_cannot_be_written_sends_nothing(play: Play) -> None:
    play.set(SETTINGS)
    play.change("A", "opened")
    play.close()
    with pytest.raises(duckdb.Error):
        run_pass(
            play.warehouse,
            lambda: Warehouse.open(play.warehouse, read_only=True),
            play.source,
            clock=play.clock,
            environment=play.environment,
        )
    assert play.servers.received == {}


def test_on_a_full_disk_nothing_is_sent_that_cannot_be_noted(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    play.set(SETTINGS + '[heartbeat]\nurl = "env:BEAT"\n')
    play.change("A", "opened", severity="critical")
    with monkeypatch.context() as patched:
        patched.setattr("fame_sql.operations.alerts.journal.Journal._append", full)
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                play.run()
    assert play.servers.received == {}, "nor a sign of life, so that the watcher raises the alarm"
    assert len(play.run().sent) == 1
    assert set(play.servers.received) == {"hook", "beat"}


def test_a_copy_of_yesterday_repeats_and_loses_nothing(play: Play, tmp_path: Path) -> None:
    play.set(SETTINGS)
    play.change("A", "opened")
    play.run()
    play.close()
    copy = Path(shutil.copy(play.warehouse, tmp_path / "copy.duckdb"))
    again = Play(play.warehouse, play.servers, play.clock)
    again.source, again.incidents = play.source, play.incidents
    again.change("B", "opened")
    again.run()
    again.close()
    shutil.copy(copy, play.warehouse)
    last = Play(play.warehouse, play.servers, play.clock)
    last.source = again.source
    last.run()
    last.close()
    said = [line.rpartition(" ")[2] for line in received(play.servers)["hook"]]
    assert said == ["A", "B", "B"]


def test_nothing_ingested_is_told_once_and_so_is_the_end(play: Play) -> None:
    play.set(SETTINGS + '[heartbeat]\nquiet = "30m"\n')
    now = play.clock.now()
    with play.opened() as warehouse:
        _ingest(warehouse, 1, now - timedelta(minutes=40))
    for _ in range(3):
        play.run()
        play.clock.sleep(60)
    with play.opened() as warehouse:
        _ingest(warehouse, 2, play.clock.now())
    play.run()
    assert received(play.servers)["hook"] == [
        "08:00:00 new: error, fame-sql: no new lines for 40 min, since 2027-03-02 07:20Z",
        "08:03:00 ended: error, fame-sql: no new lines for 42 min, since 2027-03-02 07:20Z",
    ]


def _ingest(warehouse: Warehouse, number: int, at: object) -> None:
    columns = "ingest_id, source_path, format, encoding, fingerprint, byte_start, byte_end, "
    columns += "line_end, rows, errors, state, started_at, finished_at"
    warehouse.connection.execute(
        f"INSERT INTO fame.ingests ({columns}) "
        "VALUES (?, 'a', 'plain', 'utf-8', ?, 0, 1, 1, 1, 0, 'complete', ?, ?)",
        [number, str(number), at, at],
    )


def test_a_message_that_lacked_something_is_counted(play: Play) -> None:
    play.write("[channels.ops]\nkind = 'slack'\nurl = 'env:OPS'\ntemplate = '{team}'\n")
    play.change("A", "opened")
    assert "the template names {team}" in play.run().sent[0].degraded
    with play.opened() as warehouse:
        [channel] = warehouse.records(sql.load("operations/metrics/channels"))
    assert (channel["fame_alerts_delivered"], channel["fame_alerts_degraded"]) == (1, 1)
