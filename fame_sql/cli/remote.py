"""Commands on a warehouse that a server holds: they run there, and print here."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from fame_sql.cli.options.warehouse import DEFAULT_WAREHOUSE
from fame_sql.errors import InputError, WarehouseError

if TYPE_CHECKING:
    from fame_sql.serve.address import Address
    from fame_sql.serve.commands.allowed import Allowed
    from fame_sql.serve.commands.words import Level, Word

_TOKEN = "FAME_TOKEN"
_NOT_HERE = ("serve", "token", "demo", "look", "formats", "dbt", "tail")
"""Commands that do not ask a server, whatever warehouse is meant."""


def through_server(group: click.Group, words: Sequence[str], token_file: Path | None) -> int | None:
    """Run a command at the server that holds its warehouse.

    Parameters
    ----------
    group : click.Group
        The command line.
    words : sequence of str
        The command.
    token_file : Path, optional
        A file with a token.

    Returns
    -------
    int or None
        The exit code; None if no server holds the warehouse, so that the command runs here.

    Raises
    ------
    WarehouseError
        If the command does not run while a server holds the warehouse.
    FameError
        If the server refuses it.
    """
    if not words or words[0] in _NOT_HERE:
        return None
    from fame_sql.serve.address import named
    from fame_sql.serve.commands.words import levels
    from fame_sql.warehouse.sharing import is_shared

    if is_shared():
        return None
    line = levels(group, words)
    if not line or not line[-1].takes_warehouse or any(level.is_given("help") for level in line):
        return None
    warehouse = _warehouse(line)
    given = any(level.is_given("warehouse") for level in line)
    address = None if given else named(os.environ)
    if address is None:
        from fame_sql.serve.address import find as find_server

        address = find_server(warehouse)
    return None if address is None else _run(address, line, warehouse, token_file)


def _warehouse(line: Sequence[Level]) -> Path:
    """Return the warehouse that a line means."""
    given = [level.given["warehouse"] for level in line if level.is_given("warehouse")]
    return Path(str(given[-1]) if given else os.environ.get("FAME_WAREHOUSE") or DEFAULT_WAREHOUSE)


def _run(
    address: Address, line: list[Level], warehouse: Path, token_file: Path | None
) -> int | None:
    from fame_sql.serve.address import find as find_server
    from fame_sql.serve.client import NotAnsweringError
    from fame_sql.serve.commands.allowed import find, name_of

    found = find(line)
    if found is None:
        raise WarehouseError(_not_served(name_of(line), address))
    token = token_of(token_file)
    own = [_own_words(level, found) for level in line]
    try:
        if name_of(line) == "ingest" and (token or not address.secret):
            return max(_printed(address, token, *upload) for upload in _uploads(own[0]))
        words = [
            text for level, rest in zip(line, own, strict=True) for text in _texts(level, rest)
        ]
        words += _width(line[-1])
        reads = any(word.text == "-" and not word.is_name for rest in own for word in rest)
        read = sys.stdin.buffer if reads else None
        return _printed(address, token or address.secret, words, read)
    except NotAnsweringError:
        if address.pid and find_server(warehouse) is None:
            return None  # It ended just now, so the command can run here.
        raise


def _not_served(command: str, address: Address) -> str:
    """Return why a command that no server runs does not run, and what to do."""
    from fame_sql.serve.address import SERVER

    if not address.pid:
        return (
            f"'fame {command}' does not run at a server, and {SERVER} names one ({address.url}): "
            f"name a warehouse of this machine with --warehouse, or unset {SERVER}"
        )
    return (
        f"'fame {command}' does not run while a server holds the warehouse ({address.url}): stop "
        "the server first"
    )


def _width(level: Level) -> list[str]:
    """Return the words that say how wide the tables of a command may be."""
    takes = any("--width" in parameter.opts for parameter in level.command.params)
    if not takes or "--" in (word.text for word in level.words) or not sys.stdout.isatty():
        return []
    return [f"--width={shutil.get_terminal_size().columns}"]


def _printed(address: Address, token: str, words: Sequence[str], read: IO[bytes] | None) -> int:
    """Print what a command prints at the server; return its exit code."""
    from fame_sql.serve.client import ask

    for name, value in ask(address, token, words, read):
        if name == "exit":
            return int(value)
        click.echo(value, nl=False, err=name == "err")
    return 1


def token_of(token_file: Path | None) -> str:
    """Return the token that is given; empty if none is."""
    if token_file is not None:
        from fame_sql.files import read_text

        return read_text(token_file, "--token-file").strip()
    return os.environ.get(_TOKEN, "").strip()


def _own_words(level: Level, found: Allowed) -> list[Word]:
    """Return the words of a command without the warehouse, and with whole names of files."""
    own = [word for word in level.words if word.parameter is None or not _is_warehouse(word)]
    return [
        replace(word, text=str(Path(word.text).absolute())) if _is_path(word, found) else word
        for word in own
    ]


def _is_warehouse(word: Word) -> bool:
    return word.parameter is not None and word.parameter.name == "warehouse"


def _is_path(word: Word, found: Allowed) -> bool:
    return found.names_file(word) and word.text != "-" and "://" not in word.text


def _texts(level: Level, words: Iterable[Word]) -> list[str]:
    return [level.name, *(f"{word.before}{word.text}" for word in words)]


def _uploads(words: Sequence[Word]) -> Iterator[tuple[list[str], IO[bytes]]]:
    """Yield a command for each file, which reads its bytes: for a server that sees no files.

    Raises
    ------
    InputError
        If a source is no file.
    """
    sources = [word for word in words if _is_source(word)]
    others = [f"{word.before}{word.text}" for word in words if not _is_source(word)]
    named = any(word.parameter and word.parameter.name == "source" for word in words)
    for source in sources:
        if source.text == "-":
            yield ["ingest", *others, "-"], sys.stdin.buffer
            continue
        path = Path(source.text)
        if not path.is_file():
            raise InputError(
                f"{path} is no file: name files one by one, since the server does not see them"
            )
        name = [] if named else ["--source", str(path)]
        with path.open("rb") as file:
            yield ["ingest", *others, *name, "-"], file


def _is_source(word: Word) -> bool:
    return word.parameter is not None and word.parameter.name == "files" and not word.is_name
