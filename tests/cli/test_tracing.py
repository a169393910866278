"""Spans of commands: off unless asked for, and without what a log can hold."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from alert_servers import answering
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.cli.tracing import exporter_wanted

pytestmark = pytest.mark.any_duckdb

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (ENDPOINT, "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ""),
        ({ENDPOINT: "http://localhost:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, "otlp"),
        ({ENDPOINT: "http://localhost:4318", "OTEL_SDK_DISABLED": "true"}, ""),
        ({ENDPOINT: "http://localhost:4318", "OTEL_TRACES_EXPORTER": "none"}, ""),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, ""),
    ],
)
def test_the_usual_variables_ask_for_spans(environment: Mapping[str, str], expected: str) -> None:
    assert exporter_wanted(environment) == expected


def spans(text: str) -> list[dict[str, object]]:
    """Return the spans that the exporter for consoles has written."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while (at := text.find("{", at)) >= 0:
        span, at = decoder.raw_decode(text, at)
        found.append(span)
    return found


def test_a_command_and_its_steps_are_spans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("opentelemetry.sdk")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    log = tmp_path / "secret-name.log"
    log.write_text("2025-01-01T00:00:00Z INFO a line\n" * 20)
    words = ["ingest", str(log), "--warehouse", str(tmp_path / "w.duckdb")]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 0, said.output
    found = spans(said.stderr)
    command = next(span for span in found if span["name"] == "fame ingest")
    assert command["resource"]["attributes"]["service.name"] == "fame-sql"  # type: ignore[index]
    assert "reading" in {span["name"] for span in found}
    assert "secret-name" not in json.dumps(found)
    assert all(
        span["parent_id"] == command["context"]["span_id"]  # type: ignore[index]
        for span in found
        if span is not command
    )


def test_an_error_is_told_by_its_kind_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.sdk")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    missing = tmp_path / "hidden.duckdb"
    said = CliRunner().invoke(main, ["status", "--warehouse", str(missing)])
    assert said.exit_code == 1
    [span] = spans(said.stderr)
    assert span["attributes"] == {"fame.command": "status", "error.type": "WarehouseError"}
    assert span["status"] == {"status_code": "ERROR"}
    assert span["events"] == []


def test_a_collector_that_refuses_changes_nothing(
    newborn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.sdk")
    words = ["settings", "list", "--warehouse", str(newborn)]
    plain = CliRunner().invoke(main, words)
    with answering(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n") as place:
        monkeypatch.setenv(ENDPOINT, f"http://{place}")
        said = CliRunner().invoke(main, words)
    assert (said.exit_code, said.stdout) == (0, plain.stdout)


def test_nothing_is_imported_otherwise() -> None:
    code = "import sys, atexit; from fame_sql.cli import main; "
    code += "atexit.register(lambda: print('opentelemetry' in sys.modules)); main(['--help'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.endswith("False\n")
