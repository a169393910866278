"""The option ``--quiet``, which every command takes, and the remarks that it keeps back."""

from __future__ import annotations

import click

from fame_sql.console import printable

_QUIET = f"{__name__}.quiet"


def quiet_option() -> click.Option:
    """Return ``--quiet``."""
    return click.Option(
        ["--quiet"],
        is_flag=True,
        expose_value=False,
        callback=_note,
        help="Show no progress and no remarks on stderr; also after a command.",
    )


def take_quiet(command: click.Command) -> None:
    """Let a command and those below it take ``--quiet``, which the help of the program shows."""
    for below in getattr(command, "commands", {}).values():
        take_quiet(below)
    if not any("--quiet" in parameter.opts for parameter in command.params):
        option = quiet_option()
        option.hidden = True
        command.params.append(option)


def is_quiet() -> bool:
    """Return whether a command was asked for results and errors alone."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_QUIET))


def remark(text: str) -> None:
    """Say on stderr what a person may want to know beside the result."""
    if not is_quiet():
        click.echo(printable(text), err=True)


def _note(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    # All contexts of one command line share this.
    context.meta[_QUIET] = context.meta.get(_QUIET, False) or value
