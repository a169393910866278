from __future__ import annotations

import json
import time
from collections import deque
from pathlib import Path

import pytest
from llm_judge import ROWS, judge, model_of
from llm_server import LanguageServer

from fame_sql.errors import InputError
from fame_sql.llm.answers import (
    CheckAnswer,
    GroupingAnswer,
    LabelAnswer,
    PlacementAnswer,
    parse,
    schema_of,
)
from fame_sql.llm.client import Client
from fame_sql.llm.failures import AnswerError, BudgetError, LanguageModelError
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.prices import PriceTable, estimate_tokens, read_prices
from fame_sql.llm.prompts import CHECK, LABEL
from fame_sql.llm.redaction import Redactor
from fame_sql.llm.request import Request
from fame_sql.llm.rows import in_batches
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

RIGHT = {"l1": "anomalous", "l2": "normal"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("faults", "sends"),
    [
        ([], 1),
        (["429"], 2),
        (["500", "500"], 3),
        (["break"], 2),
        (["html"], 2),
        (["prose"], 1),
        (["fence"], 1),
        (["no_usage"], 1),
        (["truncate"], 2),
        (["invalid"], 2),
        (["invent"], 2),
        (["omit"], 2),
        (["repeat"], 2),
        (["extra"], 1),
        (["empty"], 2),
        (["429", "truncate", "break"], 4),
    ],
)
def test_one_fault_is_survived(
    empty: Warehouse, server: LanguageServer, faults: list[str], sends: int
) -> None:
    server.faults = deque(faults)
    model = model_of(empty, server)
    assert judge(model) == RIGHT
    assert len(server.bodies) == sends
    assert judge(model) == RIGHT
    assert len(server.bodies) == sends, "what was answered is in the ledger"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["truncate", "invalid", "invent", "omit", "repeat"])
def test_a_second_bad_answer_is_a_clear_failure_and_is_not_paid_for_again(
    empty: Warehouse, server: LanguageServer, fault: str
) -> None:
    server.faults = deque([fault, fault])
    model = model_of(empty, server)
    with pytest.raises(AnswerError, match=r"two answers .* 'fame llm forget sha256-") as failed:
        judge(model)
    with pytest.raises(AnswerError):
        judge(model)
    assert len(server.bodies) == 2
    Ledger(empty).forget(str(failed.value).split("forget ")[1].split("'")[0])
    assert judge(model) == RIGHT


def test_the_repair_request_names_the_faults(empty: Warehouse, server: LanguageServer) -> None:
    server.faults = deque(["omit"])
    judge(model_of(empty, server))
    said = server.requests[1]["messages"]
    assert [message["role"] for message in said] == ["system", "user", "assistant", "user"]
    assert "these rows are missing: l2" in said[3]["content"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("refuses", "mode"),
    [
        ({"temperature"}, "schema"),
        ({"seed", "temperature"}, "schema"),
        ({"json_schema"}, "json"),
        ({"json_schema", "json_object"}, "text"),
        ({"json_schema", "json_object", "temperature", "seed"}, "text"),
    ],
)
def test_an_endpoint_that_refuses_is_asked_for_less(
    empty: Warehouse, server: LanguageServer, refuses: set[str], mode: str
) -> None:
    server.refuses = refuses
    model = model_of(empty, server, parameters={"temperature": 0.0, "seed": 1})
    assert judge(model) == RIGHT
    assert model.client is not None
    assert model.client.mode == mode
    last = server.requests[-1]
    assert not refuses & last.keys()
    before = len(server.bodies)
    judge(model, ROWS[:1])
    assert len(server.bodies) == before + 1, "what is refused is remembered"


def test_parameters_are_sent_only_where_they_are_set(
    empty: Warehouse, server: LanguageServer
) -> None:
    judge(model_of(empty, server))
    sent = server.requests[0]
    assert sent.keys() == {
        "model", "messages", "response_format", "temperature", "max_tokens"
    }  # fmt: skip
    assert sent["temperature"] == 0.1
    assert server.requests[0]["response_format"]["json_schema"]["strict"] is True


def test_retry_after_is_waited_for(empty: Warehouse, server: LanguageServer) -> None:
    server.faults = deque(["429"])
    started = time.monotonic()
    judge(model_of(empty, server))
    assert time.monotonic() - started >= 0.3


def test_a_request_that_times_out_is_not_sent_again(
    empty: Warehouse, server: LanguageServer
) -> None:
    server.faults = deque(["slow"])
    with pytest.raises(LanguageModelError, match=r"no answer within 1 s .* --timeout"):
        judge(model_of(empty, server, timeout=1.0))
    assert len(server.bodies) == 1
    assert empty.rows("SELECT response, sends FROM fame.llm_calls") == [(None, 1)]
    assert Ledger(empty).bill()[0]["without_answer"] == 1


