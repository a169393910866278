"""The command ``fame top``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from fame_sql.cli.options.moment import MOMENT
from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_records
from fame_sql.cli.progress import asking
from fame_sql.cli.tables import brief, print_nothing, print_table

_BY = ("template", "service", "host", "domain", "severity", "source")
_COLUMNS = ("lines", "share", "anomalous_lines", "worst_score", "first_seen", "last_seen", "name")
_LONGEST = 60


@click.command(short_help="Show what fills the log, or its anomalies.")
@click.option(
    "--by",
    type=click.Choice(_BY),
    default="template",
    show_default=True,
    help="What the lines are counted by.",
)
@click.option("--anomalous", is_flag=True, help="Only what has anomalous lines, by their number.")
@click.option(
    "--since", type=MOMENT, metavar="TIME", help="Only lines since then (UTC, or an age: 2h)."
)
@click.option("--until", type=MOMENT, metavar="TIME", help="Only lines before then.")
@click.option(
    "--top",
    "at_most",
    type=COUNT,
    metavar="NUMBER",
    default=15,
    show_default=True,
    help="Show at most this many.",
)
@warehouse_option
@form_options
def top(
    by: str,
    anomalous: bool,
    since: datetime | None,
    until: datetime | None,
    at_most: int,
    warehouse: Path,
    form: Form,
) -> None:
    """Show the templates, services, hosts or domains with most lines.

    'fame show LOG_ID' shows one line, 'fame diff' compares two periods.
    """
    from fame_sql.forensics.top import list_top
    from fame_sql.warehouse.warehouse import Warehouse

    with (
        Warehouse.open(warehouse, read_only=True) as opened,
        asking(opened.connection, "counting lines"),
    ):
        rows = list_top(opened, by, at_most=at_most, since=since, until=until, anomalous=anomalous)
    if form != "text":
        print_records(rows, (*_COLUMNS, "template"), form)
    elif not rows and anomalous:
        print_nothing("no line is anomalous", "fame top")
    elif not rows:
        print_nothing("no line", "fame status")
    else:
        shown = [
            (
                row["lines"],
                f"{100 * row['share']:.1f} %",
                row["anomalous_lines"],
                row["worst_score"],
                f"{row['last_seen']:%Y-%m-%d %H:%M}",
                brief(row["template"] if by == "template" else row["name"], _LONGEST),
            )
            for row in rows
        ]
        print_table(("lines", "share", "anomalous", "worst", "last", by), shown)
