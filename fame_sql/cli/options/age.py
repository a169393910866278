"""The options that choose lines by their age."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from fame_sql.cli.options.grouped import add_options

F = TypeVar("F", bound=Callable[..., Any])


def age_options(verb: str, what: str, moment: str) -> Callable[[F], F]:
    """Add ``--before`` and ``--older-than``.

    Parameters
    ----------
    verb, what : str
        What the command does, and to what: ``"Drop"`` and ``"lines"``.
    moment : str
        What ``--before`` takes, in words.
    """
    options = (
        click.option(
            "--before", metavar="TIME", help=f"{verb} {what} from before this {moment}, in UTC."
        ),
        click.option(
            "--older-than", metavar="AGE", help=f"{verb} {what} older than this: 90d, 12h or 4w."
        ),
    )
    return lambda command: add_options(command, options)
