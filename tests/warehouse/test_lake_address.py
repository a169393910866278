"""The addresses of lakes, and the tables that a lake can hold: needs no lake."""

from __future__ import annotations

from pathlib import Path

import pytest

from fame_sql.errors import WarehouseError
from fame_sql.warehouse.lake.address import (
    file_for,
    is_lake_path,
    named_lake,
    parse_address,
    read_address,
    write_address,
)
from fame_sql.warehouse.lake.tables import lake_statements

REFUSED = {
    "ducklake:postgres:dbname=logs password=geheim host=db": "holds a password",
    "ducklake:postgres:dbname=logs password = 'ge heim'": "holds a password",
    "ducklake:postgres:postgresql://me:geheim@db/logs": "holds a password",
    "ducklake:postgres:postgresql://db/logs?password=geheim": "holds a password",
    "ducklake:sqlite:lake.db": "cannot be sqlite",
    "ducklake:mysql:db=logs": "cannot be mysql",
    "ducklake:": "cannot be nothing",
    "ducklake:fame.ducklake": "cannot be called fame.ducklake",
    "ducklake:logs.ducklake": "cannot be called logs.ducklake",
}
ATTACHED = {
    "ducklake:postgres:dbname=logs host=db": (
        "ducklake:postgres:dbname=logs host=db application_name=fame-sql/lake"
    ),
    "postgres:postgresql://db/logs": (
        "ducklake:postgres:postgresql://db/logs?application_name=fame-sql/lake"
    ),
    "ducklake:postgres:postgresql:/db/logs?sslmode=require": (
        "ducklake:postgres:postgresql://db/logs?sslmode=require&application_name=fame-sql/lake"
    ),
    "ducklake:/srv/meta.ducklake": "ducklake:/srv/meta.ducklake",
}
STATEMENTS = {
    "CREATE TABLE fame.events (event_id INTEGER NOT NULL, canonical VARCHAR NOT NULL)": [
        "CREATE TABLE fame.event_rows (event_id BIGINT NOT NULL, canonical TEXT)"
    ],
    "CREATE TABLE fame.answers (a INTEGER, b VARCHAR CHECK (b IN ('x')), PRIMARY KEY (a, b))": [
        "CREATE TABLE fame.answers (a INT, b TEXT)"
    ],
    "CREATE TABLE fame.models (v VARCHAR PRIMARY KEY, n VARCHAR NOT NULL DEFAULT 'x')": [
        "CREATE TABLE fame.models (v TEXT, n TEXT NOT NULL DEFAULT 'x')"
    ],
    "ALTER TABLE fame.ingests ADD COLUMN head VARCHAR": [
        "ALTER TABLE fame.ingest_rows ADD COLUMN head TEXT"
    ],
    "CREATE TABLE fame.changes (event_ids INTEGER[] NOT NULL)": [
        "CREATE TABLE fame.changes (event_ids BIGINT[] NOT NULL)"
    ],
    "ALTER TABLE fame.feedback ADD COLUMN for_ever BOOLEAN DEFAULT false": [
        "ALTER TABLE fame.feedback ADD COLUMN for_ever BOOLEAN",
        "ALTER TABLE fame.feedback ALTER COLUMN for_ever SET DEFAULT 'false'",
    ],
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_refuses_what_loses_or_shows_something(text: str, reason: str) -> None:
    with pytest.raises(WarehouseError, match=reason) as refused:
        parse_address(text)
    assert "heim" not in str(refused.value)


@pytest.mark.parametrize(("text", "attached"), ATTACHED.items())
def test_gives_the_database_a_plain_name(text: str, attached: str) -> None:
    assert parse_address(text).for_duckdb == attached


def test_writes_and_reads_the_file_that_names_a_lake(tmp_path: Path) -> None:
    address = parse_address('ducklake:postgres:dbname=logs host="a b\\c"', "s3://bucket/logs")
    path = tmp_path / "warehouse.lake"
    write_address(path, address)
    assert read_address(path) == address
    assert address.data == "s3://bucket/logs/"
    assert named_lake(path) == (path, address)


def test_an_address_has_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAME_HOME", str(tmp_path))
    one, address = named_lake("ducklake:postgres:dbname=one")
    other, _ = named_lake("ducklake:postgres:dbname=other")
    assert address == parse_address("postgres:dbname=one")
    assert one.parent.parent == other.parent.parent == tmp_path
    assert one != other
    assert is_lake_path(one)
    assert not is_lake_path("warehouse.duckdb")


@pytest.mark.parametrize("text", ["dbname=one", "postgresql://db/one", "postgresql://db/one?a=b"])
def test_finds_its_folder_by_what_is_attached(text: str) -> None:
    address = parse_address(f"postgres:{text}")
    for attached in (address.for_duckdb, address.as_program("-31-7")):
        assert file_for(attached.removeprefix("ducklake:")) == named_lake(str(address))[0]


@pytest.mark.parametrize("text", ["", "data = 's3://x'", "catalogue = 3", "\x00", "catalogue"])
def test_refuses_a_file_that_names_no_lake(tmp_path: Path, text: str) -> None:
    path = tmp_path / "warehouse.lake"
    path.write_text(text)
    with pytest.raises(WarehouseError, match="does not name a lake"):
        read_address(path)


def test_says_how_to_make_a_lake(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="fame init --lake"):
        read_address(tmp_path / "warehouse.lake")


@pytest.mark.parametrize(("statement", "for_lake"), STATEMENTS.items())
def test_a_table_has_one_definition(statement: str, for_lake: list[str]) -> None:
    assert lake_statements(statement) == for_lake
