"""Every format on its own samples, and how a format is recognised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fame_sql.errors import InputError
from fame_sql.ingest import FORMATS, ingest_file
from fame_sql.ingest.formats import choose_layout
from fame_sql.ingest.formats.samples import differences_of
from fame_sql.ingest.trial import trial_warehouse
from fame_sql.warehouse.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def trials() -> Iterator[Warehouse]:
    with trial_warehouse() as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_samples_become_the_records_they_name(trials: Warehouse, name: str) -> None:
    assert differences_of(trials, FORMATS[name]) == []


def test_the_zone_of_the_database_changes_no_time(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.log"
    source.write_text(FORMATS["text"].samples[0].lines, encoding="utf-8")
    warehouse.connection.execute("SET TimeZone = 'Asia/Tokyo'")
    ingest_file(warehouse, source)
    first = warehouse.value("SELECT timestamp::VARCHAR FROM fame.logs ORDER BY log_id LIMIT 1")
    assert first == FORMATS["text"].samples[0].records[0]["timestamp"]


def test_byte_order_mark_does_not_hide_the_format() -> None:
    head = b'\xef\xbb\xbf{"msg": "x"}\n'
    assert choose_layout("auto", Path("x.log"), head).name == "jsonl"


def test_format_that_no_line_is_in_names_the_right_one() -> None:
    head = b'{"msg": "x"}\n{"msg": "y"}\n'
    with pytest.raises(InputError, match=r"none of the first 2 lines .* --format jsonl"):
        choose_layout("bgl", Path("x.log"), head)


def test_report_shows_the_first_lines_that_did_not_parse(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    source = tmp_path / "source.log"
    source.write_text('{"msg": "x"}\n\n' + "odd\n" * 5, encoding="utf-8")
    report = ingest_file(warehouse, source, format="jsonl", chunk_lines=4)
    assert (report.rows, report.errors) == (6, 5)
    assert [example.line_number for example in report.examples] == [3, 4, 5]
    assert report.examples[0].parse_error == "expected: a JSON object"
    assert report.examples[0].excerpt == "odd"


def test_levels_that_are_no_known_word_are_reported(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.log"
    source.write_text('{"level": "odd", "msg": "x"}\n' * 2 + '{"level": "info", "msg": "y"}\n')
    report = ingest_file(warehouse, source)
    assert report.unknown == 2
    assert any("2 of 3 records have a level that is no known" in one for one in report.warnings)


@pytest.mark.parametrize(
    "nested",
    ["[" * 400_000 + "]" * 400_000, '{"a":' * 100_000 + "1" + "}" * 100_000],
    ids=["arrays", "objects"],
)
def test_deeply_nested_json_stays_text(warehouse: Warehouse, tmp_path: Path, nested: str) -> None:
    source = tmp_path / "source.log"
    line = f'{{"msg": "deep", "x": {nested}}}'
    source.write_text(f'{{"msg": "x"}}\n{line}\n', encoding="utf-8")
    report = ingest_file(warehouse, source)
    assert (report.format, report.rows, report.errors) == ("jsonl", 2, 1)
    assert report.examples[0].parse_error == "expected: a JSON object with at most 5000 brackets"
    assert warehouse.value("SELECT body FROM fame.logs WHERE line_number = 2") == line


def test_provenance_of_a_row(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "it's; DROP TABLE.log"
    source.write_bytes(b"\xef\xbb\xbfone\r\n\r\n \t\r\ntwo\nthree")
    ingest_file(warehouse, source)
    rows = warehouse.rows(
        "SELECT body, line_number, byte_offset, line_count, ingest_id, source_path, "
        "abs(epoch(observed_timestamp) - epoch(now())) < 60 FROM fame.logs ORDER BY line_number"
    )
    assert rows == [
        ("one", 1, 3, 1, 1, str(source), True),
        ("two", 4, 14, 1, 1, str(source), True),
        ("three", 5, 18, 1, 1, str(source), True),
    ]


def test_nothing_of_a_load_is_left_on_the_connection(warehouse: Warehouse, tmp_path: Path) -> None:
    source = tmp_path / "source.log"
    source.write_text("one\n", encoding="utf-8")
    ingest_file(warehouse, source)
    assert warehouse.rows("SELECT table_name FROM duckdb_tables() WHERE temporary") == []
    assert (
        warehouse.rows("SELECT view_name FROM duckdb_views() WHERE view_name = 'raw_lines'") == []
    )
    assert (
        warehouse.rows(
            "SELECT function_name FROM duckdb_functions() WHERE function_name LIKE 'ingest_%'"
        )
        == []
    )
