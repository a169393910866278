"""Records that are not lines, and what belongs to no record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from fame_sql.ingest import Hints, ingest_file
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        yield opened


OBJECTS = [{"ts": 1714979289 + number, "msg": f"message {number}"} for number in range(5)]
SPELLINGS = {
    "array": json.dumps(OBJECTS),
    "array of lines": "[\n" + ",\n".join(map(json.dumps, OBJECTS)) + "\n]\n",
    "pretty array": json.dumps(OBJECTS, indent=2),
    "pretty": "\n".join(json.dumps(one, indent=2) for one in OBJECTS),
    "one after the other": "".join(map(json.dumps, OBJECTS)),
    "envelope": json.dumps({"Records": OBJECTS}),
}


@pytest.mark.parametrize("chunk_lines", [3, 500_000])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_objects_are_records_however_they_are_laid_out(
    warehouse: Warehouse, tmp_path: Path, spelling: str, chunk_lines: int
) -> None:
    source = tmp_path / "source.json"
    source.write_text(SPELLINGS[spelling], encoding="utf-8")
    report = ingest_file(warehouse, source, chunk_lines=chunk_lines)
    found = warehouse.rows("SELECT epoch(timestamp)::BIGINT, body FROM fame.logs ORDER BY log_id")
    assert found == [(one["ts"], one["msg"]) for one in OBJECTS]
    assert (report.rows, report.errors) == (5, 0)
    assert warehouse.value("SELECT sum(lines) FROM fame.events") == 5


def test_a_list_of_objects_grows(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.json"
    text = SPELLINGS["array of lines"]
    for end in (text.index("message 2"), len(text)):
        source.write_text(text[:end], encoding="utf-8")
        ingest_file(warehouse, source)
    bodies = warehouse.rows("SELECT body FROM fame.logs ORDER BY log_id")
    assert bodies == [(one["msg"],) for one in OBJECTS]


def _otlp_line(records: int) -> str:
    """Return one line of OTLP with many records."""
    record = {"timeUnixNano": "1741600000000000000", "severityText": "INFO"}
    held = [{**record, "body": {"stringValue": f"message {n}"}} for n in range(records)]
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": held}]}]})


def test_many_records_in_one_line_need_little_memory(warehouse: Warehouse, tmp_path: Path) -> None:
    # With a copy of the line for each of its records, this is 800 MB of text.
    source = tmp_path / "source.jsonl"
    source.write_text(_otlp_line(3000), encoding="utf-8")
    warehouse.connection.execute("SET memory_limit = '150MB'")
    report = ingest_file(warehouse, source)
    assert (report.rows, report.errors) == (3000, 0)
    last = warehouse.rows("SELECT body, line_number FROM fame.logs ORDER BY log_id DESC LIMIT 1")
    assert last == [("message 2999", 1)]


def test_what_stands_beside_records_is_copied_within_a_bound(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    for count in (3, 50):
        source = tmp_path / f"{count}.jsonl"
        held = [{"message": f"message {n}"} for n in range(count)]
        source.write_text(json.dumps({"logGroup": "shop", "logEvents": held, "pad": "x" * 300_000}))
        ingest_file(warehouse, source)
    rows = warehouse.rows("SELECT attributes FROM fame.logs ORDER BY log_id")
    found = [json.loads(text) for (text,) in rows]
    assert {each["logGroup"] for each in found} == {"shop"}
    assert [len(each.get("pad", "")) for each in found] == [300_000] * 4 + [0] * 49
    assert found[4] == {"logGroup": "shop", "kept_with_record": 1}


def test_a_load_without_memory_enough_says_so(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    source.write_text(_otlp_line(3000), encoding="utf-8")
    warehouse.connection.execute("SET memory_limit = '10MB'")
    with pytest.raises(duckdb.OutOfMemoryException):
        ingest_file(warehouse, source)
    assert warehouse.value("SELECT count(*) FROM fame.logs") == 0


TRACES = {
    "java": "java.io.IOException: no\n\tat a.B.c(B.java:1)\nCaused by: java.lang.Error\n\tat a.B",
    "python": 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no',
    "go": "goroutine 34 [running]:\nmain.f(0xc000)\n\t/src/a.go:1 +0x1d",
    "rust": "thread 'main' panicked at src/main.rs:2:5:\nno\nstack backtrace:\n   0: begin_unwind",
    "node": "Error: no\n    at f (/a.js:1:1)\n    at g (/a.js:2:1)",
    "dotnet": "System.Exception: no\n   at A.B() in A.cs:line 1",
    "wrapped JSON": '{\n  "a": 1\n}',
}
HEADERS = {
    "text": ("2024-05-06 07:08:09 ERROR failed", "2024-05-06 07:08:10 INFO on"),
    "klog": ("E0506 07:08:09.000000 1 a.go:1] failed", "I0506 07:08:10.000000 1 a.go:1] on"),
    "jsonl": ('{"level":"error","msg":"failed"}', '{"level":"info","msg":"on"}'),
    "syslog": ("May  6 07:08:09 h app[1]: failed", "May  6 07:08:10 h app[1]: on"),
}


@pytest.mark.slow
@pytest.mark.parametrize("format", HEADERS)
def test_a_trace_belongs_to_the_record_before(
    warehouse: Warehouse, tmp_path: Path, format: str
) -> None:
    first, second = HEADERS[format]
    for name, trace in TRACES.items():
        if (format, name) == ("jsonl", "wrapped JSON"):
            continue
        source = tmp_path / f"{name.replace(' ', '')}.log"
        source.write_text(f"{first}\n{trace}\n{second}\n", encoding="utf-8")
        assert ingest_file(warehouse, source).format == format
        found = warehouse.rows(
            "SELECT body, line_count FROM fame.logs WHERE source_path = ? ORDER BY log_id",
            [str(source)],
        )
        lines = trace.count("\n") + 1
        assert found == [(f"failed\n{trace}", 1 + lines), ("on", 1)]


def test_traces_do_not_hide_that_records_have_a_level(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.log"
    trace = "java.io.IOException: no\n\tat a.B.c(B.java:1)\n"
    headers = (f"[2024-05-06 07:08:{second}] TRACE began\n" for second in range(10, 30))
    source.write_text("".join(header + trace for header in headers))
    ingest_file(warehouse, source)
    assert warehouse.rows("SELECT DISTINCT severity_text FROM fame.logs") == [("TRACE",)]


def test_a_line_that_is_no_trace_stays_a_record(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.log"
    source.write_text('{"msg":"a"}\nListening on port 80\n{"msg":"b"}\n', encoding="utf-8")
    report = ingest_file(warehouse, source)
    assert (report.rows, report.errors) == (3, 1)


ODD = {
    "colours": (b"2024-05-06 07:08:09 \x1b[31mERROR\x1b[0m red\n", ("red", "ERROR", None)),
    "null bytes": (
        b"2024-05-06 07:08:08 INFO a\n" + b"\0" * 600 + b"2024-05-06 07:08:09 ERROR b\n",
        ("b", "ERROR", "600 null bytes left out"),
    ),
    "carriage returns": (
        b"2024-05-06 07:08:08 INFO a\r2024-05-06 07:08:09 ERROR b\r",
        ("b", "ERROR", None),
    ),
    "a record after a carriage return": (
        b"2024-05-06 07:08:08 INFO a\r2024-05-06 07:08:09 ERROR b\n",
        (
            "a\r2024-05-06 07:08:09 ERROR b",
            "INFO",
            "another time after a carriage return in the line",
        ),
    ),
    "half a character": (
        b'{"level":"error","msg":"cut \\ud83d"}\n',
        ("cut \ufffd", "error", None),
    ),
    "bytes of a journal": (
        b'{"MESSAGE":[27,91,51,49,109,114,101,100],"PRIORITY":"3"}\n',
        ("red", "err", None),
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_what_belongs_to_no_message_is_left_out(
    warehouse: Warehouse, tmp_path: Path, case: str
) -> None:
    data, expected = ODD[case]
    source = tmp_path / "source.log"
    source.write_bytes(data)
    ingest_file(warehouse, source)
    found = warehouse.rows(
        "SELECT body, severity_text, parse_error FROM fame.logs ORDER BY log_id DESC LIMIT 1"
    )
    assert found == [expected]


def test_colours_are_kept_where_that_is_asked(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.log"
    source.write_bytes(b"\x1b[31mred\x1b[0m\n")
    ingest_file(warehouse, source, hints=Hints(keep_ansi=True))
    assert warehouse.rows("SELECT body, attributes ->> 'ansi' FROM fame.logs") == [
        ("red", "\x1b[31mred\x1b[0m")
    ]


def test_keys_host_and_service_are_given(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.json"
    one = {"when": "2024-05-06 07:08:09", "how": "error", "what": "failed", "label": "DISK"}
    source.write_text(json.dumps(one), encoding="utf-8")
    hints = Hints(
        message_key="what",
        time_key="when",
        level_key="how",
        label_key="label",
        host="h1",
        service="shop",
    )
    ingest_file(warehouse, source, hints=hints)
    assert warehouse.rows(
        "SELECT timestamp::VARCHAR, severity_text, body, label, host_name, service_name "
        "FROM fame.logs"
    ) == [("2024-05-06 07:08:09", "error", "failed", "DISK", "h1", "shop")]


def test_a_long_object_has_the_time_and_the_level_of_its_head(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    source = tmp_path / "long.json"
    head = '{"time": "2024-02-03T04:05:06Z", "level": "error", "msg": "'
    source.write_text(f'{head}{"x" * (1 << 20)}"}}\n{{"msg": "ok"}}\n', encoding="utf-8")
    report = ingest_file(warehouse, source)
    assert report.errors == 1
    assert warehouse.rows(
        "SELECT timestamp::VARCHAR, severity_number, starts_with(body, '{') FROM fame.logs "
        "WHERE parse_error LIKE 'line of %'"
    ) == [("2024-02-03 04:05:06", 17, True)]
