"""What the help of every command and every option must be like, over click's own tree."""

from __future__ import annotations

import inspect
import re
import resource
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from fame_sql.cli import GROUPS, main

pytestmark = pytest.mark.any_duckdb

QUAINT = re.compile(
    r"\b(anew|so many|told|tells?|what of|borne?|bears?|lies?|of use|put in force|"
    r"(K|lines?|labels?|alarms?|keys?) a (template|million|line|day))\b",
    re.IGNORECASE,
)
LONGEST_START = 0.5


def _tree(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _tree(below, (*path, name))


COMMANDS = dict(_tree(main))
OPTIONS = {
    f"{path} {option.opts[-1]}".strip(): option
    for path, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option) and not option.hidden
}
TEXTS = {path: inspect.cleandoc(command.help or "") for path, command in COMMANDS.items()} | {
    path: option.help or "" for path, option in OPTIONS.items()
}


@pytest.mark.parametrize("path", TEXTS)
def test_a_help_text_is_a_plain_sentence(path: str) -> None:
    text = TEXTS[path]
    assert text, "there is no help"
    assert text.strip() == text
    assert text[0].isupper() or text.startswith("'-'")
    assert text.endswith(".")
    assert "  " not in text, "two blanks, or a default written by hand"
    assert not QUAINT.findall(text)


@pytest.mark.parametrize("path", OPTIONS)
def test_an_option_says_what_it_takes(path: str) -> None:
    option = OPTIONS[path]
    shown = option.make_metavar(click.Context(main))
    assert option.is_flag or shown not in ("INTEGER", "FLOAT", "TEXT", "INTEGER RANGE")


@pytest.mark.parametrize("path", COMMANDS)
def test_short_help_is_help_and_lists_whole_sentences(path: str) -> None:
    short, long = (CliRunner().invoke(main, [*path.split(), word]) for word in ("-h", "--help"))
    assert (short.exit_code, short.stdout) == (0, long.stdout)
    shown = short.stdout.split("\n", 1)[1]
    assert "...\n" not in shown, "a first sentence is too long for the list of commands"


def test_help_lists_every_command_in_its_group() -> None:
    shown = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout
    starts = [shown.index(f"{title}:\n") for title in GROUPS]
    assert starts == sorted(starts)
    for commands in GROUPS.values():
        assert all(re.search(rf"^  {command.name} ", shown, re.M) for command in commands)
    assert sum(map(len, GROUPS.values())) == len(main.commands)


def test_help_starts_quickly() -> None:
    """Measured in time of the processor, for the machine may be busy."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        program = "from fame_sql.cli import main; main(['--help'])"
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < LONGEST_START
