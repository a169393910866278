"""Exports hold every row with its verdict and its place, in forms that other programs read."""

from __future__ import annotations

import csv
import json
import shutil
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from fame_sql.cli import main
from fame_sql.forensics.export.values import attributes
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

LINK = '=HYPERLINK("http://192.0.2.1","x")'
BODIES = (LINK, "-1+1", "@SUM(A1)", "\tTAB", 'a,b "c" \u202e', "ok")
IDENTITIES = {"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "not hex"}


def _run(warehouse: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--warehouse", str(warehouse)])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, newborn: Path) -> Path:
    """A warehouse with lines that a spreadsheet would calculate with, and their log."""
    folder = tmp_path_factory.mktemp("hostile")
    warehouse = Path(shutil.copy(newborn, folder / "hostile.duckdb"))
    records = [
        {"timestamp": f"2024-01-01T00:00:0{i}.000001Z", "body": body, "n": [i, {"x": None}]}
        for i, body in enumerate(BODIES)
    ]
    log = folder / "hostile.jsonl"
    log.write_text("".join(json.dumps(record | IDENTITIES) + "\n" for record in records))
    assert _run(warehouse, "ingest", str(log), "--format", "jsonl").exit_code == 0
    return warehouse


def _exported(warehouse: Path, folder: Path, form: str, *options: str) -> Path:
    file = folder / f"out.{form}"
    done = _run(warehouse, "export", "lines", str(file), "--format", form, *options)
    assert done.exit_code == 0, done.output
    return file


def _jsons(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_csv_holds_no_formula_and_all_else_as_it_was(hostile: Path, tmp_path: Path) -> None:
    with _exported(hostile, tmp_path, "csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["body"] for row in rows] == [
        *(f"'{body}" for body in BODIES if body[0] in "=-@\t"),
        *(body for body in BODIES if body[0] not in "=-@\t"),
    ]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "@", "+"))]
    assert rows[0]["timestamp"] == "2024-01-01T00:00:00.000001Z"


@pytest.mark.parametrize("form", ["jsonl", "timesketch"])
def test_each_line_leads_to_its_bytes(hostile: Path, tmp_path: Path, form: str) -> None:
    rows = _jsons(_exported(hostile, tmp_path, form))
    source = hostile.with_name("hostile.jsonl").read_bytes()
    name = "message" if form == "timesketch" else "body"
    for row, body in zip(rows, BODIES, strict=True):
        assert Path(row["source_path"]).read_bytes() == source
        written = source[row["byte_offset"] :].split(b"\n")[0]
        assert (json.loads(written)["body"], row[name]) == (body, body)
        assert row["attributes"]["n"][1] == {"x": None}


def test_a_timeline_has_the_fields_that_timesketch_needs(hostile: Path, tmp_path: Path) -> None:
    rows = _jsons(_exported(hostile, tmp_path, "timesketch"))
    assert [row["message"] for row in rows] == list(BODIES)
    for i, row in enumerate(rows):
        at = datetime.fromisoformat(row["datetime"])
        assert at == datetime(2024, 1, 1, 0, 0, i, 1, tzinfo=UTC)
        assert row["timestamp"] == at.timestamp() * 1_000_000
        assert row["timestamp_desc"] == "Event Logged"
        # Timesketch refuses a timeline whose fields have an underscore first.
        assert not [name for name in row if name.startswith("_")]


def test_otlp_is_read_by_the_reader_of_otlp(hostile: Path, tmp_path: Path) -> None:
    from fame_sql.serve.intake.otlp_json import read_request

    [line] = _exported(hostile, tmp_path, "otlp").read_bytes().splitlines()
    request, warnings = read_request(line)
    assert warnings == []
    records = request.resource_logs[0].scope_logs[0].log_records
    assert [record.body.string_value for record in records] == list(BODIES)
    assert records[0].time_unix_nano == 1_704_067_200_000_001_000
    assert records[0].trace_id.hex() == IDENTITIES["trace_id"]
    named = {attribute.key: attribute.value for attribute in records[1].attributes}
    assert named["fame.byte_offset"].int_value > 0
    assert named["span_id"].string_value == "not hex"
    assert named["log.file.path"].string_value.endswith("hostile.jsonl")
    assert named["n"].array_value.values[0].int_value == 1


