"""The options that say how many lines of each template are labelled, and how often read."""

from __future__ import annotations

import click

from fame_sql.cli.options.numbers import COUNT

PER_TEMPLATE = 20
READINGS = 2

per_template_option = click.option(
    "-k",
    "--per-template",
    type=COUNT,
    metavar="K",
    default=PER_TEMPLATE,
    show_default=True,
    help="Label at most this many lines of each template.",
)

readings_option = click.option(
    "--readings",
    type=click.IntRange(1, 2),
    metavar="1|2",
    default=READINGS,
    show_default=True,
    help="How often a language model reads each line. With 2, a line that sways the judgement of "
    "another is noticed. 1 costs about half, and only judgements that contradict the severity "
    "or the words of their line are asked for again.",
)
