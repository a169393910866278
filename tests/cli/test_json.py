"""Every command that prints has ``--json``, and prints nothing else on stdout then."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fame_sql.cli import main

pytestmark = pytest.mark.any_duckdb

WITHOUT = {
    "label review": "asks a person, with one key for each line",
    "queue review": "asks a person, with one key for each template",
    "domains edit": "opens an editor",
    "metrics": "OpenMetrics is for programs",
    "serve": "runs until it is stopped",
}

# {model}, {template}, {line} and {incident} are looked up in the warehouse.
LINES = """
alert set alerts.toml
alert check alerts.toml
alert held
alert outbox
alert retry
alert routes
alert silence 'service="nowhere"' --for 1h --reason test
alert silences
alert test log
alert unsilence {silence}
alert --dry-run
backup copy.duckdb
compact
compile
confirm {incident} --reason test
cost
cost --published
cost --write-inputs inputs.toml
counts
counts calibrate --quiet 2025-03-08 2025-03-09 --dry-run
dbt init project
diff --since 2025-03-08
dismiss {incident} --reason test
doctor
domains
domains certify
domains diff domains.yaml
domains show
domains show --page page.html
drift
evaluate
expire --before 2025-03-01 --dry-run
export anomalies out.csv
feedback list
formats list
formats show bgl
formats test bgl
formats try {log}
incidents
incidents show {incident}
incidents update
ingest {log} --format bgl
init --warehouse new.duckdb
label -k 5
label audit --report
label disagreements
label export lines.csv
label import labels.csv
llm answers answers.jsonl
llm bill
llm check --llm-model m --dry-run
llm export calls.jsonl
llm forget 012345
llm import calls.jsonl
look
mine
models compare {model} {model}
models convert {model} --runtime onnx
models export {model} folder
models list
models promote {model} --reason test
models show {model}
models show {model} --card
models show {model} --html card.html
partition add lines.parquet --place place
partition list
partition move --before 2025-03-01
partition place
policy set --unseen alert
policy show
query 'SELECT 1'
queue
queue --answer {template}=normal
queue export queue.csv
queue import answers.csv
redact secret
repair
report
score
second-opinion
second-opinion --log
settings list
settings reset incident_gap
settings set incident_gap 3m
show {line}
status
tail --once --lines 1
token create ana --role reader
token list
token withdraw ana
top
train
upgrade
windows
""".strip().splitlines()
"""Commands in an order in which each finds what it needs."""


def _tree(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, bool]]:
    below = command.commands if isinstance(command, click.Group) else {}
    for name, inner in below.items():
        yield from _tree(inner, (*path, name))
    if not below or (isinstance(command, click.Group) and command.invoke_without_command):
        yield " ".join(path), any("--json" in parameter.opts for parameter in command.params)


HAS_JSON = dict(_tree(main))


def test_every_command_that_prints_has_json() -> None:
    assert {path for path, found in HAS_JSON.items() if not found} == set(WITHOUT)


def test_every_command_is_tried() -> None:
    paths = sorted(set(HAS_JSON) - set(WITHOUT), key=len, reverse=True)
    tried = {next((p for p in paths if f"{line} ".startswith(f"{p} ")), line) for line in LINES}
    assert set(paths) - tried == {"demo"}, "the demonstration compiles a warehouse of its own"


REFUSED = {"llm forget": 1, "llm import": 1, "models compare": 1, "models convert": 1}
"""Commands that this warehouse cannot run, with their exit codes: they print nothing on stdout."""


@pytest.fixture
def names(copied: Path, simulated_log: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the commands name, in a folder with the files that they read."""
    monkeypatch.chdir(copied.parent)
    monkeypatch.setenv("FAME_WAREHOUSE", str(copied))
    Path("alerts.toml").write_text('[channels.log]\nkind = "file"\npath = "alerts.jsonl"\n')
    Path("answers.jsonl").write_text("")
    Path("labels.csv").write_text("log_id,label\n1,normal\n")
    Path("answers.csv").write_text("log_id,label\n2,normal\n")
    assert _run("incidents update").exit_code == 0
    assert _run("domains edit --out domains.yaml").exit_code == 0
    lines = "COPY (SELECT 'a line' AS body, now()::TIMESTAMP AS time) TO 'lines.parquet'"
    assert _run(f'query --external-access "{lines}"').exit_code == 0
    found = {
        "model": "SELECT model_version FROM fame.models",
        "template": "SELECT template_id FROM fame.label_queue ORDER BY ALL",
        "line": "SELECT min(log_id) FROM anomalies",
        "incident": "SELECT min(incident_id) FROM incidents",
    }
    asked = {name: f'query --json "SELECT ({sql} LIMIT 1) AS x"' for name, sql in found.items()}
    return {
        "log": shlex.quote(str(simulated_log)),
        **{name: json.loads(_run(words).stdout)[0]["x"] for name, words in asked.items()},
    }


def _run(line: str) -> object:
    return CliRunner().invoke(main, shlex.split(line))


def test_stdout_holds_json_alone(names: dict[str, object]) -> None:
    wrong = {}
    for line in LINES:
        done = _run(f"{line.format_map(names)} --json")
        refused = next((code for path, code in REFUSED.items() if line.startswith(path)), 0)
        try:
            found = None if refused else json.loads(done.stdout)
        except ValueError:
            found = ValueError
        if done.exit_code != refused or found is ValueError or (refused and done.stdout):
            wrong[line] = (done.exit_code, done.output[-300:], done.exception)
        if line.startswith("alert silence "):
            names["silence"] = found["silence_id"]
    assert not wrong, "\n".join(f"{k}: {v}" for k, v in wrong.items())
