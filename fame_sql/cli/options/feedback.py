"""The arguments and options of 'fame confirm' and 'fame dismiss'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from fame_sql.cli.options.author import author_option
from fame_sql.cli.options.grouped import grouped
from fame_sql.cli.options.moment import UNTIL


@dataclass(frozen=True)
class FeedbackOptions:
    """What is named, and what is said of it.

    Parameters
    ----------
    names, templates : tuple of str
        Incidents and lines, and templates.
    where : str or None
        A condition on the columns of ``incidents``.
    reason, author : str or None
        Why, and who says it.
    expires : datetime or None
        When it ends.
    undo : bool
        Whether to take back what was said.
    """

    names: tuple[str, ...]
    templates: tuple[str, ...]
    where: str | None
    reason: str | None
    author: str | None
    expires: datetime | None
    undo: bool


_OPTIONS = (
    click.argument("names", nargs=-1, metavar="[INCIDENT|LOG_ID]..."),
    click.option(
        "--template",
        "templates",
        multiple=True,
        metavar="TEMPLATE",
        help="A template, by its template_id; can be given several times.",
    ),
    click.option(
        "--where",
        metavar="CONDITION",
        help="All incidents for which a condition holds, such as \"service_name = 'cart' AND state "
        "<> 'resolved'\".",
    ),
    click.option("--reason", metavar="REASON", help="Why; required unless with --undo."),
    click.option(
        "--expires",
        type=UNTIL,
        metavar="TIME",
        help="When it ends: from now, like 14d or 12h, or a time in UTC.",
    ),
    click.option("--undo", is_flag=True, help="Take back what was said, with its labels."),
    author_option,
)


def feedback_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments and options, which the command takes as ``feedback``."""
    return grouped(command, _OPTIONS, FeedbackOptions, "feedback")
