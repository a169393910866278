"""The words of a command line: which command they name, and which words are files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click


@dataclass(frozen=True)
class Word:
    """One word of a command line.

    Parameters
    ----------
    text : str
        The word, or what follows ``=`` in it.
    parameter : click.Parameter or None
        What it is the value of, or names; None for ``--``.
    before : str
        What stands before it in the same word, such as ``--html=``.
    is_name : bool
        Whether it is the name of an option.
    """

    text: str
    parameter: click.Parameter | None = None
    before: str = ""
    is_name: bool = False


@dataclass(frozen=True)
class Level:
    """One command of a line, such as ``queue`` and ``export`` of ``fame queue export``.

    Parameters
    ----------
    command : click.Command
        The command.
    name : str
        How it is called.
    words : list of Word
        Its own words, without those of a command below it.
    given : mapping
        The values that the line gives, by parameter.
    """

    command: click.Command
    name: str
    words: list[Word] = field(default_factory=list)
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def takes_warehouse(self) -> bool:
        """Whether it has an option ``--warehouse``."""
        return any(parameter.name == "warehouse" for parameter in self.command.params)

    def is_given(self, name: str) -> bool:
        """Return whether the line gives a parameter."""
        value = self.given.get(name)
        return bool(value) or value == ""


def levels(group: click.Group, words: Sequence[str]) -> list[Level]:
    """Return the commands of a line; empty if it names none, or click refuses it.

    Parameters
    ----------
    group : click.Group
        The whole program.
    words : sequence of str
        The line, without the program's own name and options.
    """
    found: list[Level] = []
    command: click.Command = group
    context = click.Context(group, info_name="fame", **group.context_settings)
    rest = list(words)
    while isinstance(command, click.Group) and rest:
        inner = command.get_command(context, rest[0])
        if inner is None:
            return [] if not found or not _is_optional(command) else found
        context = click.Context(inner, info_name=rest[0], parent=context)
        name, rest = rest[0], rest[1:]
        try:
            given, below, _ = inner.make_parser(context).parse_args(list(rest))
        except click.UsageError:
            return []
        # An argument that is missing has a value of click's own.
        given = {k: v for k, v in given.items() if isinstance(v, str | int | list | tuple)}
        own = rest[: len(rest) - len(below)] if isinstance(inner, click.Group) else rest
        found.append(Level(inner, name, list(_read(inner, context, own)), given))
        command, rest = inner, list(below) if isinstance(inner, click.Group) else []
    return found


def is_file(parameter: click.Parameter | None) -> bool:
    """Return whether the value of a parameter is a file or a folder."""
    return parameter is not None and isinstance(parameter.type, click.Path | click.File)


def _is_optional(command: click.Group) -> bool:
    return bool(command.invoke_without_command)


def _read(command: click.Command, context: click.Context, words: Sequence[str]) -> Iterator[Word]:
    """Yield the words of one command, each with the parameter whose value it is."""
    options = {
        name: parameter
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    waiting = iter(words)
    for word in waiting:
        name, equals, value = word.partition("=")
        if word == "--":
            yield Word(word)
            yield from _positional(arguments, list(waiting))
        elif equals and word.startswith("--") and name in options:
            yield Word(value, options[name], f"{name}=")
        elif word in options:
            yield Word(word, options[word], is_name=True)
            for _ in range(_values(options[word])):
                yield Word(next(waiting, ""), options[word])
        elif word.startswith("-") and len(word) > 2 and word[:2] in options:
            yield from _short(options, word)
        else:
            yield from _positional(arguments, [word])


def _short(options: Mapping[str, click.Option], word: str) -> Iterator[Word]:
    """Yield a word such as ``-k20``."""
    option = options[word[:2]]
    if _values(option):
        yield Word(word[2:], option, word[:2])
    else:
        yield Word(word, option, is_name=True)


def _positional(arguments: Sequence[click.Argument], words: Sequence[str]) -> Iterator[Word]:
    """Yield words that no option takes: files, if any argument is one."""
    files = [argument for argument in arguments if is_file(argument)]
    parameter = files[0] if files else (arguments[0] if arguments else None)
    for word in words:
        yield Word(word, parameter)


def _values(option: click.Option) -> int:
    return 0 if option.is_flag or option.count else option.nargs
