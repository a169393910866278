"""Times in the ways that logs write them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fame_sql.errors import InputError
from fame_sql.ingest import Hints, ingest_file
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("times") / "w.duckdb"
    with Warehouse.open(path, create=True) as opened:
        yield opened


def read(
    warehouse: Warehouse, folder: Path, text: str, hints: Hints | None = None
) -> list[tuple[object, ...]]:
    source = folder / "source.log"
    source.write_text(text, encoding="utf-8")
    ingest_file(warehouse, source, year=2024, hints=hints or Hints())
    return warehouse.rows(
        "SELECT timestamp::VARCHAR, body, attributes ->> 'time_guess' FROM fame.logs "
        "WHERE source_path = ? ORDER BY log_id",
        [str(source)],
    )


TIMES = {
    "2024-05-06 07:08:09 PM": "2024-05-06 19:08:09",
    "2024-05-06 12:08:09 AM": "2024-05-06 00:08:09",
    "2024-05-06 07:08:09 CEST": "2024-05-06 05:08:09",
    "2024-05-06 07:08:09 PDT": "2024-05-06 14:08:09",
    "2024-05-06 07:08:09 UTC+02:00": "2024-05-06 05:08:09",
    "2024-05-06T07:08Z": "2024-05-06 07:08:00",
    "20240506T070809Z": "2024-05-06 07:08:09",
    "2016-12-31T23:59:60Z": "2017-01-01 00:00:00",
    "6.5.2024 07:08:09": "2024-05-06 07:08:09",
    "25/12/2024 07:08:09": "2024-12-25 07:08:09",
    "6. Mai 2024 07:08:09": "2024-05-06 07:08:09",
    "6 août 2024 07:08:09": "2024-08-06 07:08:09",
    "May 06, 2024 7:08:09 PM": "2024-05-06 19:08:09",
    "Mon May  6 07:08:09 CEST 2024": "2024-05-06 05:08:09",
    "1714979289.25": "2024-05-06 07:08:09.25",
    "1714979289250": "2024-05-06 07:08:09.25",
    "2024-05-06  07:08:09": "2024-05-06 07:08:09",
    "@40000000433225833b6e1a8c": "2005-09-22 03:31:05.997071",
}


@pytest.mark.parametrize("written", TIMES)
def test_a_time_is_read(warehouse: Warehouse, tmp_path: Path, written: str) -> None:
    assert read(warehouse, tmp_path, f"{written} up\n") == [(TIMES[written], "up", None)]


GUESSED = {
    "2024-05-06 07:08:09 CST": ("2024-05-06 13:08:09", "China"),
    "2024-05-06 07:08:09 GMT+3": ("2024-05-06 04:08:09", "east of Greenwich"),
    "05/06/2024 07:08:09": ("2024-05-06 07:08:09", "month before day"),
    "07:08:09.250": ("2024-12-30 07:08:09.25", "the date"),
}


@pytest.mark.parametrize("written", GUESSED)
def test_what_was_guessed_of_a_time_is_marked(
    warehouse: Warehouse, tmp_path: Path, written: str
) -> None:
    (found,) = read(warehouse, tmp_path, f"{written} up\n")
    moment, guess = GUESSED[written]
    assert found[:2] == (moment, "up")
    assert guess in str(found[2])


DATES = {
    "given": ("app.log", Hints(date="2024-07-08"), "2024-07-08 07:08:09", None),
    "given, in a zone": (
        "app-20240203.log",
        Hints(date="2024-07-08", timezone="Europe/Berlin"),
        "2024-07-08 05:08:09",
        None,
    ),
    "in the name": ("app.2024-02-03.log", Hints(), "2024-02-03 07:08:09", "from the name"),
    "no date in the name": ("app.2024-13-03.log", Hints(), "2024-12-30 07:08:09", "the date"),
    "a format of a clock": (
        "app.2024-02-03.log",
        Hints(time_format="%H:%M:%S"),
        "2024-02-03 07:08:09",
        "from the name",
    ),
}


@pytest.mark.parametrize("case", DATES)
def test_a_clock_has_the_date_that_is_known(
    warehouse: Warehouse, tmp_path: Path, case: str
) -> None:
    name, hints, moment, guess = DATES[case]
    source = tmp_path / name
    source.write_text("07:08:09 up\n", encoding="utf-8")
    ingest_file(warehouse, source, year=2024, hints=hints)
    found = warehouse.rows(
        "SELECT timestamp::VARCHAR, attributes ->> 'time_guess' FROM fame.logs "
        "WHERE source_path = ?",
        [str(source)],
    )
    assert found[0][0] == moment
    assert (guess is None) == (found[0][1] is None)
    assert (guess or "") in (found[0][1] or "")


def test_one_certain_date_decides_the_order_of_all(warehouse: Warehouse, tmp_path: Path) -> None:
    text = "05/06/2024 07:08:09 a\n25/12/2024 07:08:09 b\n"
    assert [row[0] for row in read(warehouse, tmp_path, text)] == [
        "2024-06-05 07:08:09",
        "2024-12-25 07:08:09",
    ]


@pytest.mark.parametrize("line", ["2024-05-06T07:08:09FOO up", "2024-02-31 07:08:09 up"])
def test_what_is_no_time_is_said(warehouse: Warehouse, tmp_path: Path, line: str) -> None:
    assert read(warehouse, tmp_path, f"{line}\n") == [(None, line, None)]
    found = warehouse.rows("SELECT parse_error FROM fame.logs WHERE body = ?", [line])
    assert "expected" in found[0][0]


def test_a_zone_is_given(warehouse: Warehouse, tmp_path: Path) -> None:
    text = "2024-01-06 07:08:09 winter\n2024-07-06 07:08:09 summer\n2024-07-06 07:08:09Z utc\n"
    found = read(warehouse, tmp_path, text, Hints(timezone="Europe/Berlin"))
    assert [row[0] for row in found] == [
        "2024-01-06 06:08:09",
        "2024-07-06 05:08:09",
        "2024-07-06 07:08:09",
    ]


def test_a_time_format_is_given(warehouse: Warehouse, tmp_path: Path) -> None:
    text = "06|05|24 07.08.09 WARN up\n06|05|24 07.08.10 down\n"
    found = read(warehouse, tmp_path, text, Hints(time_format="%d|%m|%y %H.%M.%S"))
    assert [row[:2] for row in found] == [
        ("2024-05-06 07:08:09", "up"),
        ("2024-05-06 07:08:10", "down"),
    ]


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        (Hints(timezone="Mars/Olympus"), "unknown timezone 'Mars/Olympus'"),
        (Hints(time_format="%Q"), "unknown code '%Q'"),
        (Hints(date="2024-7-8"), "'2024-7-8' is no date: write it as in 2024-02-03"),
    ],
)
def test_hints_that_cannot_be_used_are_refused(
    warehouse: Warehouse, tmp_path: Path, hints: Hints, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read(warehouse, tmp_path, "x\n", hints)
