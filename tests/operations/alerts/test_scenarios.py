"""What senders of alerts get wrong: each file of ``scenarios`` is played and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from alert_scenarios import Play, play_file, received

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))


@pytest.mark.any_duckdb
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_channel_receives_what_it_should(path: Path, play: Play) -> None:
    scenario = play_file(path, play)
    assert received(play.servers) == scenario.get("received", {})
    held = [f"{h.incident_id} {h.channel} {h.kind}" for h in play.reports[-1].decision.held]
    assert sorted(held) == sorted(scenario.get("held", []))
    notes = [note for report in play.reports for note in report.notes]
    for expected in scenario.get("notes", []):
        assert any(expected in note for note in notes), notes
    assert len(notes) == scenario.get("noted", len(notes)), notes
