"""Options that several commands share, their ranges, and their former names."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from fame_sql.cli import main
from fame_sql.cli.options.renamed import RenamedOption

pytestmark = pytest.mark.any_duckdb

RENAMED = {
    *((path, "--encoder", "--preset") for path in ("train", "compile", "evaluate")),
    ("compile", "--model", "--llm-model"),
    ("compile", "--model-seed", "--llm-seed"),
    ("label", "--model", "--llm-model"),
    ("label", "--model-seed", "--llm-seed"),
    ("label", "--lines", "--budget"),
    ("domains", "--model", "--llm-model"),
    ("domains", "--model-seed", "--llm-seed"),
    ("llm check", "--model", "--llm-model"),
    ("llm check", "--model-seed", "--llm-seed"),
    ("models promote", "--by", "--author"),
    ("models convert", "--by", "--author"),
    *((path, "--why", "--reason") for path in ("models promote", "models convert", "queue")),
    ("train", "--again", "--full"),
    ("evaluate", "--lines", "--part"),
    ("evaluate", "--k", "--per-template"),
}


def _run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@click.command()
@click.option("-a", "--author", cls=RenamedOption, former="--by --who", envvar="TEST_AUTHOR")
@click.option("--full", cls=RenamedOption, former="--again", is_flag=True)
@click.pass_context
def _command(context: click.Context, author: str | None, full: bool) -> None:
    source = context.get_parameter_source("author")
    click.echo(f"{author} {full} {source and source.name}")


@pytest.mark.parametrize(
    ("words", "result", "note"),
    [
        ("", "variable False ENVIRONMENT", ""),
        ("--by ana", "ana False COMMANDLINE", "--by is deprecated; use --author\n"),
        ("--who=ana", "ana False COMMANDLINE", "--who is deprecated; use --author\n"),
        ("-a eva --by ana", "eva False COMMANDLINE", "--by is deprecated; use --author\n"),
        ("--author eva --again", "eva True COMMANDLINE", "--again is deprecated; use --full\n"),
        ("--full", "variable True ENVIRONMENT", ""),
    ],
)
def test_a_former_name_is_the_option_with_a_note(words: str, result: str, note: str) -> None:
    done = CliRunner().invoke(_command, words.split(), env={"TEST_AUTHOR": "variable"})
    assert done.stdout == f"{result}\n"
    assert done.stderr == note


def test_a_former_name_is_hidden_and_needs_its_value() -> None:
    assert "--by" not in CliRunner().invoke(_command, ["--help"]).output
    done = CliRunner().invoke(_command, ["--by"])
    assert done.exit_code == 2
    assert "requires an argument" in done.output


def test_these_options_were_renamed() -> None:
    found = set()
    for name, command in main.commands.items():
        below = command.commands if isinstance(command, click.Group) else {}
        inner = {f"{name} {word}": inner for word, inner in below.items()}
        for path, command_ in {name: command, **inner}.items():
            for option in command_.params:
                if isinstance(option, RenamedOption):
                    found |= {(path, former, option.opts[-1]) for former in option.former}
    assert found == RENAMED


def test_a_model_is_promoted_under_the_former_name_of_the_author(copied: Path) -> None:
    where = ("--warehouse", copied)
    version = json.loads(_run("models", "list", "--json", *where).stdout)[0]["model_version"]
    done = _run("models", "promote", version, "--by", "ana", "--why", "a test", *where)
    assert done.stderr == ("--by is deprecated; use --author\n--why is deprecated; use --reason\n")
    assert json.loads(_run("models", "list", "--json", *where).stdout)[0]["author"] == "ana"


def test_an_active_strategy_takes_its_budget_under_both_names(copied: Path) -> None:
    where = ("--strategy", "random", "--json", "--warehouse", copied)
    now = _run("label", "--budget", "7", *where)
    former = _run("label", "--lines", "7", *where)
    assert (now.exit_code, former.exit_code) == (0, 0), now.output + former.output
    assert json.loads(now.stdout) == json.loads(former.stdout)


@pytest.mark.parametrize(
    "words",
    [
        "label -k 0",
        "label -k -1",
        "label -k 100000000000000000000",
        "compile --per-template 100000000000000000000",
        "demo --seed 100000000000000000000",
        "demo --lines 5",
        "train --seed 100000000000000000000",
        "label --llm-model m --llm-seed 100000000000000000000",
        "evaluate --study --seeds 100000000000000000000",
        "policy set --max-false-alarms nan",
        "policy set --max-false-alarms many",
        "policy set --max-false-alarms inf",
        "mine --split nan",
        "compile -k -1",
        "compile --split 0",
        "mine --split 1.5",
        "train --seed -1",
        "train --seed 4294967296",
        "train --max-false-alarms 0",
        "policy set --max-false-alarms 1000000",
        "policy set --unseen nosuch",
        "label --strategy active --budget 0",
        "label --budget 5",
        "label --strategy active",
        "label --rule ERROR --llm-model m",
        "label export x.csv --next 0",
        "models compare a b --top 0",
        "models list --csv --json",
        "query x --rows 0",
        "evaluate --study --seeds 0",
        "evaluate --study --folds -1",
        "demo --lines 0",
        "ingest x --format nosuch",
        "ingest x --year 0",
        "llm check --window 10",
        "llm check --timeout 0",
    ],
)
def test_wrong_usage_exits_with_2_and_makes_nothing(words: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, words.split(), env={"FAME_WAREHOUSE": str(tmp_path / "w")})
    assert done.exit_code == 2, done.output
    assert "Error: " in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        "models list",
        "label disagreements",
        "llm bill",
        "partition list",
        "evaluate",
    ],
)
def test_a_table_is_also_csv_and_json(compiled: Path, words: str) -> None:
    command = (*words.split(), "--warehouse", compiled)
    as_csv, as_json = _run(*command, "--csv"), _run(*command, "--json")
    assert (as_csv.exit_code, as_json.exit_code) == (0, 0), as_csv.output + as_json.output
    rows, found = list(csv.DictReader(io.StringIO(as_csv.stdout))), json.loads(as_json.stdout)
    assert as_csv.stdout.splitlines()[0].count(",") >= 4
    if words == "evaluate":
        outcome = found["outcomes"]["fame"]["all"]
        [row] = [row for row in rows if (row["detector"], row["part"]) == ("fame", "all")]
        assert (int(row["lines"]), float(row["F1"])) == (outcome["lines"], outcome["f1"])
    else:
        assert len(rows) == len(found)


def test_a_failure_of_duckdb_on_this_machine_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    def fail(*_: object, **__: object) -> None:
        raise duckdb.IOException("no space left\non device")

    monkeypatch.setattr("fame_sql.warehouse.warehouse.Warehouse.open", fail)
    done = _run("status")
    assert done.exit_code == 1
    assert done.stderr == "Error: DuckDB: no space left on device\n"
