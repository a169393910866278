"""A lake whose files are in a bucket, on a server that checks keys and rights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import buckets
import duckdb
import pytest
from click.testing import CliRunner

import fame_sql
from fame_sql.cli import main
from fame_sql.events.redaction import redact
from fame_sql.ingest import ingest_file
from fame_sql.scoring.scoring import score_events
from fame_sql.storage.compaction import compact_lake
from fame_sql.warehouse.bucket import forget_environment, sign_in, trouble
from fame_sql.warehouse.lake.agreement import disagreements
from fame_sql.warehouse.warehouse import Warehouse

SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def server() -> Iterator[buckets.Buckets]:
    if not buckets.OWN_FOLDER.is_dir():
        pytest.skip("no server of buckets is installed: 'make test' does it")
    with buckets.running_buckets() as running:
        yield running


@pytest.fixture
def environment(
    server: buckets.Buckets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """The keys of the owner; no secret of the person who runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def fame(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def made_lake(folder: Path, data: str, *words: object) -> tuple[int, str]:
    lake = ("--lake", f"ducklake:{folder}/far.ducklake", "--data", data)
    return fame("init", *lake, "--warehouse", folder / "far.lake", *words)


@pytest.fixture
def own(environment: pytest.MonkeyPatch, lake_extensions: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"extension_directory": str(lake_extensions)})
    sign_in(connection, "s3://logs/")
    return connection


def test_a_lake_lives_in_a_bucket(
    own: duckdb.DuckDBPyConnection, environment: pytest.MonkeyPatch, compiled: Path, tmp_path: Path
) -> None:
    def texts() -> str:
        blobs = own.execute("SELECT content FROM read_blob('s3://logs/life/**')").fetchall()
        return "\n".join(blob.decode("latin-1") for (blob,) in blobs)

    code, said = made_lake(tmp_path, "s3://logs/life", "--from", compiled)
    assert code == 0, said
    lake, log = tmp_path / "far.lake", tmp_path / "app.log"
    log.write_text(f"login with {SECRET}\n" + "disk failed\n" * 20)
    with Warehouse.open(lake) as warehouse:
        ingest_file(warehouse, log)
        assert score_events(warehouse).scored > 0
        assert SECRET in texts()
        assert redact(warehouse, SECRET).lines == 1
        score_events(warehouse)
        compact_lake(warehouse)
        assert SECRET not in texts()
        fame_sql.register(warehouse.connection)
        wrong = "SELECT count(*) FROM scored_logs WHERE fame_score(body) IS DISTINCT FROM score"
        assert warehouse.rows(wrong) == [(0,)]
        assert list(disagreements(warehouse.connection)) == []
        orphan = "s3://logs/life/fame/logs/ducklake-01900000-0000-7000-8000-000000000000.parquet"
        own.execute(f"COPY (SELECT 1) TO '{orphan}'")
        [(left_over, _)] = disagreements(warehouse.connection)
        assert orphan in left_over
    # Somebody takes the key away.
    environment.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret")
    code, said = fame("query", "SELECT max(body) FROM logs", "--warehouse", lake)
    assert (code, "the bucket refuses the secret key" in said) == (1, True), said


WRONG = {
    "a secret that is wrong": ({"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, "refuses the secret key"),
    "a key that nobody has": ({"AWS_ACCESS_KEY_ID": "nobody"}, "does not know the key"),
    "no rights": ("stranger", "it needs the rights to list, read, write and delete"),
    "no server": (
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        "nothing answers at http://127.0.0.1",
    ),
    "no bucket": ("s3://nowhere/fame", "there is no such bucket"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_bucket_that_does_not_answer_says_why(
    case: str, server: buckets.Buckets, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    change, told = WRONG[case]
    changes = change if isinstance(change, dict) else {}
    changes = server.environment("stranger") if change == "stranger" else changes
    for name, value in changes.items():
        environment.setenv(name, value)
    code, said = made_lake(tmp_path, str(change) if "://" in change else "s3://logs/fame")
    assert (code, said.count("\n")) == (1, 1)
    assert told in said
    assert not any(secret in said for _, secret in [*server.keys.values(), ("", "wrong-secret")])
    # What is wrong can be mended, and the same command given again.
    assert not list(tmp_path.glob("far.*"))


def test_a_secret_of_the_user_comes_first(
    environment: pytest.MonkeyPatch, lake_extensions: Path
) -> None:
    connection = duckdb.connect(config={"extension_directory": str(lake_extensions)})
    connection.execute("LOAD httpfs")
    connection.execute("CREATE SECRET mine (TYPE s3, KEY_ID 'a', SECRET 'b', SCOPE 's3://logs/')")
    sign_in(connection, "s3://logs/fame/")
    assert connection.sql("SELECT name FROM duckdb_secrets()").fetchall() == [("mine",)]
    sign_in(connection, "s3://others/")
    assert len(connection.sql("FROM duckdb_secrets()").fetchall()) == 2


def test_no_statement_shows_the_keys_of_the_environment(
    own: duckdb.DuckDBPyConnection, server: buckets.Buckets
) -> None:
    forget_environment(own)
    shown = str([own.sql(f"FROM duckdb_{what}()").fetchall() for what in ("settings", "secrets")])
    assert server.keys["owner"][0] in shown
    assert server.keys["owner"][1] not in shown
    assert own.sql("FROM glob('s3://logs/nothing/**')").fetchall() == []


def test_other_errors_are_no_trouble_with_a_bucket() -> None:
    assert trouble(duckdb.IOException("IO Error: No files found that match 's3x'")) is None
    elsewhere = "HTTP Error: HTTP GET error on 'https://example.org/a.csv' (HTTP 404 Not Found)"
    assert trouble(duckdb.HTTPException(elsewhere)) is None
