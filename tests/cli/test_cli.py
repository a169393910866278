from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fame_sql import labels
from fame_sql.cli import main
from fame_sql.cli.options import labelling, language_model
from fame_sql.cli.policy import UNSEEN
from fame_sql.llm import model as llm_model
from fame_sql.scoring import policy
from fame_sql.warehouse.warehouse import Warehouse

FAME = Path(sys.executable).with_name("fame")


def _fame(*words: object, **more: object) -> subprocess.CompletedProcess[str]:
    """Run the installed program as a user would."""
    return subprocess.run(
        [FAME, *map(str, words)], capture_output=True, text=True, check=False, **more
    )


def _error(*words: object) -> str:
    """Run what fails, in this process, for starting takes longer; return the line that says why."""
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    program = (
        "import sys; from fame_sql.cli import main; "
        "main(['--help'], standalone_mode=False); "
        "heavy = {'torch', 'transformers', 'duckdb', 'pyarrow', 'numpy', 'drain3', 'sklearn'}; "
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "LOADED []" in done.stdout
    for name in main.commands:
        assert f"\n  {name} " in done.stdout


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_importing_fame_sql_loads_no_torch() -> None:
    program = "import sys, fame_sql; fame_sql.connect; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n"


@pytest.mark.any_duckdb
def test_what_the_help_shows_without_loading_the_stages_is_theirs() -> None:
    assert labelling.PER_TEMPLATE == labels.PER_TEMPLATE
    assert language_model.WINDOW == llm_model.WINDOW
    # The former name of a policy is still taken.
    assert (*policy.UNSEEN, "both") == UNSEEN


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_every_stage_alone_and_again(tmp_path: Path, simulated_log: Path) -> None:
    environment = {**os.environ, "FAME_WAREHOUSE": str(tmp_path / "way.duckdb")}
    ran = [
        _fame("ingest", simulated_log, "--format", "bgl", env=environment),
        _fame("mine", env=environment),
        _fame("label", "-k", "5", env=environment),
        _fame("domains", env=environment),
        _fame("status", env=environment),
        _fame("ingest", simulated_log, "--json", env=environment),
        _fame("mine", "--json", env=environment),
        _fame("label", "-k", "5", "--json", env=environment),
        _fame("domains", "--json", env=environment),
        _fame("status", "--json", env=environment),
    ]
    assert [done.returncode for done in ran] == [0] * 10, [done.stderr for done in ran]
    assert "next: fame train" in ran[4].stdout
    again, mined, labelled, domains, status = (json.loads(done.stdout) for done in ran[5:])
    assert again[0]["state"] == "unchanged"
    assert mined["new"] == 0
    assert labelled["unlabelled_templates"] == 0
    assert labelled["lines_available"] == 3200, "the lines of the training period"
    share = f"{labelled['labels']} of 3200 available lines labelled (1 in "
    assert ran[2].stdout.startswith(share)
    assert domains["certified"]
    assert status["lines"] == 4000
    assert status["next"] == "fame train"


@pytest.mark.slow
def test_a_query_as_table_csv_and_json(compiled: Path) -> None:
    columns = "log_id, body, fame_score(body) AS score, timestamp"
    statement = f"SELECT {columns} FROM logs ORDER BY log_id LIMIT 3"
    table = _fame("query", statement, "--warehouse", compiled)
    as_csv = _fame("query", statement, "--csv", "--warehouse", compiled)
    as_json = _fame("query", statement, "--json", "--warehouse", compiled)
    rows = json.loads(as_json.stdout)
    assert [row["log_id"] for row in rows] == [1, 2, 3]
    assert [row["body"] for row in csv.DictReader(io.StringIO(as_csv.stdout))] == [
        row["body"] for row in rows
    ]
    assert table.stdout.splitlines()[0].split() == ["log_id", "body", "score", "timestamp"]
    assert len(table.stdout.splitlines()) == 5
    assert table.stderr == as_csv.stderr == as_json.stderr == ""


@pytest.mark.slow
def test_a_query_from_stdin_and_an_empty_result(compiled: Path) -> None:
    done = _fame(
        "query", "-", "--json", "--warehouse", compiled, input="SELECT 1 AS one WHERE false"
    )
    assert json.loads(done.stdout) == []


@pytest.mark.any_duckdb
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["SELECT 1 AS x WHERE false"], "no row\nnext: fame status\n"),
        (["SELECT 1 AS x WHERE false", "--csv"], "x\n"),
        (["SELECT 1 AS x WHERE false", "--json"], "[]\n"),
        (["CREATE TEMP TABLE t (a INT)"], "done\n"),
    ],
)
def test_a_query_without_a_row_says_what_is_next(
    newborn: Path, words: list[str], expected: str
) -> None:
    done = CliRunner().invoke(main, ["query", *words, "--warehouse", str(newborn)])
    assert (done.exit_code, done.stdout) == (0, expected)


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_a_table_is_cut_and_says_so(compiled: Path) -> None:
    done = _fame("query", "FROM logs", "--rows", "2", "--warehouse", compiled)
    assert len(done.stdout.splitlines()) == 4
    assert "3998 more rows" in done.stderr


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_control_characters_do_not_reach_the_terminal(compiled: Path) -> None:
    done = _fame("query", r"SELECT chr(27) || '[2J' || chr(8238) AS x", "--warehouse", compiled)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert r"\x1b[2J\u202e" in done.stdout


