"""What is said where a lake cannot be opened or written."""

from __future__ import annotations

from pathlib import Path

import lakes
import pytest
from click.testing import CliRunner

from fame_sql.cli import main

_READER = """
CREATE ROLE reader LOGIN;
GRANT USAGE ON SCHEMA public TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
"""


def said(*words: object) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 1, done.output
    assert done.output.count("\n") == 1
    return done.output


def test_a_database_has_to_be_there(postgres: lakes.Catalogues, tmp_path: Path) -> None:
    words = ["--data", tmp_path / "data", "--warehouse", tmp_path / "a.lake"]
    address = f"ducklake:postgres:dbname=nowhere host={postgres.folder} user=postgres"
    assert "'createdb nowhere'" in said("init", "--lake", address, *words)
    elsewhere = address.replace(str(postgres.folder), str(tmp_path))
    assert "is the catalogue there" in said("init", "--lake", elsewhere, *words)
    assert not list(tmp_path.iterdir())


def test_a_newer_format_is_refused(postgres: lakes.Catalogues, lake: Path) -> None:
    newer = "UPDATE ducklake_metadata SET value = '9.9' WHERE key = 'version'"
    postgres.run("psql", "-d", lake.stem, "-c", newer)
    told = said("query", "SELECT 1", "--warehouse", lake)
    assert "is of DuckLake 9.9, and DuckDB" in told
    assert "AUTOMATIC_MIGRATION" not in told


def test_a_reader_does_not_write(
    postgres: lakes.Catalogues, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAME_HOME", str(tmp_path / "home"))
    postgres.run("psql", "-d", lake.stem, "-c", _READER)
    address = f"ducklake:postgres:dbname={lake.stem} host={postgres.folder} user=reader"
    asked = CliRunner().invoke(main, ["query", "SELECT count(*) FROM logs", "--warehouse", address])
    assert asked.exit_code == 0, asked.output
    (tmp_path / "app.log").write_text("disk failed\n")
    told = said("ingest", tmp_path / "app.log", "--warehouse", address)
    assert "lets your user read this lake and not write to it" in told
