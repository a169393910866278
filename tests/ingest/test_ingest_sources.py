"""What lines come from: clocks without a year, pipes, packed files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.events.events import absorb
from fame_sql.ingest import ingest_file, ingest_stream
from fame_sql.ingest.macros import Macros
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

LINES = b"Dec 31 23:59:59 host app[1]: old\nJan  1 00:00:01 host app[1]: new\n"


@pytest.fixture(scope="module")
def memory() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        yield opened


@pytest.mark.slow
@given(
    written=st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)),
    later=st.timedeltas(timedelta(days=-1), timedelta(days=363)),
)
def test_a_year_is_found_again_within_a_year(
    memory: duckdb.DuckDBPyConnection, written: datetime, later: timedelta
) -> None:
    statement = "SELECT ingest_yearless(?, ?, ?)"
    Macros(memory).prepare(statement, latest=written + later)
    values = [written.month, str(written.day), written.strftime("%H:%M:%S.%f")]
    assert memory.execute(statement, values).fetchall() == [(written,)]


def test_without_a_year_the_last_change_of_the_file_decides(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    source = tmp_path / "messages"
    source.write_bytes(LINES)
    changed = datetime(2020, 1, 1, 12, tzinfo=UTC).timestamp()
    os.utime(source, (changed, changed))
    ingest_file(warehouse, source)
    assert warehouse.rows("SELECT timestamp FROM fame.logs ORDER BY line_number") == [
        (datetime(2019, 12, 31, 23, 59, 59),),
        (datetime(2020, 1, 1, 0, 0, 1),),
    ]


def test_a_year_that_is_given_holds(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "messages"
    source.write_bytes(LINES)
    ingest_file(warehouse, source, year=2005)
    assert warehouse.rows("SELECT DISTINCT year(timestamp) FROM fame.logs") == [(2005,)]
    with pytest.raises(InputError, match="the year is 12: use one from 1970"):
        ingest_file(warehouse, source, year=12)


@pytest.mark.parametrize("frames", [1, 3])
def test_zstd_is_unpacked_as_it_is_read(warehouse: Warehouse, tmp_path: Path, frames: int) -> None:
    source, plain = tmp_path / "messages.1.zst", tmp_path / "messages"
    codec = pa.Codec("zstd")
    source.write_bytes(codec.compress(LINES, asbytes=True) * frames)
    plain.write_bytes(LINES * frames)
    assert ingest_file(warehouse, source).rows == 2 * frames
    assert ingest_file(warehouse, plain).state == "unchanged"


def test_a_truncated_zstd_file_is_reported(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "messages.zst"
    source.write_bytes(pa.Codec("zstd").compress(LINES, asbytes=True)[:-4])
    with pytest.raises(InputError, match=r"messages.zst is damaged \(.*the readable part"):
        ingest_file(warehouse, source)


def test_a_pipe_with_known_lines_adds_nothing(warehouse: Warehouse) -> None:
    first = ingest_stream(warehouse, io.BytesIO(LINES), year=2005)
    again = ingest_stream(warehouse, io.BytesIO(LINES), year=2005)
    grown = ingest_stream(warehouse, io.BytesIO(LINES + LINES), year=2005)
    assert [(r.state, r.rows) for r in (first, again, grown)] == [
        ("added", 2),
        ("unchanged", 0),
        ("grown", 2),
    ]
    assert warehouse.rows("SELECT DISTINCT source_path FROM fame.logs") == [("-",)]
    other = ingest_stream(warehouse, io.BytesIO(b"caf\xe9 opened\n"), encoding="latin-1")
    assert (other.state, other.rows) == ("added", 1)


def test_the_command_reads_standard_input(tmp_path: Path) -> None:
    target = tmp_path / "piped.duckdb"
    words = ["ingest", "-", "--year", "2005", "--warehouse", str(target)]
    done = CliRunner().invoke(main, words, input=LINES)
    assert "-: added, 2 lines (syslog)" in done.output
    with Warehouse.open(target, read_only=True) as opened:
        assert opened.rows("SELECT DISTINCT service_name FROM fame.logs") == [("app",)]


TRACE = (
    b"before any header\n"
    b"2024-02-03 04:05:06 ERROR failed\n"
    b"Traceback (most recent call last):\n"
    b'  File "a.py", line 1\n'
    b"\n"
    b"ValueError: \xff\n"
    b"2024-02-03 04:05:07 INFO went on\n"
    b"2024-02-03 04:05:08 ERROR again\n"
    b"\tat a.B\n"
    b"\tat a.C"
)
FAILED = 'failed\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: \\xff'
RECORDS = [
    (1, 0, 1, "before any header", False),
    (2, TRACE.index(b"2024-02-03 04:05:06"), 5, FAILED, True),
    (7, TRACE.index(b"2024-02-03 04:05:07"), 1, "went on", False),
    (8, TRACE.index(b"2024-02-03 04:05:08"), 3, "again\n\tat a.B\n\tat a.C", False),
]


def _records(warehouse: Warehouse) -> list[tuple]:
    return warehouse.rows(
        "SELECT line_number, byte_offset, line_count, body, parse_error IS NOT NULL "
        "FROM fame.logs ORDER BY line_number"
    )


@pytest.mark.slow
@pytest.mark.parametrize("chunk_lines", [1, 2, 3, 100])
def test_a_stack_trace_goes_on_with_its_record(
    warehouse: Warehouse, tmp_path: Path, chunk_lines: int
) -> None:
    source = tmp_path / "app.log"
    source.write_bytes(TRACE)
    report = ingest_file(warehouse, source, join_lines=True, chunk_lines=chunk_lines)
    assert _records(warehouse) == RECORDS
    assert (report.rows, report.errors, len(report.examples)) == (4, 1, 1)
    assert warehouse.rows("SELECT rows, errors FROM fame.ingests") == [(4, 1)]
    assert warehouse.value("SELECT sum(lines) FROM fame.events") == 4
    assert ingest_file(warehouse, source, join_lines=True).state == "unchanged"


@pytest.mark.slow
@pytest.mark.parametrize("cut", range(20, len(TRACE), 13))
def test_a_record_grows_with_its_file(warehouse: Warehouse, tmp_path: Path, cut: int) -> None:
    source = tmp_path / "app.log"
    for end in (cut, len(TRACE)):
        source.write_bytes(TRACE[:end])
        ingest_file(warehouse, source, join_lines=True)
    assert _records(warehouse) == RECORDS


@pytest.mark.slow
@pytest.mark.parametrize("stopped_after", [1, 3, 6])
def test_a_load_that_was_stopped_goes_on_inside_a_record(
    warehouse: Warehouse, tmp_path: Path, stopped_after: int
) -> None:
    source = tmp_path / "app.log"
    source.write_bytes(TRACE)
    left = iter(range(stopped_after))

    def stop(connection: duckdb.DuckDBPyConnection) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        absorb(connection)

    with pytest.raises(KeyboardInterrupt):
        ingest_file(warehouse, source, join_lines=True, chunk_lines=1, absorb=stop)
    ingest_file(warehouse, source, join_lines=True, chunk_lines=2)
    assert _records(warehouse) == RECORDS
    assert warehouse.rows("SELECT rows, errors, state FROM fame.ingests") == [(4, 1, "complete")]


def test_more_than_a_thousand_lines_are_no_trace(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "app.log"
    source.write_bytes(b"2024-02-03 04:05:06 ERROR dump\n" + b"x\n" * 1500)
    ingest_file(warehouse, source, join_lines=True, chunk_lines=400)
    counts = warehouse.rows("SELECT line_count, count(*) FROM fame.logs GROUP BY 1 ORDER BY 1")
    assert counts == [(1, 500), (1001, 1)]