def test_no_endpoint_at_all(empty: Warehouse) -> None:
    client = Client("http://127.0.0.1:9/v1", "key", retries=0)
    model = LanguageModel("m", Ledger(empty), Redactor(), client=client)
    with pytest.raises(LanguageModelError, match=r"no connection: .*refused.*fame llm check"):
        judge(model)
    model.client = None
    with pytest.raises(LanguageModelError, match="no answer of m to this request"):
        judge(model)


def test_the_cost_stays_below_max_cost(empty: Warehouse, server: LanguageServer) -> None:
    model = model_of(empty, server)
    one = model.request("label", LABEL, ROWS, LabelAnswer, 90)
    cost = model.cost(one)
    assert cost is not None
    model.max_cost = 1.5 * cost
    judge(model)
    with pytest.raises(BudgetError, match=r"would exceed --max-cost .* are kept"):
        judge(model, [{"id": "l1", "message": "another line"}])
    assert model.spent <= model.max_cost
    assert len(server.bodies) == Ledger(empty).bill()[0]["answered"]
    judge(model)


def test_a_model_without_a_price_is_unpriced_and_never_free(
    empty: Warehouse, server: LanguageServer
) -> None:
    model = model_of(empty, server)
    model.name = "my-own"
    judge(model)
    bill = Ledger(empty).bill()[0]
    assert (bill["unpriced"], bill["cost_usd"]) == (1, None)
    model.max_cost = 100.0
    with pytest.raises(BudgetError, match="has no price"):
        judge(model, ROWS[:1])


def test_a_user_overrides_prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({"dated": "2031-01-01", "models": {"m": {"input": 1, "output": 2}}}))
    monkeypatch.setenv("FAME_PRICES", str(path))
    table = read_prices()
    assert table.cost("m", 1_000_000, 500_000) == 2.0
    assert table.cost("unknown", 1, 1) is None
    assert "gpt-4o" in table.models
    assert table.dated == "2031-01-01"
    for wrong in ("", "[]", '{"models": {}}', '{"dated": "x", "models": {"m": {"input": -1}}}'):
        path.write_text(wrong)
        with pytest.raises(InputError, match="not a price table"):
            read_prices()


def test_the_price_of_tokens() -> None:
    assert PriceTable("", {"m": (2.0, 8.0)}).cost("m", 1_000_000, 1_000_000) == 10.0
    assert estimate_tokens("") == 0
    assert estimate_tokens("éé") == 2


@pytest.mark.parametrize("shape", [LabelAnswer, GroupingAnswer, PlacementAnswer, CheckAnswer])
def test_schemas_are_closed_as_strict_mode_wants(shape) -> None:
    def objects(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for value in node.values():
                yield from objects(value)
        elif isinstance(node, list):
            for value in node:
                yield from objects(value)

    found = list(objects(schema_of(shape)))
    assert found
    for node in found:
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
    assert "title" not in json.dumps(schema_of(shape)).replace('"title": {', "")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"judgements": null}',
        '{"judgements": [{"id": "l1", "label": "fine", "reason": ""}]}',
        '{"judgements": [{"id": "l1", "label": "normal"}]}',
        '{"judgements": [{"id": 1.5, "label": "normal", "reason": ""}]}',
        '{"judgements": [{"id": "", "label": "normal", "reason": ""}]}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"judgements": [{"id": "l1", "label": "normal", "reason": "' + "x" * 5000 + '"}]}',
    ],
)
def test_an_answer_with_another_schema_is_refused(content: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parse(LabelAnswer, content)


def test_batches_fit_the_window_and_keep_the_order() -> None:
    rows = [{"id": f"l{n}", "message": "word " * (n % 90)} for n in range(300)]
    batches = in_batches(rows, 4000, 45, 50)
    assert [row for batch in batches for row in batch] == rows
    assert max(map(len, batches)) <= 50
    for batch in batches:
        text = "".join(json.dumps(row) for row in batch)
        assert estimate_tokens(text) + 45 * len(batch) <= 4000


def test_the_identity_of_a_request_is_its_content(empty: Warehouse) -> None:
    model = LanguageModel("m", Ledger(empty), Redactor())
    requests = [model.request("label", LABEL, rows, LabelAnswer, 1) for rows in (ROWS, ROWS[:1])]
    assert requests[0].request_hash != requests[1].request_hash
    again = model.request("label", LABEL, [dict(row) for row in ROWS], LabelAnswer, 1)
    assert again.request_hash == requests[0].request_hash
    fixed = Request("x", "m", ({"role": "user", "content": "é"},), {}).request_hash
    assert fixed == Request("y", "m", ({"content": "é", "role": "user"},), {}).request_hash
    assert len(fixed) == len("sha256-") + 64


def test_the_trial(empty: Warehouse, server: LanguageServer) -> None:
    model = model_of(empty, server)
    request = model.request("check", CHECK, [], CheckAnswer, 10)
    assert model.ask(request, CheckAnswer).answer == "ready"
