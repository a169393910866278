"""Numbers that an endpoint, a ledger, a model or a file of masks claims, and what comes of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from attacks import is_one_line, run
from llm_server import LanguageServer

from fame_sql.files import parse_json
from fame_sql.llm.completion import reply_of
from fame_sql.llm.request import Request, hash_of
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

ASKED = Request("label", "gpt-4o", ({"role": "user", "content": "x" * 300},), {"type": "object"})
CALL: dict[str, Any] = {
    "request_hash": ASKED.request_hash,
    "stage": "label",
    "prompt_version": "3",
    "model": "gpt-4o",
    "request": ASKED.canonical(),
    "response": {"content": "{}"},
    "tokens_in": 10,
    "tokens_out": 10,
    "cost_usd": 0.01,
    "resolved_model": "gpt-4o",
    "finish_reason": "stop",
    "tokens_estimated": False,
    "answered_at": "2026-01-01T00:00:00",
}
CLAIMS = ["-1000000", "1" + "0" * 30, "1e400", "NaN", '"many"', "null", "true", "[]", "1.5"]


@pytest.mark.parametrize("claim", CLAIMS)
def test_tokens_that_cannot_be_are_estimated(claim: str) -> None:
    usage = json.loads(f'{{"prompt_tokens": {claim}, "completion_tokens": {claim}}}')
    reply = reply_of(ASKED, {"choices": [{"message": {"content": "yes"}}], "usage": usage}, 1.0)
    assert 0 < reply.tokens_in < 1000
    assert 0 < reply.tokens_out < 1000


BAD_CALLS = [
    *({"tokens_in": value} for value in (-1, 10**30, 1.5, "ten", True)),
    *({"cost_usd": value} for value in (-9, "free", 10**30, True)),
    {"answered_at": "yesterday"},
    {"answered_at": None},
    {"stage": None},
    {"stage": 5},
    {"model": "other"},
    {"resolved_model": 7},
    {"tokens_estimated": "no"},
    {"request": "text"},
    {"request": {**ASKED.canonical(), "messages": "text"}},
    {"response": {"content": None}},
    {"response": {"content": "\ud800"}},
    {"request_hash": "sha256-0"},
]


def lines() -> list[str]:
    found = []
    for change in BAD_CALLS:
        call = {**CALL, **change}
        if isinstance(change.get("request"), dict):
            call["request_hash"] = hash_of(call["request"])
        found.append(json.dumps(call))
    whole = json.dumps(CALL)
    found += [whole.replace("0.01", number) for number in ("NaN", "Infinity", "1e400")]
    return [*found, "[" * 100_000, '{"a":' * 50_000, whole[:-1], "null", "7", "\x00"]


@pytest.mark.parametrize("line", lines(), ids=range(len(lines())))
def test_a_bad_call_is_not_imported(newborn: Path, tmp_path: Path, line: str) -> None:
    path = Path(shutil.copy(newborn, tmp_path / "w.duckdb"))
    other = {**CALL, "request": {**ASKED.canonical(), "parameters": {"seed": 1}}}
    good = json.dumps({**other, "request_hash": hash_of(other["request"])})
    (tmp_path / "calls.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    code, output = run("llm", "import", tmp_path / "calls.jsonl", "--warehouse", path)
    assert code == 1, output
    assert is_one_line(code, output), output
    with Warehouse.open(path) as opened:
        assert opened.value("SELECT count(*) FROM fame.llm_calls") == 0


def test_a_good_call_is_imported_and_exported_again(newborn: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(newborn, tmp_path / "w.duckdb"))
    (tmp_path / "calls.jsonl").write_text(json.dumps(CALL) + "\n", encoding="utf-8")
    assert run("llm", "import", tmp_path / "calls.jsonl", "--warehouse", path)[0] == 0
    assert run("llm", "export", tmp_path / "again.jsonl", "--warehouse", path)[0] == 0
    assert json.loads((tmp_path / "again.jsonl").read_text("utf-8")) == CALL


@pytest.mark.parametrize(
    "pattern", ["a++", "a*+", "a{2000}", "(?>a)", "(a", "((a{100}){100}){100}"]
)
def test_masks_that_not_all_engines_take(tmp_path: Path, pattern: str) -> None:
    masks, log, path = tmp_path / "masks.csv", tmp_path / "x.log", tmp_path / "w.duckdb"
    masks.write_text(f"name,pattern,placeholder\nown,{pattern},<own>\n", encoding="utf-8")
    log.write_text("hello\n", encoding="utf-8")
    code, output = run("ingest", log, "--masks", masks, "--warehouse", path)
    assert code == 1
    assert is_one_line(code, output), output
    assert not path.exists()


def test_a_budget_holds_against_an_endpoint_that_gives_money_back(
    unlabelled: Warehouse, server: LanguageServer
) -> None:
    path = unlabelled.path
    unlabelled.close()
    answer = {
        "choices": [{"message": {"content": '{"judgements": []}'}}],
        "usage": {"prompt_tokens": -(10**6), "completion_tokens": -(10**6)},
    }
    server.raw = [(200, json.dumps(answer).encode(), {})] * 50
    words = ["label", "--llm", server.base_url, "--llm-model", "gpt-4o", "--max-cost", "0.2"]
    code, output = run(*words, "--warehouse", path)
    assert is_one_line(code, output), output
    with Warehouse.open(path) as opened:
        costs = opened.rows("SELECT cost_usd FROM fame.llm_calls WHERE response IS NOT NULL")
    assert costs
    assert all(cost > 0 for (cost,) in costs)
    assert sum(cost for (cost,) in costs) <= 0.2


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e400", "1" + "0" * 400, "[" * 10**6, ""])
def test_json_that_cannot_be_computed_with(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_json(text)


def test_json_is_read_as_ever() -> None:
    text = '{"a": [1, -2.5, 1e3, true, null, "\\u00e9", 18446744073709551615]}'
    assert parse_json(text) == json.loads(text)
