"""The option for the reason of a decision, where it was called ``--why`` before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from fame_sql.cli.options.renamed import RenamedOption


def reason_option(help_text: str, *, required: bool = False) -> Callable[[Any], Any]:
    """Return the option ``--reason``, which a command takes as ``reason``."""
    return click.option(
        "--reason",
        cls=RenamedOption,
        former="--why",
        metavar="REASON",
        required=required,
        help=help_text,
    )
