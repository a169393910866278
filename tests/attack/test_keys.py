"""Keys go where they may be read by nobody else, and are never shown."""

from __future__ import annotations

import json

import pytest
from attacks import is_one_line, run
from llm_server import LanguageServer

from fame_sql.errors import InputError
from fame_sql.llm.client import Client
from fame_sql.llm.keys import hide, host_of, is_local, refuse_unencrypted, without_password
from fame_sql.warehouse.warehouse import Warehouse

pytestmark = pytest.mark.any_duckdb

KEY = "sk-proj-4f9a8b7c6d5e4f3a2b1c"
OPEN = ["http://api.openai.com/v1", "http://10.0.0.7:8000/v1", "http://localhost.evil.example/v1"]
CLOSED = [
    "https://api.openai.com/v1",
    "http://127.0.0.1:1/v1",
    "http://[::1]/v1",
    "http://localhost",
]


@pytest.mark.parametrize("address", OPEN)
def test_a_key_does_not_go_unencrypted_to_another_machine(address: str) -> None:
    with pytest.raises(InputError, match="unencrypted"):
        refuse_unencrypted(address, KEY)
    refuse_unencrypted(address, "none")


@pytest.mark.parametrize("address", CLOSED)
def test_a_key_goes_to_https_and_to_this_machine(address: str) -> None:
    assert refuse_unencrypted(address, KEY) is None


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "FAME_LLM_KEY"])
def test_the_command_refuses_before_it_sends(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, KEY)
    words = ["llm", "check", "--llm", "http://api.openai.com/v1", "--llm-model", "gpt-4o"]
    code, output = run(*words)
    assert code == 1
    assert "unencrypted" in output
    assert KEY not in output


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 200])
def test_an_endpoint_that_repeats_the_key(
    server: LanguageServer, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("FAME_LLM_KEY", KEY)
    monkeypatch.setattr("time.sleep", lambda _: None)
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}. " * 9}})
    server.raw = [(status, body.encode(), {})] * 20
    words = ["llm", "check", "--llm", server.base_url, "--llm-model", "gpt-4o"]
    code, output = run(*words)
    assert code == 1
    assert is_one_line(code, output), output
    assert KEY not in output
    assert KEY[:12] not in output


def test_a_key_in_an_answer_is_not_stored(unlabelled: Warehouse, server: LanguageServer) -> None:
    server.answer = lambda body: f'{{"judgements": [], "key": "{KEY}"}}'
    client = Client(server.base_url, KEY)
    found = client._received(json.dumps({"choices": [KEY]}).encode())
    assert KEY.encode() not in found


ADDRESSES = [
    ("http://user:secret@host/v1", "http://host/v1"),
    ("http://user:se/cret@host/v1", "http://host/v1"),
    ("user:secret@host", "host"),
    ("http://user:s@cret@host", "http://host"),
    ("http://host/v1", "http://host/v1"),
]


@pytest.mark.parametrize(("address", "shown"), ADDRESSES)
def test_the_password_of_an_address_is_not_shown(address: str, shown: str) -> None:
    assert without_password(address) == shown


@pytest.mark.parametrize(
    "address", ["ftp://u:secret@host", "http://u:se/cret@host", "u:secret@host"]
)
def test_a_wrong_address_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(InputError) as refused:
        host_of(address)
    assert "cret" not in str(refused.value)
    code, output = run("llm", "check", "--llm", address, "--llm-model", "x")
    assert code == 1
    assert "cret" not in output


def test_a_password_is_not_shown_by_any_error(tmp_path) -> None:
    target = "nosuch://u:secret@host/lake"
    log = tmp_path / "w.duckdb"
    Warehouse.open(log, create=True).close()
    words = ["partition", "move", "--before", "2025-01-01", "--place", target, "--warehouse", log]
    code, output = run(*words)
    assert code == 1, output
    assert "secret" not in output


def test_short_texts_are_not_taken_for_keys() -> None:
    assert hide("none of them", "none") == "none of them"
    assert hide("abc", "abc") == "abc"
    assert hide(f"a {KEY} b", KEY, None) == "a <key> b"
    assert is_local("127.8.9.1")
    assert not is_local("example.org")
