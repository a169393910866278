"""SQL and commands of a real server, by HTTP and by the command line that finds it."""

from __future__ import annotations

import csv
import json
import re
import socket
import stat
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from served import Served, served
from serving import wait_until
from warehouse_copy import copied_to

from fame_sql.cli import main
from fame_sql.serve.address import address_of, find
from fame_sql.warehouse import lines
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = [pytest.mark.any_duckdb, pytest.mark.slow]

Fame = Callable[..., Result]


@pytest.fixture(scope="module")
def running(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(copied_to(tmp_path_factory.mktemp("served"), compiled)) as found:
        yield found


@pytest.fixture
def fame(running: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fame:
    """Run a command on the served warehouse; ``role`` sends the token of that role."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAME_WAREHOUSE", str(running.path))

    def run(*words: str, role: str | None = None, read: str | bytes | None = None) -> Result:
        token = {} if role is None else {"FAME_TOKEN": running.tokens.get(role, role)}
        return CliRunner(env=token).invoke(main, list(words), input=read)

    return run


def test_rows_come_as_json(running: Served) -> None:
    statement = (
        "SELECT 1 AS n, 'a\x1b[0m' AS t, 'nan'::DOUBLE AS f, [1.5::DECIMAL(3, 1)] AS d, NULL AS z, "
        "{'at': TIMESTAMP '2026-01-02 03:04:05', 'b': '\\x01'::BLOB} AS s, count(*) AS lines, "
        "sum(fame_score(body)) > 0 AS some FROM logs WHERE log_id <= 4000"
    )
    status, body = running.ask(statement)
    assert status == 200
    answer = json.loads(body)
    assert [c["name"] for c in answer["columns"]] == ["n", "t", "f", "d", "z", "s", "lines", "some"]
    assert answer["columns"][6]["type"] == "BIGINT"
    made = {"at": "2026-01-02T03:04:05", "b": "01"}
    assert answer["rows"] == [[1, "a\x1b[0m", "nan", [1.5], None, made, 4000, True]]
    assert answer["more_rows"] is False
    status, body = running.ask('{"sql": "SELECT 2"}', content_type="application/json")
    assert (status, json.loads(body)["rows"]) == (200, [[2]])


def test_rows_come_as_an_arrow_stream(running: Served) -> None:
    status, body = running.ask(
        "SELECT log_id, body FROM logs", accept="application/vnd.apache.arrow.stream"
    )
    assert status == 200
    table = pa.ipc.open_stream(body).read_all()
    assert (table.num_rows, table.column_names) == (4000, ["log_id", "body"])


def test_live_verdicts_are_the_stored_ones(running: Served) -> None:
    differ = "SELECT count(*) FROM scored_logs WHERE fame_score(body) IS DISTINCT FROM score"
    assert running.rows(differ) == [[0]]
    alone = "SELECT fame_score(body || '') IS DISTINCT FROM score FROM scored_logs LIMIT 500"
    assert {row[0] for row in running.rows(alone)} == {False}


@pytest.mark.parametrize(
    ("statement", "role", "status", "says"),
    [
        ("SELECT 1", None, 401, "needs a token of the role reader or writer"),
        ("SELECT 1", "fame_wrong", 401, "fame token create"),
        ("SELECT 1", "ingest", 403, "a-ingest is ingest"),
        ("SELECT 1; DROP TABLE fame.logs", "reader", 403, "not 2 statements"),
        ("SELECT * FROM read_text('/etc/hostname')", "reader", 403, "read_text"),
        ("SELECT * FROM read_text('/etc/hostname')", "writer", 400, "disabled by configuration"),
        ("SELECT * FROM '/etc/passwd.csv'", "reader", 400, "disabled by configuration"),
        ("COPY (SELECT 1) TO '/tmp/x.csv'", "writer", 403, "COPY"),
        ("SET enable_external_access = true", "writer", 403, "SET"),
        ("SELECT nothing FROM logs", "reader", 400, "nothing"),
        ("SELECT * FROM answer", "reader", 400, "answer"),
        ("", "reader", 403, "no statement"),
    ],
)
def test_what_is_refused(
    running: Served, statement: str, role: str | None, status: int, says: str
) -> None:
    found, body = running.ask(statement, role)
    assert (found, says in json.loads(body)["error"]) == (status, True), body


def test_a_backup_is_made_while_others_send(running: Served, fame: Fame, tmp_path: Path) -> None:
    target = tmp_path / "copy.duckdb"
    ended = threading.Event()

    def send_lines() -> None:
        while not ended.is_set():
            running.ask("one more line\n", "writer", "/ingest?source=meanwhile")

    sender = threading.Thread(target=send_lines)
    sender.start()
    try:
        made = fame("backup", str(target))
    finally:
        ended.set()
        sender.join()
    assert made.exit_code == 0, made.output
    with Warehouse.open(target, read_only=True) as copy:
        assert copy.value("SELECT count(*) FROM fame.logs") >= 4000
        assert lines.check(copy.connection) is not None


def test_a_statement_ends_when_its_client_goes_away(running: Served) -> None:
    endless = "SELECT count(*) FROM range(10_000_000) AS a, range(10_000_000) AS b"
    host, _, port = running.url.removeprefix("http://").partition(":")
    head = f"POST /sql?seconds=600 HTTP/1.1\r\nHost: {host}\r\n"
    head += (
        f"Authorization: Bearer {running.tokens['reader']}\r\nContent-Length: {len(endless)}\r\n"
    )

    def running_now() -> str:
        with urllib.request.urlopen(f"{running.url}/metrics") as answer:
            return re.findall(r"fame_queries_running (\d+)", answer.read().decode())[0]

    with socket.create_connection((host, int(port))) as client:
        client.sendall(f"{head}\r\n{endless}".encode())
        wait_until(lambda: running_now() == "1")
    wait_until(lambda: running_now() == "0")
    assert running.rows("SELECT 1") == [[1]]


def test_rows_and_seconds_are_limited(running: Served) -> None:
    status, body = running.ask("SELECT * FROM range(10) ORDER BY 1", path="/sql?rows=3")
    answer = json.loads(body)
    assert (status, answer["rows"], answer["more_rows"]) == (200, [[0], [1], [2]], True)
    begun = time.monotonic()
    endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 3"
    status, body = running.ask(endless, path="/sql?seconds=0.5")
    assert (status, "longer than 0.5 seconds" in body.decode()) == (504, True)
    assert time.monotonic() - begun < 20
    for query in ("rows=0", "rows=x", "seconds=-1", "seconds=nan", "rows=99999999999"):
        assert running.ask("SELECT 1", path=f"/sql?{query}")[0] == 400


def test_many_ask_at_the_same_time(running: Served) -> None:
    found: list[int] = []

    def ask() -> None:
        anomalous = "SELECT count(*) FROM logs WHERE fame_score(body) > 0.5"
        found.extend(running.rows(anomalous)[0][0] for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert len(set(found)) == 1


def test_every_statement_is_in_the_audit(running: Served) -> None:
    secret = running.tokens["reader"]
    running.ask(f"SELECT 'mark-1', '{secret}'")
    running.ask("DROP TABLE mark_2")
    running.ask("CREATE TABLE IF NOT EXISTS mark_3 (token VARCHAR DEFAULT 'hidden')", "writer")
    marked = (
        "SELECT who, role, way, statement, refusal FROM fame.statements "
        "WHERE statement LIKE '%mark%' AND statement NOT LIKE '%statements%' ORDER BY asked_at"
    )
    end = time.monotonic() + 30
    while len(kept := running.rows(marked)) < 3 and time.monotonic() < end:
        time.sleep(0.2)
    assert [row[:3] for row in kept] == [
        ["a-reader", "reader", "http"],
        ["a-reader", "reader", "http"],
        ["a-writer", "writer", "http"],
    ]
    assert kept[0][3:] == ["SELECT 'mark-1', '***'", None]
    assert "not DROP" in kept[1][4]
    assert "hidden" not in kept[2][3]


def test_commands_find_the_server(running: Served, fame: Fame) -> None:
    assert stat.S_IMODE(address_of(running.path).stat().st_mode) == 0o600
    found = find(running.path)
    assert found is not None
    assert (found.url, found.pid) == (running.url, running.process.pid)
    assert "lines" in fame("status").stdout
    rows = json.loads(fame("query", "SELECT count(*) AS n FROM logs", "--json").stdout)
    assert [[row["n"]] for row in rows] == running.rows("SELECT count(*) FROM logs")
    piped = fame("query", "-", "--csv", read="SELECT 1 AS a, 'ä' AS b")
    assert list(csv.reader(piped.stdout.splitlines())) == [["a", "b"], ["1", "ä"]]
    assert fame("score").exit_code == 0
    failed = fame("query", "SELECT nothing")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith("Error: ")
    assert fame("query").exit_code == 2
    assert "Usage" in fame("query", "--help").stdout


def test_files_are_read_where_the_command_is_given(running: Served, fame: Fame) -> None:
    Path("here.log").write_text("2026-01-02 03:04:05 ERROR disk sdq has failed for here\n")
    first = fame("ingest", "here.log")
    assert "added, 1 line (" in first.stdout, first.stderr
    assert "unchanged" in fame("ingest", "here.log").stdout
    counted = "SELECT count(*) FROM logs WHERE body LIKE '%for here'"
    assert running.rows(counted) == [[1]]
    assert fame("queue", "export", "queue.csv").exit_code == 0
    assert Path("queue.csv").exists()


def test_another_user_sends_the_bytes_of_files(running: Served, fame: Fame) -> None:
    Path("there.log").write_text("2026-01-02 03:04:05 ERROR disk sdq has failed for there\n")
    assert "added, 1 line (" in fame("ingest", "there.log", role="writer").stdout
    assert "unchanged" in fame("ingest", "there.log", role="writer").stdout
    assert running.rows("SELECT count(*) FROM logs WHERE body LIKE '%for there'") == [[1]]
    refused = fame("queue", "export", "queue.csv", role="writer")
    assert (refused.exit_code, "only the user who runs the server" in refused.stderr) == (1, True)
    assert not Path("queue.csv").exists()


@pytest.mark.parametrize(
    ("words", "role", "says"),
    [
        ("score", "reader", "needs a token of the role writer; a-reader is reader; give it in"),
        ("status", "fame_wrong", "FAME_TOKEN"),
        ("status", "ingest", "a-ingest is ingest"),
        ("queue --answer new-1=normal", "reader", "needs a token of the role writer"),
        ("query --write 'DELETE FROM fame.labels'", "reader", "role writer"),
        ("query 'DELETE FROM fame.labels'", "writer", "not DELETE"),
        ("query --write 'COPY (SELECT 1) TO x.csv'", "writer", "COPY"),
        ("compact", "writer", "does not run while a server holds the warehouse"),
        ("upgrade", None, "stop the server first"),
    ],
)
def test_commands_need_rights(fame: Fame, words: str, role: str | None, says: str) -> None:
    import shlex

    done = fame(*shlex.split(words), role=role)
    assert done.exit_code == 1, done.stdout
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_token_comes_from_a_file_and_names_the_author(running: Served, fame: Fame) -> None:
    Path("token").write_text(running.tokens["writer"] + "\n")
    done = fame(
        "--token-file", "token", "alert", "silence", 'service="x"', "--for", "1h", "--reason", "r"
    )
    assert done.exit_code == 0, done.stderr
    assert running.rows("SELECT author FROM fame.alert_silences") == [["a-writer"]]


def test_a_server_is_named_by_its_address(
    running: Served, fame: Fame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAME_WAREHOUSE", "nowhere.duckdb")
    monkeypatch.setenv("FAME_SERVER", running.url + "/")
    assert fame("query", "SELECT 42 AS x", "--csv", role="reader").stdout == "x\n42\n"
    assert "FAME_TOKEN" in fame("status").stderr
    monkeypatch.setenv("FAME_SERVER", "http://127.0.0.1:9")
    assert "does not answer" in fame("status", role="reader").stderr
    assert "unset FAME_SERVER" in fame("init", role="writer").stderr
    monkeypatch.setenv("FAME_SERVER", "nonsense")
    assert "write http://HOST:PORT" in fame("status", role="reader").stderr


def test_a_client_may_not_name_another_warehouse(running: Served) -> None:
    for words in (["status", "--warehouse", "/tmp/x"], ["query", "--warehouse=/tmp/x", "SELECT 1"]):
        body = json.dumps({"words": words}) + "\n"
        status, answer = running.ask(body, "writer", "/commands")
        assert (status, b"only the user" in answer) == (403, True)
    for wrong in ("", "{}", '{"words": "status"}', '{"words": [1]}', "[" * 100_000):
        assert running.ask(wrong + "\n", "writer", "/commands")[0] == 400
    assert running.ask('{"words": ["serve"]}\n', "writer", "/commands")[0] == 400