@pytest.mark.slow
def test_a_query_cannot_change_the_warehouse_unless_told_to(copied: Path) -> None:
    statement = "CREATE TABLE kept AS SELECT * FROM anomalies"
    assert "--write" in _error("query", statement, "--warehouse", copied)
    assert _fame("query", statement, "--write", "--warehouse", copied).returncode == 0
    done = _fame("query", "SELECT count(*) > 0 AS kept FROM kept", "--json", "--warehouse", copied)
    assert json.loads(done.stdout) == [{"kept": True}]


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM nosuch", "nosuch"),
        ("SELECT nosuch FROM logs", "nosuch"),
        ("SELECT 'a'::INTEGER", "Could not convert"),
    ],
)
def test_a_query_that_is_wrong(compiled: Path, statement: str, part: str) -> None:
    assert part in _error("query", statement, "--warehouse", compiled)


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_evaluate_prints_what_json_holds(compiled: Path) -> None:
    shown = _fame("evaluate", "--warehouse", compiled)
    facts = json.loads(_fame("evaluate", "--json", "--warehouse", compiled).stdout)
    everything = facts["outcomes"]["fame"]["all"]
    assert everything["lines"] == 800
    assert f"{everything['f1']:.4f}".rstrip("0") in shown.stdout
    for detector in ("fame", "severity", "majority"):
        assert f"{detector}, unseen" in shown.stdout


@pytest.mark.any_duckdb
@pytest.mark.slow
@pytest.mark.parametrize("command", ["mine", "label", "domains", "train", "score", "compile"])
def test_a_stage_before_its_time(tmp_path: Path, command: str) -> None:
    path = tmp_path / "empty.duckdb"
    Warehouse.open(path, create=True).close()
    before = path.read_bytes()
    assert "run 'fame " in _error(command, "--warehouse", path)
    assert path.read_bytes() == before


@pytest.mark.any_duckdb
@pytest.mark.parametrize("command", ["mine", "label", "train", "score", "status", "evaluate"])
def test_no_warehouse(tmp_path: Path, command: str) -> None:
    error = _error(command, "--warehouse", tmp_path / "no.duckdb")
    assert "no warehouse at" in error
    assert "fame ingest" in error
    assert not (tmp_path / "no.duckdb").exists()


