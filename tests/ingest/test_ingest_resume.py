"""A source is read once: under any name, however often it is named, stopped or appended to."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from kills import Forks

from fame_sql.errors import InputError
from fame_sql.events.events import absorb
from fame_sql.ingest import IngestReport, ingest_file
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

TEXT = "".join(f"2024-01-01 00:00:{second:02d} INFO step {second}\n" for second in range(10))
SIZE = len(TEXT)


@pytest.fixture(scope="module")
def module_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("resume") / "w.duckdb"
    with Warehouse.open(path, create=True) as opened:
        yield opened


@pytest.fixture
def warehouse(module_warehouse: Warehouse) -> Warehouse:
    return clear(module_warehouse)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.log"
    path.write_text(TEXT, encoding="utf-8")
    return path


def clear(warehouse: Warehouse) -> Warehouse:
    for table in ("logs", "ingests", "events"):
        warehouse.connection.execute(f"DELETE FROM fame.{table}")
    return warehouse


def ingest(warehouse: Warehouse, path: Path, **options: Any) -> IngestReport:
    return ingest_file(warehouse, path, **{"encoding": "utf-8", **options})


def rows(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "SELECT line_number, byte_offset, body, parse_error FROM fame.logs "
        "ORDER BY line_number, byte_offset"
    )


def stop_at(number: int) -> Callable[[duckdb.DuckDBPyConnection], None]:
    """Return an absorb that fails at its call ``number``, after its work is done."""
    calls = 0

    def failing(connection: duckdb.DuckDBPyConnection) -> None:
        nonlocal calls
        calls += 1
        absorb(connection)
        if calls == number:
            raise KeyboardInterrupt

    return failing


def test_a_rotated_source_adds_nothing(warehouse: Warehouse, source: Path) -> None:
    assert ingest(warehouse, source).state == "added"
    before = rows(warehouse)
    other = source.rename(source.with_name("source.log.1"))
    for _ in range(2):
        report = ingest(warehouse, other)
        assert (report.state, report.rows, report.bytes_read) == ("unchanged", 0, 0)
    assert rows(warehouse) == before
    assert warehouse.value("SELECT count(*) FROM fame.ingests") == 1


def test_other_content_under_the_same_name_is_added(warehouse: Warehouse, source: Path) -> None:
    ingest(warehouse, source)
    source.write_text("quite another\n", encoding="utf-8")
    report = ingest(warehouse, source)
    assert (report.state, report.rows) == ("rotated", 1)
    assert len(rows(warehouse)) == 11


def test_grown_source_adds_only_the_new_lines(warehouse: Warehouse, source: Path) -> None:
    ingest(warehouse, source)
    for round_ in (1, 2):
        with source.open("a", encoding="utf-8") as file:
            file.write("\nlater\nlast\n")
        report = ingest(warehouse, source)
        assert (report.state, report.rows, report.bytes_read) == ("grown", 2, 12)
        assert [row[0] for row in rows(warehouse)][-2:] == [9 + 3 * round_, 10 + 3 * round_]
    data = source.read_bytes()
    for _, offset, body, _ in rows(warehouse)[-4:]:
        assert data[offset:].startswith(body.encode() + b"\n")
    assert warehouse.rows(
        "SELECT ingest_id, byte_start, byte_end, line_end, rows, state FROM fame.ingests ORDER BY 1"
    ) == [
        (1, 0, SIZE, 10, 10, "complete"),
        (2, SIZE, SIZE + 12, 13, 2, "complete"),
        (3, SIZE + 12, SIZE + 24, 16, 2, "complete"),
    ]


def test_unterminated_line_is_read_again_when_it_grows(warehouse: Warehouse, source: Path) -> None:
    source.write_bytes(b"one\ntw")
    ingest(warehouse, source)
    assert [row[2] for row in rows(warehouse)] == ["one", "tw"]
    assert ingest(warehouse, source).state == "unchanged"
    source.write_bytes(b"one\ntwo\nthree")
    report = ingest(warehouse, source)
    assert (report.state, report.rows) == ("grown", 2)
    assert [row[:3] for row in rows(warehouse)] == [(1, 0, "one"), (2, 4, "two"), (3, 8, "three")]


def test_a_failed_load_of_a_grown_line_keeps_the_stored_line(
    warehouse: Warehouse, source: Path
) -> None:
    source.write_bytes(b"one\ntw")
    ingest(warehouse, source)
    before = rows(warehouse)
    source.write_bytes(b"one\ntwo\n")
    with pytest.raises(KeyboardInterrupt):
        ingest(warehouse, source, absorb=stop_at(1))
    assert rows(warehouse) == before
    ingest(warehouse, source)
    assert [row[2] for row in rows(warehouse)] == ["one", "two"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_stopped_load_goes_on_after_the_last_chunk(
    warehouse: Warehouse, source: Path, number: int
) -> None:
    with pytest.raises(KeyboardInterrupt):
        ingest(warehouse, source, absorb=stop_at(number), chunk_lines=3)
    assert len(rows(warehouse)) == 3 * (number - 1)
    assert warehouse.rows("SELECT state, rows FROM fame.ingests") == (
        [("partial", 3 * (number - 1))] if number > 1 else []
    )
    report = ingest(warehouse, source, chunk_lines=3)
    assert report.rows == 10 - 3 * (number - 1)
    assert [row[0] for row in rows(warehouse)] == list(range(1, 11))
    assert warehouse.rows(
        "SELECT ingest_id, byte_start, byte_end, rows, state FROM fame.ingests"
    ) == [(1, 0, SIZE, 10, "complete")]
    assert ingest(warehouse, source).state == "unchanged"


@pytest.mark.slow
def test_killed_process_loses_and_doubles_nothing(
    forking: Forks, tmp_path: Path, source: Path
) -> None:
    path = tmp_path / "killed.duckdb"
    assert forking.start([path, source], call="killed:ingest").wait(60) == -9
    with Warehouse.open(path) as warehouse:
        assert len(rows(warehouse)) == 6
        assert ingest(warehouse, source).rows == 4
        assert [row[0] for row in rows(warehouse)] == list(range(1, 11))
        assert warehouse.rows("SELECT DISTINCT state FROM fame.ingests") == [("complete",)]


def test_partial_load_of_all_there_is_becomes_complete(warehouse: Warehouse, source: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        ingest(warehouse, source, absorb=stop_at(2), chunk_lines=3)
    source.write_text("".join(TEXT.splitlines(keepends=True)[:3]), encoding="utf-8")
    assert ingest(warehouse, source).state == "unchanged"
    assert warehouse.rows("SELECT state, finished_at IS NULL FROM fame.ingests") == [
        ("complete", False)
    ]


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"]
)
def test_packed_source_is_the_same_source(
    warehouse: Warehouse, source: Path, pack: Callable[[bytes], bytes]
) -> None:
    packed = source.with_name("source.log.1.gz")
    packed.write_bytes(pack(TEXT[: SIZE // 2].encode()))
    report = ingest(warehouse, packed)
    assert (report.state, report.rows, report.bytes_read) == ("added", 5, SIZE // 2)
    report = ingest(warehouse, source)
    assert (report.state, report.rows) == ("grown", 5)
    assert [row[0] for row in rows(warehouse)] == list(range(1, 11))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_source_in_another_encoding_is_the_same_source(
    warehouse: Warehouse, tmp_path: Path, encoding: str
) -> None:
    text = "Grüße\r\ncafé\nfin €"
    source = tmp_path / "source.log"
    source.write_bytes(text[:11].encode(encoding))
    assert ingest(warehouse, source, encoding=encoding).rows == 2
    source.write_bytes(text.encode(encoding))
    assert ingest(warehouse, source, encoding=encoding).state == "grown"
    assert [row[2] for row in rows(warehouse)] == ["Grüße", "café", "fin €"]
    source.write_text(text, encoding="utf-8", newline="")
    assert ingest(warehouse, source).state == "unchanged"


@pytest.mark.slow
@given(
    data=st.lists(
        st.sampled_from([b"a", b"b", b"\n", b"\r\n", b"\xff", b"\xc3\xa9", b"\xef\xbb\xbf", b"\0"]),
        min_size=1,
        max_size=30,
    ).map(b"".join),
    cuts=st.lists(st.integers(0, 60), max_size=3),
    chunk_lines=st.integers(1, 5),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_loading_in_parts_gives_the_rows_of_loading_at_once(
    module_warehouse: Warehouse, tmp_path: Path, data: bytes, cuts: list[int], chunk_lines: int
) -> None:
    assume(data.removeprefix(b"\xef\xbb\xbf").strip())
    source = tmp_path / "source.log"
    found = []
    for parts in ([len(data)], [*sorted(cuts), len(data)]):
        warehouse = clear(module_warehouse)
        for part in parts:
            source.write_bytes(data[:part])
            try:
                ingest(warehouse, source, format="text", chunk_lines=chunk_lines)
            except InputError as error:
                assert "is empty" in str(error)  # noqa: PT017
        found.append(rows(warehouse))
    assert found[0] == found[1]
    assert len(found[0]) == sum(
        bool(line.strip()) for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    )
