"""The option that limits how many lines of each template are labelled."""

from __future__ import annotations

import click

from fame_sql.cli.options.numbers import COUNT

PER_TEMPLATE = 20

per_template_option = click.option(
    "-k",
    "--per-template",
    type=COUNT,
    metavar="K",
    default=PER_TEMPLATE,
    show_default=True,
    help="Label at most this many lines of each template.",
)