@pytest.mark.any_duckdb
@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("missing.log", None, "there is no file"),
        ("empty.log", b"", "empty"),
        ("binary.log", bytes(range(256)) * 64, "binary"),
        ("wide.log", "one line\n".encode("utf-16") + b"another\n" * 9, "--encoding utf-16"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_no_warehouse(
    tmp_path: Path, name: str, content: bytes | None, part: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert part in _error("ingest", tmp_path / name, "--warehouse", tmp_path / "new.duckdb")
    assert not (tmp_path / "new.duckdb").exists()


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_a_folder_without_logs_is_refused_by_name(tmp_path: Path) -> None:
    refused = _fame("ingest", tmp_path, "--warehouse", tmp_path / "new.duckdb")
    assert refused.returncode == 1
    assert refused.stderr == _error("ingest", tmp_path, "--warehouse", tmp_path / "new.duckdb")
    assert "folder" in refused.stderr
    assert refused.stdout == ""


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_usage_errors_exit_with_2(compiled: Path) -> None:
    assert _fame("query").returncode == 2
    assert _fame("nosuch").returncode == 2
    both = _fame("query", "SELECT 1", "--csv", "--json", "--warehouse", compiled)
    assert both.returncode == 2


@pytest.mark.any_duckdb
def test_a_label_file_naming_what_is_not_there(copied: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("template_id,label\nnosuch,normal\n")
    error = _error("label", "import", path, "--warehouse", copied)
    assert "nosuch" in error
    assert "row 2" in error


@pytest.mark.any_duckdb
def test_a_model_folder_with_one_byte_changed(copied: Path) -> None:
    weights = next(copied.with_name("centre.models").glob("*/words.safetensors"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    asked = ["query", "SELECT fame_score('a')"]
    errors = [_error(*words, "--warehouse", copied) for words in (["score"], asked)]
    assert all("words.safetensors" in error for error in errors)
    assert "fame train" in errors[0]


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_a_file_does_not_come_in_twice_in_two_encodings(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes("caf\xe9 opened\n".encode("latin-1") + b"12:00:00 plain line\n" * 60)
    warehouse = tmp_path / "new.duckdb"
    assert _fame("ingest", log, "--warehouse", warehouse).returncode == 0
    again = _error("ingest", log, "--encoding", "latin-1", "--warehouse", warehouse)
    assert "was loaded as utf-8 before" in again
    count = _fame("query", "SELECT count(*) AS n FROM logs", "--json", "--warehouse", warehouse)
    assert json.loads(count.stdout) == [{"n": 61}]


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_an_interrupted_command_says_so_in_one_line(tmp_path: Path) -> None:
    import signal
    import time

    log = tmp_path / "big.log"
    log.write_text("".join(f"2024-01-01 00:00:00 word {i} of many\n" for i in range(700_000)))
    running = subprocess.Popen(
        [FAME, "ingest", log, "--warehouse", tmp_path / "new.duckdb"],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "new.duckdb").exists() and running.poll() is None:
        time.sleep(0.05)
    time.sleep(0.2)
    told = None
    while told is None:
        running.send_signal(signal.SIGINT)
        # DuckDB looks for pandas at its first statement, and swallows what interrupts that.
        with contextlib.suppress(subprocess.TimeoutExpired):
            _, told = running.communicate(timeout=3)
    assert running.returncode == 130, told
    assert told.splitlines()[-1].startswith("interrupted")
    assert "Traceback" not in told
    again = _fame("ingest", log, "--warehouse", tmp_path / "new.duckdb")
    assert again.returncode == 0, again.stderr


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_status_says_that_labels_are_newer_than_the_model(copied: Path, tmp_path: Path) -> None:
    assert "next: fame query" in _fame("status", "--warehouse", copied).stdout
    sheet = tmp_path / "judge.csv"
    _fame("label", "export", sheet, "--warehouse", copied)
    with sheet.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["label"] = "anomalous"
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    assert _fame("label", "import", sheet, "--warehouse", copied).returncode == 0
    assert "next: fame train" in _fame("status", "--warehouse", copied).stdout
    assert "exists" in _error("label", "export", sheet, "--warehouse", copied)
    again = tmp_path / "again.csv"
    _fame("label", "export", again, "--warehouse", copied)
    with again.open(newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)].count("anomalous") == 1


@pytest.mark.any_duckdb
@pytest.mark.slow
def test_a_reader_that_has_enough_is_no_error(compiled: Path) -> None:
    command = f"'{FAME}' query 'FROM logs' --csv --warehouse '{compiled}' | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout.startswith("log_id,")
    assert done.stderr == ""
