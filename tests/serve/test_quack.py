"""DuckDB clients of a real server, over Quack: what each role may do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from served import Served, extensions, served
from warehouse_copy import copied_to

from fame_sql.serve.token_file import tokens_of, withdraw_token

pytestmark = pytest.mark.slow

# No Python of ours at the client: a plain DuckDB in a process of its own.
_CLIENT = """
import duckdb, sys
folder, address, token, *statements = sys.argv[1:]
connection = duckdb.connect()
for name in ("httpfs", "quack"):
    connection.execute(f"LOAD '{folder}/{name}.duckdb_extension'")
connection.execute(f"ATTACH 'quack:{address}' AS remote (TOKEN '{token}')")
for statement in statements:
    try:
        print(connection.execute(statement).fetchall())
    except duckdb.Error as error:
        print("refused:", str(error).splitlines()[0])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = extensions(tmp_path_factory.mktemp("extensions"))
    if found is None:
        pytest.skip(f"the extension quack of DuckDB {duckdb.__version__} is not here")
    return found


@pytest.fixture(scope="module")
def running(
    folder: Path, compiled: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    path = copied_to(tmp_path_factory.mktemp("quack"), compiled)
    with served(path, extensions=folder) as found:
        yield found


def _ask(running: Served, folder: Path, role: str, *statements: str) -> list[str]:
    words = [str(folder), running.quack, running.tokens[role], *statements]
    done = subprocess.run(
        [sys.executable, "-c", _CLIENT, *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return done.stdout.splitlines() or [done.stderr.splitlines()[-1]]


def _remote(statement: str) -> str:
    return f"FROM remote.query($${statement}$$)"


def test_live_functions_and_views_answer_a_plain_duckdb(running: Served, folder: Path) -> None:
    differ = "SELECT count(*) FROM scored_logs WHERE fame_score(body) IS DISTINCT FROM score"
    lines, viewed, wrong, new = _ask(
        running,
        folder,
        "reader",
        "SELECT count(*) FROM remote.logs",
        "SELECT count(*) > 0 FROM remote.anomalies",
        _remote(differ),
        _remote("SELECT fame_score('never seen before') BETWEEN 0 AND 1"),
    )
    assert (lines, viewed, wrong, new) == ("[(4000,)]", "[(True,)]", "[(0,)]", "[(True,)]")


def test_a_reader_changes_nothing_and_reaches_nothing(running: Served, folder: Path) -> None:
    hostile = [
        _remote("SELECT 1; DROP TABLE fame.logs"),
        _remote("SELECT * FROM read_text('/etc/hostname')"),
        _remote("COPY (SELECT 1) TO '/tmp/x.csv'"),
        _remote("SELECT * FROM quack_active_connections()"),
        _remote("SET memory_limit = '1TB'"),
        "INSERT INTO remote.fame.lexicon VALUES ('zzz', 1)",
        "DROP TABLE remote.fame.lexicon",
        "CREATE TABLE remote.main.x AS SELECT 1",
    ]
    answers = _ask(running, folder, "reader", *hostile, "SELECT count(*) FROM remote.logs")
    assert [answer.partition(":")[0] for answer in answers[:-1]] == ["refused"] * len(hostile)
    assert answers[-1] == "[(4000,)]"


def test_a_writer_changes_tables_and_reaches_no_files(running: Served, folder: Path) -> None:
    added, read, copied = _ask(
        running,
        folder,
        "writer",
        "INSERT INTO remote.fame.lexicon VALUES ('zzz', 1)",
        _remote("SELECT * FROM read_text('/etc/hostname')"),
        _remote("COPY (SELECT 1) TO '/tmp/x.csv'"),
    )
    assert added == "[(1,)]"
    assert "disabled by configuration" in read
    assert "Authorization failed" in copied


def test_a_token_that_may_not_ask_opens_nothing(running: Served, folder: Path) -> None:
    [answer] = _ask(running, folder, "ingest", "SELECT 1")
    assert "Authentication failed" in answer
    withdraw_token(tokens_of(running.path), "a-reader")
    [answer] = _ask(running, folder, "reader", "SELECT 1")
    assert "Authentication failed" in answer
