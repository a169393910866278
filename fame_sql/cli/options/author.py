"""The options that record who changed something, and why."""

from __future__ import annotations

import click

from fame_sql.cli.options.renamed import RenamedOption

_HELP = "Name to record as the author."
_DEFAULT = "the system's user name"

author_option = click.option("--author", metavar="NAME", show_default=_DEFAULT, help=_HELP)

author_option_with_former_name = click.option(
    "--author",
    cls=RenamedOption,
    former="--by",
    metavar="NAME",
    show_default=_DEFAULT,
    help=_HELP,
)
