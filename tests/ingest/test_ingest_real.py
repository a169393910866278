"""Real logs: whatever a file holds, each of its lines is a row, and the headers are right."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from fame_sql.errors import InputError
from fame_sql.ingest import ingest_file
from fame_sql.warehouse.warehouse import Warehouse

DATA = Path(__file__).parents[2].parent / "shared" / "data"
PATTERNS = (
    "loghub/*/*_2k.log",
    "bgl_head/*.log",
    "kafka/*",
    "formats/*.*",
    "formats/lnav/*",
)

pytestmark = [
    pytest.mark.any_duckdb,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs the folder shared/data"),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("real") / "w.duckdb"
    with Warehouse.open(path, create=True) as opened:
        yield opened


def ingest_or_refuse(warehouse: Warehouse, path: Path) -> int:
    try:
        return ingest_file(warehouse, path).rows
    except InputError as error:
        assert "is empty" in str(error)  # noqa: PT017
        return 0


def reference_of(path: Path) -> list[dict[str, str]]:
    with path.with_name(f"{path.name}_structured.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.any_duckdb
@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_line_is_a_row(warehouse: Warehouse, pattern: str) -> None:
    paths = sorted(DATA.glob(pattern))
    assert paths
    for path in paths:
        ingest_or_refuse(warehouse, path)
        lines = path.read_bytes().split(b"\n")
        stored = warehouse.rows(
            "SELECT line_number, line_count FROM fame.logs WHERE source_path = ? ORDER BY 1",
            [str(path)],
        )
        covered = {first + more for first, count in stored for more in range(count)}
        missing = [
            number
            for number, line in enumerate(lines, 1)
            if line.strip(b"[]{}, \r\t") and number not in covered
        ]
        assert (path.name, missing) == (path.name, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "columns"),
    [
        ("BGL", {"label": "Label", "service_name": "Component", "severity_text": "Level"}),
        ("Thunderbird", {"label": "Label", "host_name": "User"}),
        ("Hadoop", {"severity_text": "Level"}),
        ("Windows", {"severity_text": "Level"}),
        ("Apache", {"severity_text": "Level"}),
        ("Spark", {"severity_text": "Level"}),
        ("Linux", {"host_name": "Level"}),
        ("OpenSSH", {"host_name": "Component"}),
        ("Mac", {"host_name": "User"}),
        ("Zookeeper", {"severity_text": "Level"}),
    ],
)
def test_headers_are_those_of_the_reference(
    warehouse: Warehouse, system: str, columns: dict[str, str]
) -> None:
    path = DATA / "loghub" / system / f"{system}_2k.log"
    ingest_or_refuse(warehouse, path)
    reference = reference_of(path)
    found = warehouse.records(
        "SELECT * FROM fame.logs WHERE source_path = ? ORDER BY line_number", [str(path)]
    )
    for ours, theirs in columns.items():
        assert [row[ours] for row in found] == [row[theirs] for row in reference]


@pytest.mark.parametrize("system", ["Apache", "Linux", "OpenSSH", "Mac", "Spark"])
def test_each_line_has_a_time(warehouse: Warehouse, system: str) -> None:
    path = DATA / "loghub" / system / f"{system}_2k.log"
    ingest_or_refuse(warehouse, path)
    found = warehouse.rows(
        "SELECT count(*), count(timestamp) FROM fame.logs WHERE source_path = ?", [str(path)]
    )
    assert found == [(2000, 2000)]


def test_requests_of_a_web_server_are_read(warehouse: Warehouse) -> None:
    path = DATA / "formats" / "apache_combined_10000.log"
    ingest_or_refuse(warehouse, path)
    found = warehouse.rows(
        "SELECT parser, count(*), count(timestamp), count(parse_error), "
        "count(*) FILTER (WHERE severity_number = 17) FROM fame.logs WHERE source_path = ? "
        "GROUP BY 1",
        [str(path)],
    )
    errors = sum(b'" 5' in line for line in path.read_bytes().splitlines())
    assert found == [("access", 10_000, 10_000, 0, errors)]


@pytest.mark.parametrize("system", ["BGL", "Apache", "OpenSSH"])
def test_bodies_are_those_of_the_reference(warehouse: Warehouse, system: str) -> None:
    path = DATA / "loghub" / system / f"{system}_2k.log"
    ingest_or_refuse(warehouse, path)
    bodies = warehouse.rows(
        "SELECT trim(body) FROM fame.logs WHERE source_path = ? ORDER BY line_number", [str(path)]
    )
    assert [body for (body,) in bodies] == [row["Content"].strip() for row in reference_of(path)]


def test_thunderbird_programs_are_those_of_the_reference(warehouse: Warehouse) -> None:
    """Only of lines with a process id: without one the reference takes any words for a program."""
    path = DATA / "loghub" / "Thunderbird" / "Thunderbird_2k.log"
    ingest_or_refuse(warehouse, path)
    found = warehouse.rows(
        "SELECT service_name, attributes ->> 'pid', trim(body) FROM fame.logs "
        "WHERE source_path = ? ORDER BY line_number",
        [str(path)],
    )
    pairs = [(ours, row) for ours, row in zip(found, reference_of(path), strict=True) if row["PID"]]
    assert len(pairs) > 1000
    assert [ours for ours, _ in pairs] == [
        (row["Component"], row["PID"], row["Content"].strip()) for _, row in pairs
    ]
