"""The options of commands that print tables: ``--wide`` and ``--no-pager``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_WIDE, _NO_PAGER, _WIDTH = (f"{__name__}.{name}" for name in ("wide", "no_pager", "width"))


def table_options(command: F) -> F:
    """Add ``--wide`` and ``--no-pager``."""
    wide = _flag("--wide", _WIDE, "Show all columns and whole values on a terminal.")
    no_pager = _flag("--no-pager", _NO_PAGER, "Show a long table on a terminal without a pager.")
    return wide(no_pager(_width(command)))


def is_wide() -> bool:
    """Return whether tables are wanted as wide as what they hold."""
    return _is_given(_WIDE)


def given_width() -> int | None:
    """Return the width of the terminal of a client that runs the command at a server."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(_WIDTH)


def is_paged() -> bool:
    """Return whether a long table may open a pager."""
    return not _is_given(_NO_PAGER)


def _flag(name: str, key: str, help: str) -> Callable[[F], F]:
    def note(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        # All contexts of one command line share this.
        context.meta[key] = context.meta.get(key, False) or value

    return click.option(name, is_flag=True, expose_value=False, callback=note, help=help)


def _width(command: F) -> F:
    def note(context: click.Context, parameter: click.Parameter, value: int | None) -> None:
        if value is not None:
            context.meta[_WIDTH] = value

    kind = click.IntRange(1)
    return click.option("--width", type=kind, hidden=True, expose_value=False, callback=note)(
        command
    )


def _is_given(key: str) -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(key))
