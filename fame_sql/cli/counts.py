"""The commands ``fame counts`` and ``fame counts calibrate``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.moment import MOMENT
from fame_sql.cli.options.numbers import COUNT, Number
from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json, print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import brief, print_nothing

if TYPE_CHECKING:
    from fame_sql.operations.counts.calibration import Calibration

_COLUMNS = ("service_name", "kind", "first_window", "last_window", "lines", "expected", "g")
_DECIDING = ("service_name", "kind", "first_window", "lines", "expected", "template")
_LONGEST = 80


@click.group(
    invoke_without_command=True,
    short_help="List templates that come more or less often than before.",
)
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
@click.option(
    "--recount",
    is_flag=True,
    help="Count all lines and test all windows again; incidents give up what is not found again.",
)
@warehouse_option
@form_options
@click.pass_context
def counts(
    context: click.Context,
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
    if context.invoked_subcommand is not None:
        return
    from fame_sql.operations.counts import update
    from fame_sql.operations.counts.listing import COLUMNS, list_anomalies
    from fame_sql.operations.incidents import update as update_incidents
    from fame_sql.operations.incidents.changes import last_number
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    chosen: dict[str, Any] = {"since": since, "until": until, "top": top}
    given = {name: value for name, value in chosen.items() if value is not None}
    with Warehouse.open(warehouse) as opened:
        report = update(opened, recount=recount, progress=terminal_progress())
        is_followed = recount and last_number(opened) > 0
        progress = terminal_progress()
        changes = update_incidents(opened, utc_now(), progress=progress) if is_followed else []
        rows = list_anomalies(opened, looking_back=looking_back, **given)
    if form != "text":
        print_records(rows, COLUMNS, form)
        return
    click.echo(f"{report.windows} windows tested, {report.found} of their counts are anomalous")
    if is_followed:
        click.echo(f"{len(changes)} changes of incidents")
    if not rows:
        print_nothing("no count is anomalous", "fame top")
        return
    click.echo()
    shown = [{**row, "template": brief(row["template"], _LONGEST)} for row in rows]
    print_records(shown, (*_COLUMNS, "template"), form, deciding=_DECIDING)


@counts.command()
@click.option(
    "--quiet",
    nargs=2,
    type=MOMENT,
    required=True,
    metavar="FROM TO",
    help="Time in which nothing was wrong (UTC, or ages such as 7d 1d).",
)
@click.option(
    "--per-day",
    type=Number(0, 1000),
    default=1.0,
    show_default=True,
    metavar="NUMBER",
    help="False alarms that are allowed in a day.",
)
@click.option("--dry-run", is_flag=True, help="Only show what it would set.")
@warehouse_option
@json_option
def calibrate(
    quiet: tuple[datetime, datetime],
    per_day: float,
    dry_run: bool,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Set the least statistic by quiet time of your own log.

    Every anomaly in that time is a false alarm. Sets count_least_g so that no more such alarms are
    left than --per-day allows, and says how the first half of the time does on the second.
    """
    from fame_sql.operations.counts import update
    from fame_sql.operations.counts.calibration import calibrate as run
    from fame_sql.operations.settings import set_value
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    since, until = quiet
    if since >= until:
        raise click.UsageError("--quiet takes the earlier time first")
    with Warehouse.open(warehouse) as opened:
        update(opened, progress=terminal_progress())
        found = run(opened, since, until, per_day=per_day, now=utc_now())
        if not dry_run:
            set_value(opened, "count_least_g", str(found.least_g))
    if as_json:
        print_json({**asdict(found), "is_set": not dry_run})
        return
    _print_calibration(found, per_day, dry_run)


def _print_calibration(found: Calibration, per_day: float, dry_run: bool) -> None:
    verb = "would be" if dry_run else "is"
    click.echo(
        f"{found.windows} windows of {found.days:.1f} quiet days have {found.before} false alarms; "
        f"{found.left} are left"
    )
    click.echo(f"count_least_g {verb} {found.least_g:g}, for at most {per_day:g} a day")
    click.echo(
        f"calibrated on the first half alone ({found.least_g_of_half:g}), the second half would "
        f"have {found.left_in_half}"
    )
    if found.days * per_day < 1:
        click.echo(
            f"so little quiet time cannot show fewer than {1 / max(found.days, 1e-9):.1f} false "
            "alarms a day"
        )
