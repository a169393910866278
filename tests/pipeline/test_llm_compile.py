from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from llm_server import LanguageServer, rows_of

from fame_sql.cli import main
from fame_sql.domains.domains import read_grouping
from fame_sql.ingest import ingest_file
from fame_sql.llm.client import Client
from fame_sql.llm.failures import BudgetError
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.redaction import Redactor
from fame_sql.pipeline.pipeline import compile_model
from fame_sql.students import StudentConfig
from fame_sql.templates.mining import mine
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

NEW = [
    "2005-11-23-10.00.00.000000 R1 COOLING INFO pump alpha spins at regular speed",
    "2005-11-23-10.00.01.000000 R1 COOLING FATAL pump failure detected coolant lost everywhere",
]


def model_of(warehouse: Warehouse, server: LanguageServer, **more: object) -> LanguageModel:
    client = Client(server.base_url, "key")
    return LanguageModel("gpt-4o", Ledger(warehouse), Redactor.of(warehouse), client=client, **more)


@pytest.fixture
def bare(unlabelled: Warehouse) -> Warehouse:
    """The simulated log as if its source carried no labels."""
    unlabelled.connection.execute("UPDATE fame.logs SET label = NULL")
    return unlabelled


def stages_of(warehouse: Warehouse) -> dict[str, int]:
    return {row["stage"]: row["answered"] for row in Ledger(warehouse).bill()}


@pytest.mark.slow
def test_a_pass_is_made_once_and_new_templates_alone_are_asked_about(
    bare: Warehouse, server: LanguageServer, tiny: StudentConfig, tmp_path: Path
) -> None:
    ran: list[str] = []
    model = model_of(bare, server)
    compile_model(bare, config=tiny, model=model, on_stage=lambda name, _: ran.append(name))
    assert ran == ["label", "domains", "train", "score"]
    assert stages_of(bare).keys() == {"label", "partition"}
    assert read_grouping(bare).source == "llm"
    first, before = stages_of(bare), read_grouping(bare)
    sent = len(server.bodies)
    compile_model(bare, config=tiny, model=model)
    assert len(server.bodies) == sent

    log = tmp_path / "more.log"
    log.write_text("".join(f"{line}\n" for line in NEW))
    ingest_file(bare, log, format="text")
    mine(bare, fraction=1.0)
    new = bare.value("SELECT count(*) FROM fame.templates WHERE generation = 2")
    assert new > 0
    labels = bare.rows("SELECT * FROM fame.labels ORDER BY ALL")
    compile_model(bare, config=tiny, model=model)
    asked = [row for body in server.requests[sent:] for row in rows_of(body)]
    assert {row["template"] for row in asked if row["id"].startswith("t")} == {
        row[0] for row in bare.rows("SELECT template FROM fame.templates WHERE generation = 2")
    }
    assert stages_of(bare)["place"] == 1
    assert stages_of(bare)["partition"] == first["partition"]
    after = {domain.name: set(domain.template_ids) for domain in read_grouping(bare).domains}
    for domain in before.domains:
        assert set(domain.template_ids) <= after[domain.name]
    kept = bare.rows("SELECT * FROM fame.labels ORDER BY ALL")
    assert set(labels) < set(kept)
    assert bare.value("SELECT count(*) FROM fame.verdicts") == bare.value(
        "SELECT count(*) FROM fame.events"
    )


@pytest.mark.slow
def test_a_pass_that_runs_out_of_money_goes_on_where_it_stopped(
    bare: Warehouse, server: LanguageServer, tiny: StudentConfig
) -> None:
    with pytest.raises(BudgetError):
        compile_model(bare, config=tiny, model=model_of(bare, server, max_cost=0.05))
    spent = len(server.bodies)
    assert 0 < spent == sum(stages_of(bare).values())
    compile_model(bare, config=tiny, model=model_of(bare, server))
    bodies = [json.dumps(body) for body in server.requests]
    assert len(bodies) > spent
    assert len(set(bodies)) == len(bodies)


@pytest.mark.slow
def test_labels_that_are_there_are_not_asked_for(
    unlabelled: Warehouse, server: LanguageServer, tiny: StudentConfig
) -> None:
    compile_model(unlabelled, config=tiny, model=model_of(unlabelled, server))
    assert stages_of(unlabelled).keys() == {"partition"}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["label", "compile", "domains"])
