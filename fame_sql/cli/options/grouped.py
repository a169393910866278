"""Several options that a command takes as one argument."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def add_options(command: F, options: Sequence[Callable[[F], F]]) -> F:
    """Add options to a command, so that the help shows them in the order given."""
    for option in reversed(options):
        command = option(command)
    return command


def grouped(
    command: Callable[..., Any],
    options: Sequence[Callable[..., Any]],
    into: type,
    argument: str,
) -> Callable[..., Any]:
    """Add options that the command takes as one argument.

    Parameters
    ----------
    command : callable
        The function of the command.
    options : sequence of callable
        Option decorators; each names its parameter as a field of ``into``.
    into : type
        A dataclass, whose fields are exactly the options.
    argument : str
        Name of the command's argument.
    """

    @functools.wraps(command)
    def with_group(*args: Any, **given: Any) -> Any:
        values = {field.name: given.pop(field.name) for field in fields(into)}
        return command(*args, **{argument: into(**values)}, **given)

    return add_options(with_group, options)
