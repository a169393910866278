"""The command ``fame alert`` on a warehouse whose log goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fame_sql.cli import main

pytestmark = pytest.mark.any_duckdb

SETTINGS = """
[channels.log]
kind = "file"
path = "alerts.jsonl"
[channels.ops]
kind = "slack"
url = "env:NOT_SET"
match = 'domain="nowhere"'
"""


@pytest.fixture
def fame(copied: Path, simulated_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run commands on a warehouse in whose log something is wrong just now."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAME_WAREHOUSE", str(copied))
    Path("alerts.toml").write_text(SETTINGS)

    def run(*words: str) -> Result:
        done = CliRunner().invoke(main, list(words))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done

    assert run("alert", "set", "alerts.toml").exit_code == 0
    assert run("alert").exit_code == 0
    lines = [line for line in simulated_log.read_text().splitlines() if not line.startswith("- ")]
    Path("now.log").write_text("".join(_as_of_now(line) for line in lines[:20]))
    assert run("ingest", "now.log", "--format", "bgl").exit_code == 0
    assert run("score").exit_code == 0
    return run


def _as_of_now(line: str) -> str:
    now = datetime.now(UTC) - timedelta(minutes=1)
    label, _, _, node, _, *rest = line.split(" ")
    stamps = f"{now.timestamp():.0f} {now:%Y.%m.%d} {node} {now:%Y-%m-%d-%H.%M.%S.%f}"
    return " ".join([label, stamps, *rest]) + "\n"


def _written() -> list[dict[str, object]]:
    path = Path("alerts.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_what_is_wrong_now_is_sent_once(fame) -> None:
    before = fame("alert", "--dry-run")
    assert "messages would be sent" in before.stdout
    assert not before.stdout.startswith("0 messages")
    assert _written() == []
    done = fame("alert", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert len(_written()) == len(report["sent"]) > 0
    assert {line["headline"].split(":")[0] for line in _written()} <= {"new", "critical", "error"}  # type: ignore[attr-defined]
    assert fame("alert").stdout.startswith("0 sent")
    assert len(_written()) == len(report["sent"])


def test_each_channel_that_is_sent_to_is_a_span(fame, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("opentelemetry.sdk")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    told = fame("alert").stderr
    for name in ("counting lines", "sending to log", "fame alert"):
        assert f'"name": "{name}"' in told


def test_of_passes_that_begin_at_once_all_but_one_say_so(fame, copied: Path) -> None:
    words = [sys.executable, "-m", "fame_sql", "alert"]
    passes = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [each.communicate()[1] for each in passes]
    codes = [each.returncode for each in passes]
    assert 0 in codes
    assert set(codes) <= {0, 75}, said
    assert all("another pass" in text for code, text in zip(codes, said, strict=True) if code)
    headlines = [line["delivery_id"] for line in _written()]
    assert len(headlines) == len(set(headlines)) > 0


def test_a_silence_holds_back_what_it_names(fame) -> None:
    done = fame("alert", "silence", 'service=~".*"', "--for", "2h", "--reason", "x")
    assert done.exit_code == 1
    assert "could hide everything" in done.stderr
    done = fame("alert", "silence", 'severity=~".+"', "--for", "2h", "--reason", "rebuild")
    assert done.exit_code == 0, done.output
    silence_id = done.stdout.split()[1]
    assert fame("alert").exit_code == 0
    assert _written() == []
    assert "rebuild" in fame("alert", "held").stdout
    assert "rebuild" in fame("alert", "silences", "--csv").stdout
    assert fame("alert", "unsilence", silence_id).exit_code == 0
    assert fame("alert").exit_code == 0
    assert _written()


def test_a_channel_that_cannot_send_is_named(fame) -> None:
    Path("alerts.toml").write_text(SETTINGS.replace('domain="nowhere"', 'severity=~".+"'))
    assert fame("alert", "set", "alerts.toml").exit_code == 0
    check = fame("alert", "check", "alerts.toml")
    assert check.exit_code == 1
    assert "the environment variable NOT_SET is not set" in check.stderr
    done = fame("alert")
    assert done.exit_code == 3
    assert "ops" in done.stderr
    assert "NOT_SET" in fame("alert", "outbox").stdout
    assert "NOT_SET" in fame("doctor").stdout
    assert "messages are due" in fame("alert", "retry").stdout


def test_where_an_incident_would_go_is_shown(fame) -> None:
    assert "unusable" in fame("alert", "routes").stdout
    way = json.loads(fame("alert", "routes", "--service", "x", "--json").stdout)
    assert [row["channel"] for row in way] == ["log"]
    assert fame("alert", "test", "log").stdout.startswith("log: delivered")
    refused = fame("alert", "test", "nosuch")
    assert "there is no channel 'nosuch'; there are log, ops" in refused.stderr


def test_a_mistake_is_one_line(fame) -> None:
    Path("alerts.toml").write_text("[channels.x]\nkind = 'pigeon'")
    for command in ("set", "check"):
        done = fame("alert", command, "alerts.toml")
        assert done.exit_code == 1
        assert "there is no channel 'pigeon'" in done.stderr
    assert fame("alert", "--dry-run", "--follow").exit_code == 2
