"""The words of a command line as a client sends them, and the commands that a server knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from fame_sql.cli import main
from fame_sql.serve.commands.allowed import allowed, check, name_of
from fame_sql.serve.commands.http import with_warehouse
from fame_sql.serve.commands.words import is_file, levels
from fame_sql.serve.refused import RefusedError
from fame_sql.serve.tokens import Holder, Role

pytestmark = pytest.mark.any_duckdb

LOCAL = {
    *("demo", "look", "dbt init", "init", "serve", "tail"),
    *("token create", "token list", "token withdraw"),
}
ALONE = {"compact", "repair", "upgrade", "partition add", "partition place"}
IN_A_TERMINAL = {"label review", "label audit", "queue review", "domains edit"}
"""Commands that a server does not run for anybody, and why."""


def _commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield before + name, command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")


def test_every_command_with_a_warehouse_is_known() -> None:
    takes = {name for name, c in _commands(main) if any(p.name == "warehouse" for p in c.params)}
    assert takes - set(allowed()) == LOCAL | ALONE | IN_A_TERMINAL
    assert set(allowed()) <= takes


def test_every_option_that_is_named_exists() -> None:
    commands = dict(_commands(main))
    for name, known in allowed().items():
        names = {parameter.name for parameter in commands[name].params}
        assert {*known.writes, *known.without, *known.files} <= names


@pytest.mark.parametrize(
    ("words", "name", "files"),
    [
        ("status", "status", []),
        ("query --csv SELECT", "query", []),
        ("query -- --csv", "query", []),
        ("queue --top 5 export out.csv", "queue export", ["out.csv"]),
        ("queue export --top=5 out.csv", "queue export", ["out.csv"]),
        ("ingest a.log --source --csv -- -b.log", "ingest", ["a.log", "-b.log"]),
        ("ingest --format-file=x.toml a", "ingest", ["x.toml", "a"]),
        ("evaluate --html page.html", "evaluate", ["page.html"]),
        ("status --warehouse w.duckdb", "status", ["w.duckdb"]),
        ("status --warehouse=w.duckdb", "status", ["w.duckdb"]),
        ("confirm --reason --warehouse x", "confirm", []),
        ("nonsense", "", []),
        ("status --nonsense", "", []),
    ],
)
def test_words_are_read_as_click_reads_them(words: str, name: str, files: list[str]) -> None:
    line = levels(main, words.split())
    assert name_of(line) == name
    found = [w.text for each in line for w in each.words if is_file(w.parameter) and not w.is_name]
    assert found == files


@pytest.mark.parametrize(
    "words", ["queue --top 5 export out.csv", "query -- --warehouse", "ingest -- a b", "status"]
)
def test_the_server_names_its_warehouse_in_every_command(words: str) -> None:
    line = levels(main, with_warehouse(levels(main, words.split()), Path("/srv/w.duckdb")))
    assert name_of(line) == name_of(levels(main, words.split()))
    assert [each.given["warehouse"] for each in line] == ["/srv/w.duckdb"] * len(line)


@pytest.mark.parametrize(
    ("words", "role", "is_owner", "status"),
    [
        ("status", "reader", False, 0),
        ("status", "ingest", False, 403),
        ("score", "reader", False, 403),
        ("score", "writer", False, 0),
        ("queue", "reader", False, 0),
        ("queue --answer a=normal", "reader", False, 403),
        ("queue --llm http://x", "reader", False, 403),
        ("query --write X", "reader", False, 403),
        ("query X", "reader", False, 0),
        ("ingest a.log", "writer", False, 403),
        ("ingest - --source a", "writer", False, 0),
        ("ingest a.log", "writer", True, 0),
        ("ingest --table t --database x.duckdb", "writer", True, 400),
        ("evaluate --html x.html", "reader", False, 403),
        ("evaluate --study", "writer", True, 400),
        ("label import x.csv", "writer", False, 403),
        ("status --warehouse /etc/passwd", "writer", False, 403),
        ("upgrade", "writer", True, 400),
        ("serve", "writer", True, 400),
        ("nonsense", "writer", True, 400),
    ],
)
def test_what_a_command_needs(words: str, role: str, is_owner: bool, status: int) -> None:
    holder = Holder("somebody", Role(role))
    found = 0
    try:
        check(levels(main, words.split()), holder, is_owner=is_owner)
    except RefusedError as refused:
        found = refused.status
    assert found == status
