"""Empty values: nobody means '--encoding ""', a variable of a script is not set."""

from __future__ import annotations

from collections.abc import Mapping

import click


def refuse_empty_values(group: click.Group, ctx: click.Context, words: list[str]) -> None:
    """Refuse an option or an argument whose value is empty, whatever the command.

    An empty statement is no usage error, and is left to 'fame query'.

    Parameters
    ----------
    group : click.Group
        The group that the first of the words is a command of.
    ctx : click.Context
        The group's context.
    words : list of str
        The command line after the group's own options.

    Raises
    ------
    click.BadParameter
        If a value is empty.
    """
    command: click.Command = group
    while isinstance(command, click.Group) and words:
        inner = command.get_command(ctx, words[0])
        if inner is None:
            return
        command, ctx = inner, click.Context(inner, info_name=words[0], parent=ctx)
        try:
            given, words, _ = command.make_parser(ctx).parse_args(list(words[1:]))
        except click.UsageError:
            return  # click reports it, with the command's own context.
        _refuse(command, ctx, given)


def _refuse(command: click.Command, ctx: click.Context, given: Mapping[str, object]) -> None:
    """Refuse an empty value among those of one command."""
    for parameter in command.params:
        value = given.get(parameter.name or "")
        values = value if isinstance(value, list | tuple) else (value,)
        if "" in values and parameter.name != "sql":
            message = "it is empty: give it a value, or leave it out."
            raise click.BadParameter(message, ctx=ctx, param=parameter)
