"""Who reads a lake: a server and its clients, and a DuckDB that knows nothing of fame-sql."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from served import Served, served
from warehouse_copy import lake_copied_to

import fame_sql
from fame_sql.warehouse.lake.address import named_lake
from fame_sql.warehouse.lake.opening import open_lake

pytestmark = pytest.mark.slow

# Neither the program nor its environment: extensions are loaded by their files.
_PLAIN = """
import duckdb, json, sys
folder, address, *statements = sys.argv[1:]
connection = duckdb.connect()
for name in ("ducklake", "postgres_scanner"):
    connection.execute(f"LOAD '{folder}/{name}.duckdb_extension'")
connection.execute(f"ATTACH '{address}' AS x (READ_ONLY)")
connection.execute("USE x")
print(json.dumps([connection.execute(each).fetchall() for each in statements]))
assert not [name for name in sys.modules if name.startswith("fame")]
"""


def _files_of(folder: Path) -> Path:
    return next(folder.glob("v*/*/ducklake.duckdb_extension")).parent


def test_a_plain_duckdb_reads_views_and_calls_stored_functions(
    compiled_lake: Path, lake_extensions: Path, tmp_path: Path
) -> None:
    asked = [
        "SELECT count(*) FROM anomalies",
        "SELECT count(*) FROM scored_logs WHERE fame.score(body) IS DISTINCT FROM score",
        "SELECT count(*) FROM fame.anomalies_between('2000-01-01', '2100-01-01')",
        "SELECT fame.score('nobody has stored this')",
    ]
    address = f"ducklake:{compiled_lake.with_suffix('.ducklake')}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", _PLAIN, str(_files_of(lake_extensions)), address, *asked],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(duckdb.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    [[found]], [[wrong]], [[between]], [[unknown]] = json.loads(done.stdout)
    assert (wrong, between, unknown) == (0, found, None)
    assert found > 0


@pytest.fixture(scope="module")
def running(
    compiled_lake: Path, lake_extensions: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    path = lake_copied_to(tmp_path_factory.mktemp("served"), compiled_lake)
    with served(path, extensions=lake_extensions) as found:
        yield found


def test_a_server_answers_over_a_lake(running: Served) -> None:
    wrong = "SELECT count(*) FROM scored_logs WHERE fame_score(body) IS DISTINCT FROM score"
    assert running.rows(wrong) == [[0]]
    assert running.rows("SELECT fame_score('never seen before') BETWEEN 0 AND 1") == [[True]]


def test_a_server_takes_lines_into_a_lake_and_judges_them(running: Served) -> None:
    status, body = running.ask("a line of today\nand one more\n", "ingest", "/ingest?source=app")
    assert (status, json.loads(body)["records"]) == (200, 2)
    found = "SELECT count(*), count(fame_score(body)) FROM logs WHERE body = 'and one more'"
    assert running.rows(found) == [[1, 1]]
    stored = (
        "SELECT count(score) FROM scored_logs WHERE body IN ('a line of today', 'and one more')"
    )
    end = time.monotonic() + 60
    while (judged := running.rows(stored)) != [[2]] and time.monotonic() < end:
        time.sleep(0.1)
    assert judged == [[2]]
    loads = "SELECT source, rows FROM fame.ingests WHERE source LIKE 'serve:%'"
    assert running.rows(loads) == [["serve:app", 2]]


@pytest.mark.parametrize("role", ["reader", "writer"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM __ducklake_metadata_lake.main.ducklake_data_file",
        "SELECT * FROM postgres_query('__ducklake_metadata_lake', 'SELECT 1')",
        "FROM query('FROM ducklake' || '_snapshots(''lake'')')",
        "SELECT * FROM lake.expire_snapshots(older_than => now())",
        "COPY (SELECT 1) TO 'elsewhere.csv'",
    ],
)
def test_clients_do_not_reach_the_catalogue(running: Served, role: str, statement: str) -> None:
    assert running.ask(statement, role)[0] == 403


def test_a_writer_reaches_no_other_file(running: Served, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    status, body = running.ask(f"FROM read_text('{tmp_path}/secret')", "writer")
    assert status == 400
    assert b"disabled" in body
    assert b"a secret" not in body


def test_commands_find_the_server_of_a_lake(running: Served) -> None:
    words = ["query", "SELECT count(*) FROM anomalies", "--json", "--warehouse", str(running.path)]
    done = subprocess.run(
        [sys.executable, "-c", "from fame_sql.cli import main; main()", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    # The server alone holds the catalogue, a file.
    assert done.returncode == 0, done.stderr
    [row] = json.loads(done.stdout)
    assert row["count_star()"] > 0


def test_duckdb_clients_ask_a_lake_by_quack(running: Served, lake_extensions: Path) -> None:
    folder = _files_of(lake_extensions)
    client = (
        "import duckdb, sys; c = duckdb.connect()\n"
        "for name in ('httpfs', 'quack'):\n"
        "    c.execute(f\"LOAD '{sys.argv[3]}/{name}.duckdb_extension'\")\n"
        "c.execute(f\"ATTACH 'quack:{sys.argv[1]}' AS remote (TOKEN '{sys.argv[2]}')\")\n"
        "print(c.execute('SELECT count(*) > 0 FROM remote.anomalies').fetchall())"
    )
    done = subprocess.run(
        [sys.executable, "-c", client, running.quack, running.tokens["reader"], str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "[(True,)]", done.stderr


def test_an_address_is_enough(
    copied_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAME_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    address = f"ducklake:{copied_lake.with_suffix('.ducklake')}"
    wrong = "SELECT count(*) FROM scored_logs WHERE fame_score(body) IS DISTINCT FROM score"
    live = "SELECT fame_score('never seen before') BETWEEN 0 AND 1"
    with fame_sql.connect(address, read_only=True) as connection:
        assert connection.sql(wrong).fetchall() == [(0,)]
        # The model comes from the lake.
        assert connection.sql(live).fetchall() == [(True,)]
    # A connection of the caller's own has the same.
    with open_lake(named_lake(address)[1], read_only=True) as own:
        fame_sql.register(own)
        assert own.sql(live).fetchall() == [(True,)]
    [models] = (tmp_path / "home").glob("*/lake.models/*")
    assert models.is_dir()


def test_ibis_asks_a_lake(compiled_lake: Path) -> None:
    pytest.importorskip("ibis", reason="the extra 'ibis' is not installed")
    fame = pytest.importorskip("fame_sql.ibis")
    backend = fame.connect(compiled_lake, read_only=True)
    logs = backend.table("logs")
    found = logs.filter(fame.score(logs.body) > 0.5).count().execute()
    assert found == fame.anomalies(backend).count().execute() > 0
    backend.disconnect()
