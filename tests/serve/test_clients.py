"""Clients that people use: OpenTelemetry's SDK and curl."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from fame_sql.serve.server import Server

pytestmark = pytest.mark.any_duckdb

Stored = Callable[[], list[dict[str, Any]]]


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_the_sdk_of_opentelemetry(server: Server, stored: Stored, compression: Compression) -> None:
    provider = LoggerProvider(Resource.create({"service.name": "shop", "host.name": "h1"}))
    exporter = OTLPLogExporter(f"{server.url}/v1/logs", compression=compression)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = logging.Logger("checkout")
    logger.addHandler(LoggingHandler(logger_provider=provider))
    logger.warning("slow answer", extra={"ms": 12})
    logger.error("no answer")
    provider.shutdown()
    first, second = stored()
    assert (first["body"], first["severity_text"], first["severity_number"]) == (
        "slow answer",
        "WARN",
        13,
    )
    assert (first["service_name"], first["host_name"]) == ("shop", "h1")
    assert json.loads(first["attributes"])["ms"] == 12
    assert (second["body"], second["severity_number"]) == ("no answer", 17)


def test_curl(server: Server, stored: Stored, tmp_path: Any) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    file = tmp_path / "app.log"
    file.write_text("2024-05-06 07:08:09 ERROR disk full\n2024-05-06 07:08:10 INFO ok\n")
    done = subprocess.run(
        [
            "curl",
            "--silent",
            "--fail",
            "--data-binary",
            f"@{file}",
            f"{server.url}/ingest?source=app",
        ],
        check=True,
        capture_output=True,
    )
    assert json.loads(done.stdout) == {"records": 2, "errors": 0}
    rows = stored()
    assert [(row["body"], row["severity_text"]) for row in rows] == [
        ("disk full", "ERROR"),
        ("ok", "INFO"),
    ]
    assert {row["source_path"] for row in rows} == {"app"}
