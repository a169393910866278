"""One identity for each source: rotation, growth, truncation, copies."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fame_sql.ingest import IngestReport, Reading, ingest_file, ingest_files
from fame_sql.ingest.identity import identity, is_former, stem
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "w.duckdb", create=True) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.mkdir()
    return path


def lines(*numbers: int) -> str:
    return "".join(f"2024-02-03 04:05:{number:02d} INFO step {number}\n" for number in numbers)


def steps(warehouse: Warehouse) -> list[int]:
    rows = warehouse.rows("SELECT body FROM fame.logs ORDER BY log_id")
    return [int(body.split()[-1]) for (body,) in rows]


def read(warehouse: Warehouse, *inputs: Path, **options: Any) -> dict[str, IngestReport]:
    reports = ingest_files(warehouse, inputs, Reading(**options))
    return {Path(report.source_path).name: report for report in reports}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("app.log", "app.log"),
        ("app.log.1", "app.log"),
        ("app.log.2.gz", "app.log"),
        ("app.log.gz", "app.log"),
        ("app.log-20240203", "app.log"),
        ("app.log-20240203.xz", "app.log"),
        ("app.log.2024-02-03", "app.log"),
        ("app.log.2024-02-03_11", "app.log"),
        ("0.log.20240203-040506", "0.log"),
        ("messages.1", "messages"),
        ("pod0.log", "pod0.log"),
        ("server-1.log", "server-1.log"),
        ("10.0.0.1", "10.0.0.1"),
        ("7.log", "7.log"),
    ],
)
def test_the_stem_of_a_name(name: str, expected: str) -> None:
    assert stem(name) == expected


@pytest.mark.parametrize(
    ("former", "source", "same"),
    [
        ("/var/log/app.log.1", "/var/log/app.log", True),
        ("app.log", "/var/log/app.log", True),
        ("./log/app.log", "/var/log/app.log", True),
        ("../log/app.log", "/var/log/app.log", True),
        ("h1/app.log", "/var/h2/app.log", False),
        ("/srv/app.log", "/var/log/app.log", False),
        ("-", "/var/log/app.log", False),
        ("-", "-", True),
    ],
)
def test_a_path_of_an_older_warehouse(former: str, source: str, *, same: bool) -> None:
    assert is_former(former, source) is same


def test_rotation_neither_doubles_nor_loses_a_line(warehouse: Warehouse, folder: Path) -> None:
    log = folder / "app.log"
    log.write_text(lines(1, 2))
    read(warehouse, folder)
    with log.open("a") as file:
        file.write(lines(3))
    log.rename(folder / "app.log.1")
    log.write_text(lines(4))
    reports = read(warehouse, folder)
    assert [(r.state, r.rows, r.read_as) for r in reports.values()] == [
        ("grown", 1, str(log)),
        ("rotated", 1, None),
    ]
    packed = gzip.compress((folder / "app.log.1").read_bytes())
    (folder / "app.log.2.gz").write_bytes(packed)
    log.rename(folder / "app.log.1")
    log.write_text(lines(5, 6))
    assert {name: (r.state, r.rows) for name, r in read(warehouse, folder).items()} == {
        "app.log.2.gz": ("unchanged", 0),
        "app.log.1": ("unchanged", 0),
        "app.log": ("rotated", 2),
    }
    assert steps(warehouse) == [1, 2, 3, 4, 5, 6]


def test_a_file_that_was_cut_is_not_read_twice(warehouse: Warehouse, folder: Path) -> None:
    log = folder / "app.log"
    log.write_text(lines(1, 2, 3, 4))
    read(warehouse, log)
    log.write_text(lines(1, 2))
    report = read(warehouse, log)["app.log"]
    assert (report.state, report.rows) == ("truncated", 0)
    log.write_text(lines(1, 2, 7))
    assert (read(warehouse, log)["app.log"].rows, steps(warehouse)) == (1, [1, 2, 3, 4, 7])
    log.write_text(lines(1))
    assert read(warehouse, log)["app.log"].state == "truncated"
    log.write_text(lines(1, 2, 7)[:-2])
    assert read(warehouse, log)["app.log"].rows == 0
    log.write_text(lines(8))
    assert read(warehouse, log)["app.log"].state == "rotated"
    assert steps(warehouse) == [1, 2, 3, 4, 7, 8]


@pytest.mark.parametrize("join", [False, True])
def test_a_file_that_was_read_in_parts_and_cut(
    warehouse: Warehouse, folder: Path, *, join: bool
) -> None:
    log = folder / "app.log"
    for numbers in ((1, 2), (1, 2, 3, 4), (1, 2, 3), (1, 2, 3, 5)):
        log.write_text(lines(*numbers))
        read(warehouse, log, join_lines=join)
    assert sorted(steps(warehouse)) == [1, 2, 3, 4, 5]


def test_the_first_lines_of_a_program_are_no_truncation(warehouse: Warehouse, folder: Path) -> None:
    log = folder / "app.log"
    log.write_text("started, version 1\n" + lines(1))
    read(warehouse, log)
    log.write_text("started, version 1\n" + lines(2))
    report = read(warehouse, log)["app.log"]
    assert (report.state, report.rows) == ("rotated", 2)


@pytest.mark.slow
@given(
    cuts=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), max_size=4),
    join=st.booleans(),
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_growth_truncation_and_rotation_keep_every_line_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, int]], *, join: bool
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log, number, held, expected = folder / "app.log", 0, [], set()
    with Warehouse.open(folder.with_suffix(".duckdb"), create=True) as warehouse:
        for kept, fresh in cuts:
            if kept == 0 and log.exists():
                log.rename(folder / f"app.log.{number}")
            added = list(range(number + 1, number + 1 + fresh))
            number += fresh
            held = [*held[:kept], *added]
            expected |= set(added)
            log.write_text(lines(*held))
            read(warehouse, folder, join_lines=join)
        assert sorted(steps(warehouse)) == sorted(expected)


def test_the_same_lines_elsewhere_are_another_source(warehouse: Warehouse, folder: Path) -> None:
    for host in ("h1", "h2", "h3"):
        (folder / host).mkdir()
        (folder / host / "a.log").write_text(lines(1, 2))
    reports = list(ingest_files(warehouse, [folder]))
    first = str(folder / "h1" / "a.log")
    assert [(r.state, r.rows, r.copy_of) for r in reports] == [
        ("added", 2, None),
        ("added", 2, first),
        ("added", 2, first),
    ]
    assert {r.state for r in ingest_files(warehouse, [folder])} == {"unchanged"}


def test_copies_are_left_out_where_that_is_asked(warehouse: Warehouse, folder: Path) -> None:
    many = "".join(lines(*range(50)) for _ in range(2))
    (folder / "a.log").write_text(many)
    (folder / "b.log").write_text(many)
    (folder / "c.log").write_text(many + lines(51))
    reports = read(warehouse, folder, skip_copies=True)
    assert {name: (r.state, r.rows, r.copied_lines) for name, r in reports.items()} == {
        "a.log": ("added", 100, 0),
        "b.log": ("left out", 0, 100),
        "c.log": ("added", 1, 100),
    }
    assert read(warehouse, folder, skip_copies=True)["c.log"].rows == 0


def test_a_name_that_is_given_identifies_the_source(warehouse: Warehouse, folder: Path) -> None:
    (folder / "a.log").write_text(lines(1))
    (folder / "b.txt").write_text(lines(1, 2))
    ingest_file(warehouse, folder / "a.log", source="web")
    report = ingest_file(warehouse, folder / "b.txt", source="web")
    assert (report.state, report.rows, report.source_path) == ("grown", 1, "web")


def test_a_link_is_the_file_that_it_names(warehouse: Warehouse, folder: Path) -> None:
    (folder / "a.log").write_text(lines(1))
    (folder / "current").symlink_to("a.log")
    assert identity(folder / "current") == identity(folder / "a.log")
    ingest_file(warehouse, folder / "current")
    assert ingest_file(warehouse, folder / "a.log").state == "unchanged"


def test_an_older_warehouse_keeps_its_sources(
    warehouse: Warehouse, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    Path("app.log").write_text(lines(1, 2))
    ingest_file(warehouse, Path("app.log"))
    warehouse.connection.execute("UPDATE fame.ingests SET source = NULL, head = NULL")
    assert ingest_file(warehouse, folder / "app.log").state == "unchanged"
    shutil.move("app.log", "app.log.1")
    with Path("app.log.1").open("a") as file:
        file.write(lines(3))
    os.chdir("/")
    assert ingest_file(warehouse, folder / "app.log.1").rows == 1
    assert steps(warehouse) == [1, 2, 3]
