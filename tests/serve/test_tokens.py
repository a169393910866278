"""Tokens of the server: made once, kept as hashes, withdrawn at once."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fame_sql.cli import main
from fame_sql.errors import InputError
from fame_sql.serve.tokens import Holder, Role, Tokens, digest

pytestmark = pytest.mark.any_duckdb


def _fame(file: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["token", *words, "--file", str(file)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "logs.tokens.json"


def test_a_token_is_shown_once_and_kept_as_a_hash(file: Path) -> None:
    done = _fame(file, "create", "grafana", "--role", "reader")
    secret = done.stdout.strip()
    assert len(secret) > 40
    assert "not shown again" in done.stderr
    assert secret not in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret not in file.read_text()
    assert digest(secret) in file.read_text()
    assert secret not in _fame(file, "list", "--json").stdout
    assert json.loads(_fame(file, "list", "--json").stdout)[0]["name"] == "grafana"


def test_a_role_is_found_and_a_withdrawn_token_is_refused_at_once(file: Path) -> None:
    tokens = Tokens(file)
    assert not tokens
    made = {
        role: _fame(file, "create", f"the-{role}", "--role", role.value).stdout.strip()
        for role in Role
    }
    assert {role: tokens.role_of(secret) for role, secret in made.items()} == {r: r for r in Role}
    assert tokens.holder_of(made[Role.WRITER]) == Holder("the-writer", Role.WRITER)
    for wrong in (None, "", made[Role.READER][:-1], digest(made[Role.READER]), "\udc80"):
        assert tokens.role_of(wrong) is None
    assert _fame(file, "withdraw", "the-reader").stdout == "reader the-reader: withdrawn\n"
    assert tokens.role_of(made[Role.READER]) is None
    assert tokens.role_of(made[Role.INGEST]) is Role.INGEST


def test_what_a_role_may() -> None:
    may = {role: (role.may_read, role.may_write, role.may_ingest) for role in Role}
    assert may == {
        Role.READER: (True, False, False),
        Role.WRITER: (True, True, True),
        Role.INGEST: (False, False, True),
    }


def test_a_file_that_is_spoilt_while_the_server_runs_lets_nobody_in(file: Path) -> None:
    secret = _fame(file, "create", "a", "--role", "writer").stdout.strip()
    whole = file.read_text()
    tokens = Tokens(file)
    for spoilt in ("", "[]", '{"tokens": [{"name": "a"}]}', whole.replace("writer", "root")):
        file.write_text(spoilt)
        assert tokens.role_of(secret) is None
        with pytest.raises(InputError, match="no file of tokens"):
            tokens.reload()
    file.write_text(whole)
    assert tokens.role_of(secret) is Role.WRITER
    file.chmod(0o644)
    assert tokens.role_of(secret) is None
    with pytest.raises(InputError, match="chmod 600"):
        Tokens(file)
    file.unlink()
    assert tokens.role_of(secret) is None


def test_tokens_of_the_environment(file: Path) -> None:
    reader, writer = "r" * 16, "w" * 20
    tokens = Tokens(file, {"FAME_SERVE_TOKENS": f" reader:{reader},\nwriter:{writer} "})
    assert tokens.role_of(reader) is Role.READER
    assert tokens.holder_of(writer) == Holder("environment-writer", Role.WRITER)
    assert not Tokens(file, {"FAME_SERVE_TOKENS": "  "})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("readerABCDEFGHIJKLMNOPQ", "write ROLE:TOKEN"),
        ("root:ABCDEFGHIJKLMNOPQ", "roles are reader, writer, ingest"),
        ("reader:short", "5 characters can be guessed"),
    ],
)
def test_a_variable_that_is_wrong_is_refused_without_showing_it(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        Tokens(None, {"FAME_SERVE_TOKENS": text})
    assert text.partition(":")[2] not in str(refused.value) or ":" not in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("create", "a", "--role", "reader"), "there is a token 'a'"),
        (("create", "a b", "--role", "reader"), "cannot be called 'a b'"),
        (("create", "../x", "--role", "reader"), "cannot be called"),
        (("withdraw", "b"), "there is no token 'b'"),
    ],
)
def test_mistakes_are_explained(file: Path, words: tuple[str, ...], says: str) -> None:
    _fame(file, "create", "a", "--role", "reader")
    before = file.read_text()
    done = _fame(file, *words)
    assert done.exit_code == 1
    assert says in done.stderr
    assert file.read_text() == before


def test_a_role_must_be_named(file: Path) -> None:
    assert _fame(file, "create", "a").exit_code == 2
    assert _fame(file, "create", "a", "--role", "root").exit_code == 2
    assert _fame(file, "list").stdout == "no token\nnext: fame token create NAME --role reader\n"
