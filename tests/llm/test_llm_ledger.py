from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from kills import Child, Forks
from llm_judge import ROWS, judge, model_of
from llm_server import LanguageServer

from fame_sql.errors import InputError
from fame_sql.labels import label_from_column
from fame_sql.labels.by_llm import label_with_llm
from fame_sql.llm.answers import LabelAnswer
from fame_sql.llm.client import Client
from fame_sql.llm.failures import LanguageModelError
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prompts import LABEL
from fame_sql.llm.redaction import Redactor
from fame_sql.llm.request import canonical_json, hash_of
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

FAME = Path(sys.executable).with_name("fame")


def identity(body: dict) -> str:
    """What the server saw, as the ledger names it."""
    schema = body["response_format"]["json_schema"]["schema"]
    messages = body["messages"]
    return hash_of(
        {"model": body["model"], "messages": messages, "schema": schema, "parameters": {}}
    )


def answered(path: Path) -> set[str]:
    with Warehouse.open(path) as warehouse:
        rows = warehouse.rows("SELECT request_hash FROM fame.llm_calls WHERE response IS NOT NULL")
    return {row[0] for row in rows}


@dataclass(frozen=True)
class Pass:
    """A command that asks a language model, and what it leaves in the warehouse."""

    words: tuple[str, ...]
    again: tuple[str, ...]
    stored: str

    def result(self, path: Path) -> list[tuple]:
        with Warehouse.open(path) as warehouse:
            return warehouse.rows(f"SELECT {self.stored} ORDER BY ALL")


LABELLING = Pass(
    ("label", "-k", "6", "--window", "3000"), ("--again",), "log_id, is_anomaly FROM fame.labels"
)
PARTITIONING = Pass(
    ("domains", "--window", "2500"), (), "domain, template_id FROM fame.domain_templates"
)


def kill_after(child: Child, server: LanguageServer, chance: random.Random) -> None:
    """End a command, as a power cut does, once a few requests have come."""
    wanted = len(server.bodies) + chance.randint(1, 4)
    while len(server.bodies) < wanted:
        assert child.wait(0.005) is None, child.said
    if child.wait(chance.random() * 0.1) is None:
        child.kill()
        child.wait(60)
    server.settle()


@pytest.mark.slow
@pytest.mark.parametrize("asking", [LABELLING, PARTITIONING], ids=["labels", "partition"])
def test_killed_anywhere_nothing_that_was_answered_is_sent_again(
    forking: Forks, unlabelled: Warehouse, server: LanguageServer, asking: Pass
) -> None:
    path = unlabelled.path
    if asking is PARTITIONING:
        label_from_column(unlabelled)
    unlabelled.close()
    command = [*asking.words, "--llm", server.base_url, "--llm-model", "gpt-4o"]
    command += ["--warehouse", path]
    server.delay = 0.05
    chance = random.Random(5)
    for _ in range(3):
        before, known = len(server.bodies), answered(path)
        kill_after(forking.start(command), server, chance)
        sent = [identity(body) for body in server.requests[before:]]
        assert not known & set(sent), "a request whose answer was there was sent again"
        assert len(set(sent)) == len(sent)
        assert len(set(sent) - answered(path)) <= 1, "more than the answer on the wire was lost"
    before, known = len(server.bodies), answered(path)
    done = forking.start(command)
    assert done.wait(60) == 0, done.said
    sent = {identity(body) for body in server.requests[before:]}
    assert known
    assert not known & sent
    result, total = asking.result(path), len(server.bodies)
    again = forking.start([*command, *asking.again])
    assert again.wait(60) == 0, again.said
    assert len(server.bodies) == total
    assert result
    assert asking.result(path) == result


@pytest.mark.slow
def test_a_team_replays_a_pass_without_a_network(
    unlabelled: Warehouse, mined: Path, server: LanguageServer, tmp_path: Path
) -> None:
    def model(warehouse: Warehouse, client: Client | None) -> LanguageModel:
        return LanguageModel("gpt-4o", Ledger(warehouse), Redactor.of(warehouse), client=client)

    first = label_with_llm(unlabelled, model(unlabelled, Client(server.base_url, "key")))
    written = Ledger(unlabelled).export(tmp_path / "pass.jsonl")
    assert written == len(server.bodies)
    elsewhere = tmp_path / "elsewhere.duckdb"
    elsewhere.write_bytes(mined.read_bytes())
    with Warehouse.open(elsewhere) as other:
        with pytest.raises(LanguageModelError, match="fame llm import"):
            label_with_llm(other, model(other, None))
        assert Ledger(other).import_calls(tmp_path / "pass.jsonl") == written
        assert Ledger(other).import_calls(tmp_path / "pass.jsonl") == 0
        assert label_with_llm(other, model(other, None)) == first
        assert Ledger(other).export(tmp_path / "again.jsonl") == written
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "pass.jsonl").read_bytes()
    assert server.base_url not in (tmp_path / "pass.jsonl").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda call: call["request"].update(model="other"), "hash is not that of the request"),
        (lambda call: call.pop("response"), "is not a call of a ledger"),
        (lambda call: call.update(response={"content": 7}), "hash is not that of the request"),
        (lambda call: call.update(response=None), "is not a call of a ledger"),
    ],
)
def test_a_ledger_that_was_changed_is_refused_whole(
    empty: Warehouse, server: LanguageServer, tmp_path: Path, change, message: str
) -> None:
    judge(model_of(empty, server))
    judge(model_of(empty, server), ROWS[:1])
    path = tmp_path / "calls.jsonl"
    Ledger(empty).export(path)
    empty.connection.execute("DELETE FROM fame.llm_calls")
    lines = path.read_text().splitlines()
    call = json.loads(lines[1])
    change(call)
    path.write_text("\n".join([lines[0], canonical_json(call)]))
    with pytest.raises(InputError, match=message):
        Ledger(empty).import_calls(path)
    assert empty.value("SELECT count(*) FROM fame.llm_calls") == 0


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_ledger_without_calls(empty: Warehouse, tmp_path: Path, content: str) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match="is empty: name a file that 'fame llm export'"):
        Ledger(empty).import_calls(path)


@pytest.mark.parametrize("content", ["{", "7", "null", "\x00", "[1]"])
def test_a_file_that_is_not_a_ledger(empty: Warehouse, tmp_path: Path, content: str) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match="line 1, is not a call"):
        Ledger(empty).import_calls(path)


def test_forgetting_an_unknown_call_is_an_error(empty: Warehouse) -> None:
    for wrong in ("", "sha256-", "sha256-abc", "sha256-" + "0" * 64):
        with pytest.raises(InputError):
            Ledger(empty).forget(wrong)


def test_answers_under_other_masks_are_counted_before_anything_is_paid_again(
    empty: Warehouse, server: LanguageServer
) -> None:
    model = model_of(empty, server)
    judge(model)
    asked = model.request("label", LABEL, ROWS, LabelAnswer, 90)
    another = model.request("label", LABEL, ROWS[:1], LabelAnswer, 90)
    assert model.masked_otherwise([another]) is None, "the same masks"
    empty.connection.execute("UPDATE fame.llm_calls SET mask_version = 'other'")
    assert model.masked_otherwise([asked]) is None, "it is found again"
    assert "1 answers of gpt-4o" in str(model.masked_otherwise([another]))
