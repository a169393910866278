"""What senders of alerts get wrong: each file of ``scenarios`` is played and compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from alert_scenarios import FakeClock, Play, play_file, shown
from alert_servers import Receivers, receivers

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2027, 3, 2, 8))


@pytest.fixture
def servers(clock: FakeClock) -> Iterator[Receivers]:
    with receivers(clock.now) as running:
        yield running


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_channel_receives_what_it_should(
    path: Path,
    new_warehouse: Path,
    tmp_path: Path,
    servers: Receivers,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    play = Play(Path(shutil.copy(new_warehouse, tmp_path)), servers, clock)
    scenario = play_file(path, play)
    said = {
        channel: [shown(channel, request) for request in requests]
        for channel, requests in servers.received.items()
    }
    mails = [
        f"{at:%H:%M:%S} {len(to)} {' '.join(m['Subject'].split())}" for at, to, m in servers.mails
    ]
    if mails:
        said["mail"] = mails
    assert said == scenario.get("received", {})
    held = [f"{h.incident_id} {h.channel} {h.kind}" for h in play.reports[-1].decision.held]
    assert sorted(held) == sorted(scenario.get("held", []))
    notes = [note for report in play.reports for note in report.notes]
    for expected in scenario.get("notes", []):
        assert any(expected in note for note in notes), notes
