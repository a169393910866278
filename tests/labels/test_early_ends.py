"""Answers that are cut off or refused: how often a careful client asks again."""

from __future__ import annotations

import json

import pytest
from llm_server import LanguageServer, rows_of

from fame_sql.labels.judging import Judge
from fame_sql.llm.client import Client
from fame_sql.llm.failures import CutOffError, RefusedError
from fame_sql.llm.ledger import Ledger
from fame_sql.llm.model import LanguageModel
from fame_sql.llm.redaction import Redactor
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb


def line_of(number: int, body: str) -> dict:
    return {"log_id": number, "body": body, "service_name": "cache", "severity_text": None}


LINES = [
    line_of(n, f"cache {'refreshed' if n % 3 else 'read failed'} on shelf {n}") for n in range(48)
]


def judge_of(warehouse: Warehouse, server: LanguageServer, **more: object) -> Judge:
    client = Client(server.base_url, "key")
    model = LanguageModel("gpt-4o", Ledger(warehouse), Redactor(), client=client, **more)
    return Judge(model, twice=False)


def finished(
    body: dict, content: str | None, finish: str, tokens: int = 50, **more: object
) -> tuple:
    message = {"role": "assistant", "content": content, **more}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    usage = {"prompt_tokens": len(json.dumps(body)) // 4, "completion_tokens": tokens}
    told = {"model": "gpt-4o", "choices": [choice], "usage": usage}
    return 200, json.dumps(told).encode(), {}


def answering(server: LanguageServer, early: object) -> None:
    """Let ``early(body, rows)`` answer, or an honest model where it returns None."""

    def respond(body: dict) -> tuple:
        return early(body, rows_of(body)) or finished(
            body, json.dumps(server.honest(body)), "stop", 45 * len(rows_of(body))
        )

    server.respond = respond


def test_a_model_that_is_always_cut_off_is_given_up_after_three_requests(
    empty: Warehouse, server: LanguageServer
) -> None:
    answering(server, lambda body, _: finished(body, '{"judgements": [{"id', "length"))
    with pytest.raises(CutOffError, match="cut off after 50 tokens"):
        judge_of(empty, server).judge_all(LINES)
    assert len(server.bodies) == 3


def test_a_model_that_always_refuses_is_given_up_after_three_requests(
    empty: Warehouse, server: LanguageServer
) -> None:
    answering(server, lambda body, _: finished(body, None, "stop", refusal="I cannot"))
    with pytest.raises(RefusedError, match="refuses to answer"):
        judge_of(empty, server).judge_all(LINES)
    assert len(server.bodies) == 3


@pytest.mark.parametrize("room", [9, 20, 30])
def test_after_a_cut_as_many_lines_are_asked_about_as_fit(
    empty: Warehouse, server: LanguageServer, room: int
) -> None:
    def cut(body: dict, rows: list) -> tuple | None:
        if len(rows) <= room:
            return None
        text = json.dumps(server.honest(body))
        at = [i for i, c in enumerate(text) if c == "}"][room - 1] + 1
        return finished(body, text[:at], "length", 45 * room)

    answering(server, cut)
    judge = judge_of(empty, server)
    judged = judge.judge_all(LINES)
    assert {line["log_id"]: line["is_anomaly"] for line in judged} == {
        line["log_id"]: "failed" in line["body"] for line in LINES
    }
    # One is cut off, the parts of the rest fit, and two judgements of each are of known rows.
    assert len(server.bodies) <= 2 + -(-len(LINES) // (room * 3 // 4 - 2))


def test_more_room_is_given_to_a_model_that_thinks(
    empty: Warehouse, server: LanguageServer
) -> None:
    def think(body: dict, rows: list) -> tuple | None:
        thought = 9000 + 45 * len(rows)
        if body["max_tokens"] >= thought:
            return None
        return finished(body, "", "length", body["max_tokens"])

    answering(server, think)
    judge = judge_of(empty, server, window=60_000)
    assert len(judge.judge_all(LINES)) == len(LINES)
    assert len(server.bodies) == 3


def test_what_a_filter_refuses_waits_for_people_and_the_rest_is_judged(
    empty: Warehouse, server: LanguageServer
) -> None:
    lines = [*LINES, line_of(99, "child process 7 killed, orphan removed")]

    def filtered(body: dict, rows: list) -> tuple | None:
        if any("orphan" in row["message"] for row in rows):
            return finished(body, "", "content_filter")
        return None

    answering(server, filtered)
    judge = judge_of(empty, server)
    assert len(judge.judge_all(lines)) == len(LINES)
    assert [(d["log_id"], d["reason"]) for d in judge.doubts] == [
        (99, "the model refuses to answer")
    ]
    assert judge.undecided == 1
    assert len(server.bodies) == 3


def test_the_budget_holds_after_a_cut(empty: Warehouse, server: LanguageServer) -> None:
    answering(server, lambda body, rows: finished(body, "", "length", body["max_tokens"]))
    judge = judge_of(empty, server, max_cost=0.06, window=200_000)
    with pytest.raises(Exception, match=r"cut off|--max-cost"):
        judge.judge_all(LINES)
    assert judge.model.spent <= 0.06


def test_a_second_call_says_its_counts_once(empty: Warehouse, server: LanguageServer) -> None:
    judge = judge_of(empty, server)
    for half in (LINES[:24], LINES[24:]):
        judge.judge_all([{**line, "severity_text": "ERROR"} for line in half])
    said = [note for note in judge.model.notices if "contradict" in note]
    assert said == ["32 judgements contradict the severity or the words of their lines"]