def test_a_dry_run_prints_the_requests_and_sends_nothing(
    bare: Warehouse, server: LanguageServer, tmp_path: Path, command: str
) -> None:
    context = tmp_path / "context.txt"
    context.write_text("A data centre. Its operator is ada@example.org.")
    path = str(bare.path)
    bare.close()
    words = [command, "--llm", server.base_url, "--llm-model", "gpt-4o", "--warehouse", path]
    runner = CliRunner()
    words += ["--context", str(context), "--dry-run"]
    shown = runner.invoke(main, words)
    assert shown.exit_code == 0, shown.output
    assert not server.bodies
    assert "ada@example.org" not in shown.output
    assert "Its operator is <email>" in shown.output
    assert "nothing was sent" in shown.output
    assert "at the prices of" in shown.output
    planned = json.loads(runner.invoke(main, [*words, "--json"]).stdout)
    assert planned["cost_usd"] > 0
    unpriced = [word if word != "gpt-4o" else "own" for word in words]
    assert "unpriced" in runner.invoke(main, unpriced).output
    assert json.loads(runner.invoke(main, [*unpriced, "--json"]).stdout)["cost_usd"] is None
    if command == "label":
        assert "each of the 4000 lines instead would cost about $" in shown.output
        runner.invoke(main, words[:-1])
        sent = [body["messages"] for body in server.requests]
        wanted = [request["messages"] for request in planned["would_send"]]
        assert sent[: len(wanted)] == wanted


@pytest.mark.slow
def test_the_bill_the_check_and_the_ledger_on_the_command_line(
    bare: Warehouse, server: LanguageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(bare.path)
    bare.close()
    runner = CliRunner()
    named = ["--llm", server.base_url, "--llm-model", "gpt-4o"]
    monkeypatch.setenv("OPENAI_API_KEY", "only-for-openai")
    checked = runner.invoke(main, ["llm", "check", *named])
    assert "a valid answer, in the form schema" in checked.output
    done = runner.invoke(main, ["label", *named, "-k", "2", "--warehouse", path])
    assert "sending redacted text to 127.0.0.1" in done.output
    assert "1 in " in done.output
    bill = runner.invoke(main, ["llm", "bill", "--warehouse", path]).output.splitlines()
    assert bill[2].split()[:2] == ["label", "gpt-4o"]
    assert float(bill[2].split()[-1]) > 0
    ledger = str(tmp_path / "pass.jsonl")
    written = runner.invoke(main, ["llm", "export", ledger, "--warehouse", path])
    taken = runner.invoke(main, ["llm", "import", ledger, "--warehouse", path])
    assert "answered requests written to" in written.output
    assert taken.output.startswith("0 answered requests read")
    some = json.loads(Path(ledger).read_text().splitlines()[0])["request_hash"]
    gone = runner.invoke(main, ["llm", "forget", some, "--warehouse", path])
    assert gone.output == "requests deleted from the ledger: 1\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--llm", "localhost:11434", "--llm-model", "m"], "is not the address of an endpoint"),
        (["--llm", "http://127.0.0.1:9/v1", "--llm-model", "m", "--presidio"], "Presidio"),
        (["--llm-model", "m"], "no answer of m to this request"),
        (["--llm-model", "m", "--context", "nosuch"], "--context nosuch cannot be read"),
        (["--llm-model", "m", "--prices", "nosuch"], "is not a price table"),
    ],
)
def test_a_model_that_cannot_be_used(bare: Warehouse, words: list[str], message: str) -> None:
    path = str(bare.path)
    bare.close()
    result = CliRunner().invoke(main, ["label", *words, "--warehouse", path])
    assert result.exit_code == 1
    assert message in result.output
    assert result.output.count("Error: ") == 1


def test_a_key_of_openai_goes_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from fame_sql.llm.keys import api_key

    monkeypatch.delenv("FAME_LLM_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    assert api_key("api.openai.com") == "secret"
    assert api_key("api.openai.com.evil.example") == "none"
    monkeypatch.setenv("FAME_LLM_KEY", "own")
    assert api_key("127.0.0.1") == "own"
