"""The command ``fame counts``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from fame_sql.cli.options.moment import MOMENT
from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_records
from fame_sql.cli.progress import terminal_progress

_COLUMNS = ("service_name", "kind", "first_window", "last_window", "lines", "expected", "g")
_LONGEST = 80


@click.command(short_help="List templates that come more or less often than before.")
@click.option(
    "--since", type=MOMENT, metavar="TIME", help="Only from this time on (UTC, or an age like 2h)."
)
@click.option("--until", type=MOMENT, metavar="TIME", help="Only before this time.")
@click.option(
    "--top", type=COUNT, metavar="NUMBER", help="Show at most this many, the worst first."
)
@click.option(
    "--looking-back",
    is_flag=True,
    help="Compare each window with sessions after it as well: for a report, not for alerts.",
)
@click.option("--recount", is_flag=True, help="Count all lines and test all windows again.")
@warehouse_option
@form_options
def counts(
    since: datetime | None,
    until: datetime | None,
    top: int | None,
    looking_back: bool,
    recount: bool,
    warehouse: Path,
    form: Form,
) -> None:
    """List templates whose lines are more or fewer than their service's past lets expect.

    Counts the lines that are new since the last time, tests their windows, and
    lists what is significant: bursts, silences, first sightings, shifts of a template's share, and
    delays where lines have trace IDs. The view count_anomalies has the same, window by window.
    """
    from fame_sql.operations.counts import update
    from fame_sql.operations.counts.listing import COLUMNS, list_anomalies
    from fame_sql.warehouse.warehouse import Warehouse

    chosen: dict[str, Any] = {"since": since, "until": until, "top": top}
    given = {name: value for name, value in chosen.items() if value is not None}
    with Warehouse.open(warehouse) as opened:
        report = update(opened, recount=recount, progress=terminal_progress())
        rows = list_anomalies(opened, looking_back=looking_back, **given)
    if form != "text":
        print_records(rows, COLUMNS, form)
        return
    click.echo(f"{report.windows} windows tested, {report.found} of their counts are anomalous")
    if rows:
        click.echo()
        shown = [{**row, "template": row["template"].strip()[:_LONGEST]} for row in rows]
        print_records(shown, (*_COLUMNS, "template"), form)