def test_otlp_is_read_by_opentelemetry_itself(hostile: Path, tmp_path: Path) -> None:
    json_format = pytest.importorskip("google.protobuf.json_format")
    logs = pytest.importorskip("opentelemetry.proto.collector.logs.v1.logs_service_pb2")
    [line] = _jsons(_exported(hostile, tmp_path, "otlp"))
    for resource in line["resourceLogs"]:
        for record in resource["scopeLogs"][0]["logRecords"]:
            # In OTLP, ids are hexadecimal; in protobuf's own JSON they would be base64.
            for name in ("traceId", "spanId"):
                if name in record:
                    record[name] = b64encode(bytes.fromhex(record[name])).decode()
    request = json_format.ParseDict(line, logs.ExportLogsServiceRequest())
    records = request.resource_logs[0].scope_logs[0].log_records
    assert [record.body.string_value for record in records] == list(BODIES)
    assert records[0].trace_id.hex() == IDENTITIES["trace_id"]


def test_otlp_comes_back_as_the_same_lines(
    compiled: Path, newborn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fame_sql.forensics.export.otlp._LINE", 20_000)
    with Warehouse.open(compiled, read_only=True) as warehouse:
        until = warehouse.value("SELECT timestamp FROM fame.logs ORDER BY 1 LIMIT 1 OFFSET 300")
    file = _exported(compiled, tmp_path, "otlp", "--until", until.isoformat())
    back = Path(shutil.copy(newborn, tmp_path / "back.duckdb"))
    assert max(map(len, file.read_bytes().splitlines())) <= 20_000
    assert _run(back, "ingest", str(file)).exit_code == 0
    statement = (
        "SELECT timestamp, severity_text, severity_number, service_name, host_name, body "
        f"FROM fame.logs WHERE timestamp < '{until}' ORDER BY ALL"
    )
    sides = []
    for path in (compiled, back):
        with Warehouse.open(path, read_only=True) as warehouse:
            sides.append(warehouse.rows(statement))
    assert len(sides[0]) == 300
    assert sides[0] == sides[1]


def test_parquet_has_types_and_a_period_its_lines(hostile: Path, tmp_path: Path) -> None:
    until = "2024-01-01T00:00:02"
    found = pq.read_table(_exported(hostile, tmp_path, "parquet", "--until", until))
    assert found["body"].to_pylist() == list(BODIES[:2])
    assert str(found.schema.field("timestamp").type) == "timestamp[us]"


def test_anomalies_and_incidents_have_the_place_of_their_line(copied: Path, tmp_path: Path) -> None:
    assert _run(copied, "incidents", "update").exit_code == 0
    with Warehouse.open(copied, read_only=True) as warehouse:
        wanted = warehouse.rows("SELECT log_id, body FROM anomalies ORDER BY log_id")
        count = warehouse.value("SELECT count(*) FROM incidents")
    for what in ("anomalies", "incidents"):
        done = _run(copied, "export", what, str(tmp_path / f"{what}.jsonl"))
        assert (done.exit_code, done.stderr) == (0, "")
    assert [(row["log_id"], row["body"]) for row in _jsons(tmp_path / "anomalies.jsonl")] == wanted
    incidents = _jsons(tmp_path / "incidents.jsonl")
    assert len(incidents) == count
    anomalous = dict(wanted)
    with_lines = [row for row in incidents if row["lines"]]
    assert with_lines
    for row in with_lines:
        assert anomalous[row["log_id"]] == row["body"]
        source = Path(row["source_path"]).read_text().splitlines()
        assert source[row["line_number"] - 1].endswith(row["body"])


def test_a_file_that_exists_is_kept(hostile: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.csv"
    file.write_text("mine")
    refused = _run(hostile, "export", "lines", str(file))
    assert (refused.exit_code, file.read_text()) == (1, "mine")
    assert "--force" in refused.stderr
    assert _run(hostile, "export", "lines", str(file), "--force").exit_code == 0
    assert file.read_text() != "mine"
    unclear = _run(hostile, "export", "lines", str(tmp_path / "what.doc"))
    assert "does not say its format" in unclear.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kept.csv"]


def test_attributes_that_python_cannot_nest_stay_text() -> None:
    deep = "[" * 200_000
    assert attributes(deep + "]" * 200_000)["value"].startswith(deep)
    assert attributes(None) == {}
