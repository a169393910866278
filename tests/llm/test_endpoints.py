"""Endpoints that answer in forms of their own: read where certain, else asked once more."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread

import pytest
import yaml
from llm_judge import ROWS, judge, model_of
from llm_server import LanguageServer, rows_of

from fame_sql.errors import InputError
from fame_sql.llm.answers import LabelAnswer, parse
from fame_sql.llm.bounds import bounded
from fame_sql.llm.client import Client
from fame_sql.llm.failures import AnswerError, LanguageModelError
from fame_sql.llm.keys import host_of
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.waiting import is_temporary, requested_wait
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RIGHT = {"l1": "anomalous", "l2": "normal"}
ITEMS = [{"id": i, "label": label, "reason": "seen"} for i, label in RIGHT.items()]
ANSWER = json.dumps({"judgements": ITEMS})
FORMS = {
    "think with a brace": f"<think>maybe {{'a': 1}} or {ANSWER[:30]}</think>\n{ANSWER}",
    "think without a beginning": f"so {{x}} it is</think>{ANSWER}",
    "prose with a brace": f"As {{you}} asked: {ANSWER} {{done}}",
    "thoughts in brackets": f"[THINK]maybe {ANSWER.replace('normal', 'x')}[/THINK]{ANSWER}",
    "another word for thoughts": f"<thought>[{ANSWER[:-1]}]}}</thought>{ANSWER}",
    "channels": f"<|channel|>analysis<|message|>{{}}<|channel|>final<|message|>{ANSWER}",
    "keys in capitals": ANSWER.replace("judgements", "Judgements"),
    "in a further object": f'{{"result": {ANSWER}}}',
    "ids in brackets": ANSWER.replace('"l1"', '"[l1]"').replace('"l2"', '"#l2"'),
    "two fences": f"```json\n{ANSWER}\n```\nthat is\n```\n{ANSWER}\n```",
    "bare array": json.dumps(ITEMS),
    "labels in capitals": ANSWER.replace("normal", "Normal").replace("anomalous", "**ANOMALOUS.**"),
    "commas at the end": ANSWER.replace("}]}", "},]\n,}"),
    "a literal of Python": f"Here:\n{json.loads(ANSWER)!r}\nDone.",
    "rows one a line": "\n".join(map(json.dumps, ITEMS)),
    "rows one a line in a fence": "```json\n" + ",\n".join(map(json.dumps, ITEMS)) + "\n```",
    "YAML": yaml.safe_dump(json.loads(ANSWER)),
    "YAML in a fence": f"```yaml\n{yaml.safe_dump(ITEMS, sort_keys=False)}\n```\n",
    "ids as numbers": ANSWER.replace('"l1"', "1").replace('"l2"', "2"),
    "further keys": ANSWER.replace('"reason"', '"severity": 3, "reason"')[:-1] + ', "model": "x"}',
}


def completion(message: dict, finish: str = "stop", **more: object) -> bytes:
    choice = {"index": 0, "finish_reason": finish, "message": message}
    return json.dumps({"model": "gpt-4o", "choices": [choice], **more}).encode()


BODIES = {
    "content as parts": completion({"content": [{"type": "text", "text": ANSWER}]}),
    "parts with thinking": completion(
        {"content": [{"type": "thinking", "text": "{"}, {"type": "text", "text": ANSWER}]}
    ),
    "content as an object": completion({"content": json.loads(ANSWER)}),
    "tool call": completion(
        {"content": None, "tool_calls": [{"function": {"name": "x", "arguments": ANSWER}}]}
    ),
    "reasoning_content": completion({"content": "", "reasoning_content": f"so: {ANSWER}"}),
    "not UTF-8": completion({"content": ANSWER.replace("seen", "g?n")}).replace(b"g?n", b"g\xe9n"),
    "impossible usage": completion(
        {"content": ANSWER}, usage={"prompt_tokens": 10**400, "completion_tokens": "7"}
    ),
    "byte order mark": b"\xef\xbb\xbf" + completion({"content": ANSWER}),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_form_whose_meaning_is_certain_is_read_at_once(
    empty: Warehouse, server: LanguageServer, form: str
) -> None:
    server.answer = lambda _: form
    assert judge(model_of(empty, server)) == RIGHT
    assert len(server.bodies) == 1


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_completion_of_another_form_is_read(
    empty: Warehouse, server: LanguageServer, body: bytes
) -> None:
    server.raw = [(200, body, {})]
    assert judge(model_of(empty, server)) == RIGHT
    assert len(server.bodies) == 1


CUT_OFF = {
    "rows one a line": "\n".join(map(json.dumps, ITEMS))[:-20],
    "a literal of Python": repr(json.loads(ANSWER))[:-20],
    "commas at the end": ANSWER.replace("}]}", "},")[:-1],
    "a line of prose": f"{json.dumps(ITEMS[0])}\nand so on",
    "a call": "dict(judgements=[])",
    "YAML": yaml.safe_dump(json.loads(ANSWER), sort_keys=False)[:-14],
    "YAML with a reference": f"a: &a {ANSWER[1:9]}\njudgements: *a",
    "a sentence with a colon": "judgements: all normal",
}
CUT_OFF |= {
    f"YAML after {n} letters": yaml.safe_dump(json.loads(ANSWER), sort_keys=False)[:n]
    for n in (30, 45, 75, 85)
}


@pytest.mark.parametrize("form", CUT_OFF.values(), ids=CUT_OFF.keys())
def test_an_answer_that_is_cut_off_is_not_read_as_a_whole_one(form: str) -> None:
    with pytest.raises(ValueError, match=r"it is not JSON|judgements"):
        parse(LabelAnswer, form)


def test_two_answers_that_differ_are_asked_once_more(
    empty: Warehouse, server: LanguageServer
) -> None:
    other = ANSWER.replace("anomalous", "normal")
    server.answer = lambda body: ANSWER if len(body["messages"]) > 2 else f"{other} or {ANSWER}"
    assert judge(model_of(empty, server)) == RIGHT
    assert "several answers" in server.requests[1]["messages"][3]["content"]


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b"\xff\xfe\x00", b"[]"])
def test_what_is_no_completion_is_sent_twice_and_counted(
    empty: Warehouse, server: LanguageServer, body: bytes
) -> None:
    server.raw = [(200, body, {})] * 5
    model = model_of(empty, server)
    with pytest.raises(LanguageModelError, match="answered twice with something else"):
        judge(model)
    assert len(server.bodies) == 2
    bill = Ledger(empty).bill()[0]
    assert bill["without_answer"] == 1
    assert bill["lost_usd"] == pytest.approx(model.spent)
    assert model.spent > 0


@pytest.mark.parametrize("more", [{}, {"choices": None}])
def test_an_error_with_status_200_is_said(
    empty: Warehouse, server: LanguageServer, more: dict
) -> None:
    server.raw = [(200, json.dumps({"error": {"message": "no \x1b[2Jroom"}, **more}).encode(), {})]
    with pytest.raises(LanguageModelError, match=r"answered an error: no \\x1b\[2Jroom"):
        judge(model_of(empty, server))
    assert len(server.bodies) == 1


def test_an_account_without_credit_is_asked_once(empty: Warehouse, server: LanguageServer) -> None:
    error = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
    server.raw = [(429, json.dumps(error).encode(), {})] * 5
    model = model_of(empty, server)
    with pytest.raises(LanguageModelError, match="no credit left"):
        judge(model)
    assert len(server.bodies) == 1
    assert model.spent == 0
    assert not is_temporary(429, str(error))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90))}, 90.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_an_endpoint_asks_to_wait(headers: dict, seconds: float | None) -> None:
    found = requested_wait(headers, NOW)
    assert found == (None if seconds is None else pytest.approx(seconds, abs=3))


def test_a_wait_beyond_the_limit_is_said_and_not_slept(
    empty: Warehouse, server: LanguageServer
) -> None:
    server.raw = [(429, b"{}", {"Retry-After": "7200"})]
    with pytest.raises(LanguageModelError, match="asks to wait 7200 s"):
        judge(model_of(empty, server))


@pytest.mark.parametrize(
    ("finish", "message", "said"),
    [
        ("content_filter", {"content": ""}, "content filter stopped the answer"),
        ("stop", {"content": None, "refusal": "I cannot"}, "refuses to answer"),
        ("length", {"content": ANSWER[:40]}, "cut off after"),
    ],
)
def test_why_an_answer_ended_early_is_said(
    empty: Warehouse, server: LanguageServer, finish: str, message: dict, said: str
) -> None:
    server.raw = [(200, completion(message, finish), {})] * 2
    with pytest.raises(AnswerError, match=said):
        judge(model_of(empty, server))


@pytest.mark.parametrize("claim", [-5, 1e30, float("nan"), 0, "7", True])
def test_claimed_tokens_that_cannot_be_true_are_estimated(
    empty: Warehouse, server: LanguageServer, claim: object
) -> None:
    usage = {"prompt_tokens": claim, "completion_tokens": claim}
    server.raw = [(200, completion({"content": ANSWER}, usage=usage), {})]
    model = model_of(empty, server)
    judge(model)
    [bill] = Ledger(empty).bill()
    assert bill["estimated"]
    assert bill["tokens_in"] > 100
    assert 0 < model.spent < 0.1


def test_another_model_is_noticed(empty: Warehouse, server: LanguageServer) -> None:
    server.raw = [(200, completion({"content": ANSWER}).replace(b"gpt-4o", b"tiny-1"), {})]
    model = model_of(empty, server)
    judge(model)
    assert model.notices == {"tiny-1 answered where gpt-4o was asked: check the endpoint"}


def test_a_refused_limit_is_asked_for_by_its_other_name(
    empty: Warehouse, server: LanguageServer
) -> None:
    server.refuses = {"max_tokens"}
    assert judge(model_of(empty, server)) == RIGHT
    assert "max_completion_tokens" in server.requests[-1]


def test_a_password_in_an_address_is_not_shown() -> None:
    client = Client("http://ada:hunter2@127.0.0.1:9/v1", "key", retries=0)
    assert client.address == "http://127.0.0.1:9/v1"


def test_an_address_with_a_blank_is_none() -> None:
    with pytest.raises(InputError, match="is not the address of an endpoint"):
        host_of("http://exa mple/v1")


def test_the_worst_case_stays_within_max_cost(empty: Warehouse, server: LanguageServer) -> None:
    """An endpoint that fills each answer to its limit does not exceed the budget."""

    def long(body: dict) -> str:
        rows = [{"id": r["id"], "label": "normal", "reason": "x" * 1500} for r in rows_of(body)]
        return json.dumps({"judgements": rows}).ljust(4 * body["max_tokens"])[
            : 4 * body["max_tokens"]
        ]

    server.answer = long
    model = model_of(empty, server, max_cost=0.02)
    sets = [[{"id": "l1", "message": f"line {number}"}, ROWS[1]] for number in range(50)]
    with pytest.raises(LanguageModelError, match="max-cost"):
        [judge(model, rows) for rows in sets]
    assert 0 < model.spent <= 0.02
    assert Ledger(empty).bill()[0]["cost_usd"] <= 0.02


def test_requests_side_by_side_give_the_same(empty: Warehouse, server: LanguageServer) -> None:
    from fame_sql.llm.answers import LabelAnswer
    from fame_sql.llm.prompts import LABEL

    server.delay = 0.2
    model = model_of(empty, server, concurrency=4)
    sets = [[{"id": "l1", "message": f"disk {n} failed"}, ROWS[1]] for n in range(8)]
    model.prepare([model.request("label", LABEL, rows, LabelAnswer, 90) for rows in sets])
    assert server.most_busy > 1
    assert [judge(model, rows) for rows in sets] == [RIGHT] * 8
    assert (len(server.bodies), model.sent, model.replayed) == (8, 8, 0)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Spark leaves a handler of its own in a process in which it ran."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_sends_nothing_that_is_not_on_its_way(
    empty: Warehouse, server: LanguageServer, interruptible: None
) -> None:
    from fame_sql.llm.prompts import LABEL

    server.raw = [(429, b"{}", {"Retry-After": "60"})]
    model = model_of(empty, server, concurrency=2)
    requests = [
        model.request("label", LABEL, [{"id": "l1", "message": f"disk {n}"}], LabelAnswer, 90)
        for n in range(40)
    ]
    server.delay = 0.2
    Thread(target=interrupt_after, args=(server, 3), daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        model.prepare(requests)
    assert 1 < len(server.bodies) < 20
    assert empty.value("SELECT count(response) FROM fame.llm_calls") == len(server.bodies) - 1


def interrupt_after(server: LanguageServer, requests: int) -> None:
    while len(server.bodies) < requests:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def test_an_answer_that_trickles_is_left_when_its_time_is_over(
    empty: Warehouse, server: LanguageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fame_sql.llm.bounds.time", Clock())
    with pytest.raises(LanguageModelError, match=r"gave no answer within 60 s .* --timeout"):
        judge(model_of(empty, server))
    assert len(server.bodies) == 1


class Clock:
    """Each look at it is a minute later."""

    now = 0.0

    def monotonic(self) -> float:
        self.now += 61
        return self.now


def test_an_answer_without_end_is_not_read_to_its_end(
    empty: Warehouse, server: LanguageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fame_sql.llm.client.bounded", lambda seconds: bounded(seconds, 1000))
    server.respond = lambda _: (200, b'{"choices": [' + b" " * 100_000 + b"]}", {})
    with pytest.raises(LanguageModelError, match="answered twice with something else"):
        judge(model_of(empty, server))


@pytest.mark.parametrize(
    ("status", "said", "advice"),
    [
        (404, "404 page not found", "for Ollama http://HOST:11434/v1"),
        (405, "method not allowed", "for Anthropic https://api.anthropic.com/v1"),
        (302, "", "OpenAI's chat completions"),
        (404, '{"error": {"message": "model x not found"}}', "choose another --llm-model"),
        (401, '{"error": {"message": "Incorrect API key"}}', "key in FAME_LLM_KEY"),
        (200, '{"message": {"content": "{}"}, "done": true}', "for Ollama http://HOST:11434/v1"),
        (200, '{"content": [{"type": "text"}], "usage": {}}', "https://api.anthropic.com/v1"),
    ],
)
def test_a_wrong_address_model_or_key_is_said(
    empty: Warehouse, server: LanguageServer, status: int, said: str, advice: str
) -> None:
    server.respond = lambda _: (status, said.encode(), {})
    with pytest.raises(LanguageModelError) as raised:
        judge(model_of(empty, server))
    assert advice in str(raised.value)
    assert len(server.bodies) == 1 + (status == 200)


def test_an_endpoint_that_does_not_keep_to_max_tokens_is_named(
    empty: Warehouse, server: LanguageServer
) -> None:
    server.answer = lambda body: json.dumps(server.honest(body)) + " " * 5 * 4 * body["max_tokens"]
    model = model_of(empty, server)
    assert judge(model) == RIGHT
    [said] = model.notices
    assert "does not keep to max_tokens" in said
