"""The options that choose how a result is printed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

from fame_sql.cli.options.wide import table_options

F = TypeVar("F", bound=Callable[..., Any])

Form = Literal["text", "csv", "json"]
"""How a result is printed: as text for people, as CSV or as JSON."""


def json_option(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


def force_option(command: F) -> F:
    """Add ``--force``, for a command that writes a file."""
    return click.option("--force", is_flag=True, help="Replace a file that exists.")(command)


def form_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--csv`` and ``--json``, which the command takes as one argument ``form``.

    Also ``--wide`` and ``--no-pager``, which the tables read.
    """

    @functools.wraps(command)
    def with_form(*args: Any, as_csv: bool, as_json: bool, **given: Any) -> Any:
        if as_csv and as_json:
            raise click.UsageError("use either --csv or --json, not both")
        form: Form = "csv" if as_csv else "json" if as_json else "text"
        return command(*args, form=form, **given)

    csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV.")
    with_csv: Callable[..., Any] = csv_option(json_option(table_options(with_form)))
    return with_csv
