"""Every option of every command refuses nonsense at once, in one line that names the option.

The cases are made from the commands themselves, so that a new option is among them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from warehouse_copy import copied_to

from fame_sql.cli import main
from fame_sql.cli.options.moment import MOMENT

pytestmark = pytest.mark.any_duckdb

NOT_A_NUMBER = ("", "x", "nan")
PAST_ALL_RANGES = ("1" + "0" * 20, "-1" + "0" * 20)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        if command is not None and not is_only_a_group(command):
            yield " ".join((*path, name)), command


def is_only_a_group(command: click.Command) -> bool:
    """Return whether a command does nothing but hold others."""
    return isinstance(command, click.Group) and not command.invoke_without_command


def nonsense(kind: click.ParamType) -> tuple[str, ...]:
    """Return values that no option of this type can mean."""
    if isinstance(kind, click.Choice):
        return ("", "nonsense")
    if isinstance(kind, click.types.IntParamType):
        return (*NOT_A_NUMBER, *PAST_ALL_RANGES, "1.5")
    if isinstance(kind, click.types.FloatParamType):
        return (*NOT_A_NUMBER, "inf", "-1e400")
    return ("",)


CASES = [
    pytest.param(path, command, option, value, id=f"{path} {option.opts[-1]}={value}")
    for path, command in commands(main)
    for option in command.params
    if isinstance(option, click.Option) and not option.is_flag and not option.hidden
    for value in nonsense(option.type)
]


@pytest.fixture(scope="module")
def folder(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse and a log; no command may change anything in it."""
    folder = tmp_path_factory.mktemp("nonsense")
    copied_to(folder, compiled).rename(folder / "warehouse.duckdb")
    (folder / "app.log").write_text("disk 7 is full\n")
    return folder


def required(command: click.Command) -> list[str]:
    """Return values for what the command must be given."""
    words: list[str] = []
    for parameter in command.params:
        if not parameter.required:
            continue
        value = "app.log" if isinstance(parameter.type, click.Path) else "1"
        if isinstance(parameter.type, click.Choice):
            value = str(parameter.type.choices[0])
        if parameter.type is MOMENT:
            value = "2h"
        name = [] if isinstance(parameter, click.Argument) else [parameter.opts[-1]]
        words += [*name, *[value] * parameter.nargs]
    return words


def state(folder: Path) -> dict[str, tuple[int, int]]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in found}


@pytest.mark.parametrize(("path", "command", "option", "value"), CASES)
def test_nonsense_is_refused(
    path: str,
    command: click.Command,
    option: click.Option,
    value: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    words = [*path.split(), *required(command), f"{option.opts[-1]}={value}"]
    said = refused(words, folder)
    assert any(name in said for name in option.opts), said


ARGUMENTS = [
    pytest.param(path, command, argument, id=f"{path} {argument.name}")
    for path, command in commands(main)
    for argument in command.params
    if isinstance(argument, click.Argument)
]


@pytest.mark.parametrize(("path", "command", "argument"), ARGUMENTS)
def test_an_argument_without_text_is_refused(
    path: str,
    command: click.Command,
    argument: click.Argument,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    words = [
        "" if parameter is argument else "1"
        for parameter in command.params
        if isinstance(parameter, click.Argument)
    ]
    options = [p for p in command.params if p.required and isinstance(p, click.Option)]
    for option in options:
        is_choice = isinstance(option.type, click.Choice)
        words += [option.opts[-1], str(option.type.choices[0]) if is_choice else "1"]
    assert "Error: " in refused([*path.split(), *words], folder)


def refused(words: list[str], folder: Path) -> str:
    """Run a command that must be refused, and return what it says."""
    before, began = state(folder), time.process_time()
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code in (1, 2), ran.output
    assert ran.exception is None or isinstance(ran.exception, SystemExit)
    assert len([line for line in ran.stderr.splitlines() if line.startswith("Error")]) == 1
    assert not ran.stdout
    assert state(folder) == before
    assert time.process_time() - began < 5
    return ran.stderr
