"""Tables, queries, Parquet and CSV files as logs; scrubbing at the door."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.ingest import (
    ColumnChoice,
    Hints,
    Reading,
    ingest_file,
    ingest_files,
    ingest_table,
    named_query,
    named_table,
)
from fame_sql.warehouse.warehouse import Warehouse

OTEL = """
SELECT
    1700000000000000000 + number AS time_unix_nano,
    17 AS severity_number,
    'Error' AS severity_text,
    'failed ' || number AS body,
    '' AS service_name,
    '0af7' AS trace_id,
    '{"host.name": "h1", "service.name": "api"}' AS resource_attributes,
    '{"code": 7}' AS log_attributes,
    'scope' AS scope_name,
    NULL::VARCHAR AS event_name
FROM range(3) AS numbers (number)
"""
READ = """
SELECT
    timestamp, severity_number, service_name, host_name, body, trace_id,
    resource_attributes ->> 'host.name', attributes::VARCHAR
FROM fame.logs ORDER BY log_id LIMIT 1
"""
FIRST = (
    *(datetime(2023, 11, 14, 22, 13, 20), 17, "api", "h1", "failed 0", "0af7", "h1"),
    '{"code":7,"scope_name":"scope"}',
)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        yield opened


def test_a_table_of_the_shape_of_opentelemetry(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.connection.execute("CREATE SCHEMA raw")
    warehouse.connection.execute(f"CREATE TABLE raw.logs AS {OTEL}")
    assert ingest_table(warehouse, named_table("raw.logs")).rows == 3
    assert warehouse.rows(READ) == [FIRST]
    file = tmp_path / "otel.parquet"
    warehouse.connection.execute(f"COPY raw.logs TO '{file}'")
    (report,) = ingest_files(warehouse, [file])
    assert (report.state, report.format, report.rows) == ("added", "parquet", 3)
    assert ingest_table(warehouse, named_table("raw.logs")).state == "unchanged"


def test_a_time_of_zero_is_none_and_the_columns_that_were_taken_are_named(
    warehouse: Warehouse,
) -> None:
    query = "SELECT 0 AS time_unix_nano, 1700000000000000000 AS observed_time_unix_nano, 'x' AS msg"
    report = ingest_table(warehouse, named_query(query))
    assert warehouse.rows("SELECT timestamp, observed_timestamp, parse_error FROM fame.logs") == [
        (None, datetime(2023, 11, 14, 22, 13, 20), None)
    ]
    assert report.reason == "time from time_unix_nano, message from msg"
    assert (report.seen, report.timed) == (1, 0)
    assert "--time-column" in report.warnings[0]


def test_rows_that_an_earlier_version_read_otherwise_are_known(warehouse: Warehouse) -> None:
    execute = warehouse.connection.execute
    execute("CREATE TABLE main.mine AS SELECT 0 AS time, 'Fehler' AS level, 'kaputt' AS msg")
    execute("INSERT INTO main.mine VALUES (0, '', 'leer')")
    assert ingest_table(warehouse, named_table("mine")).rows == 2
    found = warehouse.rows("SELECT severity_text, severity_number FROM fame.logs ORDER BY log_id")
    assert found == [("Fehler", 17), (None, None)]
    execute("UPDATE fame.logs SET severity_number = NULL, timestamp = TIMESTAMP '1970-01-01'")
    execute("UPDATE fame.logs SET severity_text = '' WHERE severity_text IS NULL")
    execute("INSERT INTO main.mine VALUES (0, 'Fehler', 'kaputt')")
    assert ingest_table(warehouse, named_table("mine")).rows == 1


@pytest.mark.parametrize("kind", ["JSON", "VARIANT"])
def test_a_body_can_be_json_or_variant(warehouse: Warehouse, kind: str) -> None:
    texts = {"JSON": ("'\"text\"'", "'{\"a\":1}'"), "VARIANT": ("'text'", "{'a': 1}")}[kind]
    for text in texts:
        ingest_table(warehouse, named_query(f"SELECT {text}::{kind} AS body, {text}::{kind} AS x"))
    bodies = warehouse.rows("SELECT body FROM fame.logs ORDER BY log_id")
    assert bodies == [("text",), ('{"a":1}',)]


@pytest.mark.parametrize("kind", ["JSON", "VARIANT"])
def test_attributes_can_be_json_or_variant(warehouse: Warehouse, kind: str) -> None:
    attributes = {"JSON": "'{\"a\": 1}'::JSON", "VARIANT": "{'a': 1}::VARIANT"}[kind]
    query = f"SELECT 'text' AS body, {attributes} AS log_attributes"
    ingest_table(warehouse, named_query(query))
    assert warehouse.rows("SELECT attributes::VARCHAR FROM fame.logs") == [('{"a":1}',)]


def test_only_new_rows_of_a_table_are_read_again(warehouse: Warehouse) -> None:
    execute = warehouse.connection.execute
    execute("CREATE TABLE main.mine AS SELECT 'same' AS msg FROM range(2)")
    mine = named_table("mine")
    assert ingest_table(warehouse, mine).rows == 2
    execute("INSERT INTO main.mine VALUES ('same'), ('other')")
    report = ingest_table(warehouse, mine)
    assert (report.state, report.rows) == ("grown", 2)
    execute("DELETE FROM main.mine WHERE msg = 'same'")
    report = ingest_table(warehouse, mine)
    assert (report.rows, report.gone) == (0, 3)
    assert warehouse.value("SELECT count(*) FROM fame.logs") == 4


def test_a_row_that_was_changed_is_a_new_line_beside_the_old(warehouse: Warehouse) -> None:
    execute = warehouse.connection.execute
    execute("CREATE TABLE main.mine AS SELECT * FROM (VALUES (1, 'up'), (2, 'up')) AS t (id, msg)")
    ingest_table(warehouse, named_table("mine"))
    execute("UPDATE main.mine SET msg = 'down' WHERE id = 2")
    report = ingest_table(warehouse, named_table("mine"))
    assert (report.state, report.rows, report.gone) == ("grown", 1, 1)
    bodies = warehouse.rows("SELECT body FROM fame.logs ORDER BY log_id")
    assert bodies == [("up",), ("up",), ("down",)]


def test_a_table_of_another_file_is_read_again_for_what_is_new(tmp_path: Path) -> None:
    other, target = tmp_path / "other.duckdb", tmp_path / "w.duckdb"
    words = ["ingest", "--table", "raw.logs", "--database", str(other), "--warehouse", str(target)]
    with duckdb.connect(other) as made:
        made.execute("CREATE SCHEMA raw; CREATE TABLE raw.logs (level VARCHAR, msg VARCHAR)")
        made.execute("INSERT INTO raw.logs VALUES ('error', 'disk full')")
    assert CliRunner().invoke(main, words).exit_code == 0
    with duckdb.connect(other) as made:
        made.execute("INSERT INTO raw.logs VALUES ('info', 'disk ok')")
    assert CliRunner().invoke(main, words).stdout.endswith("raw.logs: grown, 1 line (table)\n")
    with Warehouse.open(target) as warehouse:
        found = warehouse.rows("SELECT severity_number, body FROM fame.logs ORDER BY log_id")
    assert found == [(17, "disk full"), (9, "disk ok")]
    missing = CliRunner().invoke(main, [*words[:4], "nosuch.duckdb", *words[5:]])
    assert (missing.exit_code, "no database nosuch.duckdb" in missing.stderr) == (1, True)


def test_a_growing_column_says_what_is_new(warehouse: Warehouse) -> None:
    reading = Reading(columns=ColumnChoice(new_by="n"))
    for rows, added in ((3, 3), (5, 2), (5, 0)):
        query = f"SELECT 'same' AS body, range AS n FROM range({rows})"
        report = ingest_table(warehouse, named_query(query, "numbers"), reading)
        assert report.rows == added
    warehouse.connection.execute("DELETE FROM fame.logs")
    query = "SELECT 'same' AS body, range AS n FROM range(6)"
    assert ingest_table(warehouse, named_query(query, "numbers"), reading).rows == 1
    with pytest.raises(InputError, match="--new-by"):
        ingest_table(warehouse, named_query(query, "numbers"))


def test_a_csv_file_with_a_header_is_a_table(warehouse: Warehouse, tmp_path: Path) -> None:
    table, lines = tmp_path / "a.csv", tmp_path / "b.csv"
    table.write_text('ts,level,message,code\n2024-02-03 04:05:06,ERROR,"one\ntwo",7\n,,x,\n')
    lines.write_text("2024-02-03 04:05:06 INFO a, b\n")
    formats = [report.format for report in ingest_files(warehouse, [table, lines])]
    assert formats == ["csv", "text"]
    found = warehouse.rows("SELECT timestamp, body, attributes::VARCHAR FROM fame.logs")
    assert found[0] == (datetime(2024, 2, 3, 4, 5, 6), "one\ntwo", '{"code":"7"}')
    with table.open("a") as file:
        file.write("2024-02-03 04:05:07,INFO,y,1\n")
    (report,) = ingest_files(warehouse, [table])
    assert (report.state, report.rows) == ("grown", 1)


DAMAGED = """ts,level,message
2024-02-03T04:05:01,INFO,"said ""no"", once"
2024-02-03T04:05:02,INFO,"cut""d:03Z"{}"
2024-02-03T04:05:03,INFO
2024-02-03T04:05:04,INFO,one,two
2024-02-03T04:05:05,INFO,last
"""


def test_the_damaged_records_of_a_csv_file_are_kept_as_lines(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    table = tmp_path / "a.csv"
    table.write_text(DAMAGED)
    (report,) = ingest_files(warehouse, [table])
    assert (report.rows, report.errors, report.format) == (5, 3, "csv")
    assert [fault.line_number for fault in report.examples] == [3, 4, 5]
    found = warehouse.rows("SELECT body, parse_error IS NULL FROM fame.logs ORDER BY timestamp")
    assert [body for body, is_whole in found if is_whole] == ['said "no", once', "last"]
    assert {body for body, is_whole in found if not is_whole} == set(DAMAGED.splitlines()[2:5])

    table.write_text(DAMAGED + "2024-02-03T04:05:06,INFO,more\n")
    (report,) = ingest_files(warehouse, [table])
    assert (report.state, report.rows, report.errors) == ("grown", 1, 0)
    (report,) = ingest_files(warehouse, [table])
    assert report.state == "unchanged"


def test_a_damaged_record_of_a_csv_file_can_be_refused(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    table = tmp_path / "a.csv"
    table.write_text(DAMAGED)
    with pytest.raises(InputError, match="without --strict, such records are kept"):
        list(ingest_files(warehouse, [table], Reading(strict=True), strict=True))
    assert warehouse.value("SELECT count(*) FROM fame.logs") == 0


def test_a_csv_file_that_was_read_as_lines_is_read_as_lines(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    table = tmp_path / "a.csv"
    table.write_text("ts,message\n2024-02-03 04:05:06,one\n")
    ingest_file(warehouse, table)
    (report,) = ingest_files(warehouse, [table])
    assert report.state == "unchanged"


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: named_table("no.such"), "no.such cannot be read"),
        (lambda: named_query("SELECT 1 AS number"), "has the columns number, and none called body"),
        (lambda: named_query("DROP TABLE fame.logs"), "is not one SELECT"),
        (lambda: named_query("SELECT 1; SELECT 2"), "is not one SELECT"),
        (lambda: named_query("SELEC"), "cannot be read"),
    ],
)
def test_what_is_no_log_is_refused(warehouse: Warehouse, make, part: str) -> None:
    with pytest.raises(InputError, match=part):
        ingest_table(warehouse, make())


def test_a_table_name_is_no_sql(warehouse: Warehouse) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        ingest_table(warehouse, named_table('x"; DROP TABLE fame.logs; --'))
    assert warehouse.value("SELECT count(*) FROM fame.logs") == 0


SECRETS = (
    '{"ts": "2024-02-03T04:05:06Z", "msg": "bob@example.com has password=hunter2", '
    '"token": "abc", "n": {"user": "bob", "pin": [1.50, "10.1.2.3"]}}\n'
    '{"ts": "2024-02-03T04:05:07Z", "msg": "nothing to hide", "ratio": 1.50}\n'
)


def test_secrets_are_masked_before_they_are_stored(warehouse: Warehouse, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(SECRETS)
    ingest_file(warehouse, log, redact=True)
    found = warehouse.rows("SELECT body, attributes::VARCHAR FROM fame.logs ORDER BY log_id")
    assert found == [
        (
            "<email> has password=<secret>",
            '{"token":"<secret>","n":{"user":"<user>","pin":[1.5,"<ip>"]}}',
        ),
        ("nothing to hide", '{"ratio":1.5}'),
    ]
    stored = "".join(str(row) for row in warehouse.rows("SELECT * FROM fame.events"))
    assert "hunter2" not in stored
    assert ingest_file(warehouse, log, redact=True).state == "unchanged"


def test_rows_of_a_table_are_masked_too(warehouse: Warehouse) -> None:
    query = named_query("SELECT 'password=hunter2' AS body")
    for rows in (1, 0):
        assert ingest_table(warehouse, query, Reading(redact=True)).rows == rows
    assert warehouse.rows("SELECT body FROM fame.logs") == [("password=<secret>",)]


CSV_TIMES = [
    ("time,message\n11/12/2026 8:14:02 PM,x\n", Hints(), "2026-11-12 20:14:02", "month before day"),
    ("time,message\n11/13/2026 8:14:02 AM,x\n", Hints(), "2026-11-13 08:14:02", None),
    ("Date,Time,Content\n2026-11-12,08:14:02,x\n", Hints(), "2026-11-12 08:14:02", None),
    ("time,message\n08:14:02,x\n", Hints(), None, None),
    ("time,message\n2026-11-12,x\n", Hints(), "2026-11-12 00:00:00", None),
    (
        "time,message\n2026-11-12 08:14:02,x\n",
        Hints(timezone="Europe/Berlin"),
        "2026-11-12 07:14:02",
        None,
    ),
    (
        "time,message\n12.11.26 08,x\n",
        Hints(time_format="%d.%m.%y %H"),
        "2026-11-12 08:00:00",
        None,
    ),
]


@pytest.mark.parametrize(("text", "hints", "time", "guess"), CSV_TIMES)
def test_times_of_a_table_are_read_or_said_to_be_lost(
    warehouse: Warehouse,
    tmp_path: Path,
    text: str,
    hints: Hints,
    time: str | None,
    guess: str | None,
) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (_,) = ingest_files(warehouse, [tmp_path / "a.csv"], Reading(hints=hints))
    found = warehouse.rows(
        "SELECT timestamp::VARCHAR, attributes ->> 'time_guess', parse_error FROM fame.logs"
    )
    assert found == [(time, guess, None if time else "expected: a time in time")]


def test_the_host_and_the_service_of_a_table_can_be_named(warehouse: Warehouse) -> None:
    rows = named_query("SELECT 'x' AS body, 'web1' AS host UNION ALL SELECT 'y', NULL ORDER BY 1")
    ingest_table(warehouse, rows, Reading(hints=Hints(host="h", service="s")))
    found = warehouse.rows("SELECT host_name, service_name FROM fame.logs ORDER BY body")
    assert found == [("web1", "s"), ("h", "s")]
