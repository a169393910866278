"""'fame tail' shows what a server, or another process, stores: by asking, never by reading logs."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from served import served

from fame_sql.cli import main
from fame_sql.serve.arrived import AtServer, InFile, arrived, newest, place_of

pytestmark = pytest.mark.any_duckdb


def _tail(warehouse: Path, *words: str) -> str:
    done = CliRunner().invoke(main, ["tail", "--once", *words, "--warehouse", str(warehouse)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_lines_of_a_server_come_as_they_are_stored(newborn: Path, tmp_path: Path) -> None:
    path = tmp_path / "served.duckdb"
    path.write_bytes(newborn.read_bytes())
    with served(path) as running:
        running.ask("first line\n", "ingest", "/ingest")
        place = place_of(path, None, "")
        assert isinstance(place, AtServer)
        lines = arrived(place, newest(place) - 1)
        assert [row["body"] for row in next(lines) or ()] == ["first line"]
        assert next(lines) is None
        running.ask("second line\nthird line\n", "ingest", "/ingest")
        assert [row["body"] for row in next(lines) or ()] == ["second line", "third line"]


def test_lines_of_a_file_are_judged_without_being_stored(copied: Path) -> None:
    with duckdb.connect(str(copied)) as writer:
        writer.execute("DELETE FROM fame.scores")
    found = [json.loads(line) for line in _tail(copied, "--lines", "20", "--json").splitlines()]
    assert len(found) == 20
    assert all(0 <= row["score"] <= 1 for row in found)
    with duckdb.connect(str(copied), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM fame.scores").fetchall() == [(0,)]


def test_a_file_is_asked_only_when_it_has_changed(copied: Path) -> None:
    place = place_of(copied, None, "")
    assert isinstance(place, InFile)
    lines = arrived(place, newest(place) - 1)
    first = next(lines)
    assert not place.changed()
    assert next(lines) is None
    with duckdb.connect(str(copied)) as writer:
        writer.execute(
            "INSERT INTO fame.logs SELECT * REPLACE (log_id + 1 AS log_id) FROM fame.logs "
            "ORDER BY log_id DESC LIMIT 1"
        )
    [added] = next(lines) or ()
    assert first is not None
    assert added["log_id"] == first[0]["log_id"] + 1


def test_anomalous_lines_are_marked_in_words_too(compiled: Path) -> None:
    shown = _tail(compiled, "--lines", "4000", "--anomalous").splitlines()
    assert shown
    assert all(line.startswith("! 0.") or line.startswith("! 1.") for line in shown)
    assert "\x1b" not in "".join(shown), "colours are for terminals"


def test_without_a_model_lines_have_no_score(newborn: Path, tmp_path: Path) -> None:
    warehouse, log = tmp_path / "new.duckdb", tmp_path / "new.log"
    log.write_text("2024-01-01T00:00:00Z began \x1b]0;owned\x07\n")
    words = ["ingest", str(log), "--warehouse", str(warehouse)]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert _tail(warehouse).startswith("       01-01 00:00:00 ")
    assert _tail(warehouse, "--service", "none").startswith("no such line\nnext: ")
