"""The command ``fame report``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.moment import MOMENT
from fame_sql.cli.options.output import force_option, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.files import check_new, write_text

if TYPE_CHECKING:
    from fame_sql.console import Progress
    from fame_sql.forensics.report.gathering import Findings
    from fame_sql.warehouse.warehouse import Warehouse


@click.command(short_help="Write a report on an incident or a period as one HTML page.")
@click.argument("incident", required=False)
@click.option(
    "--since", type=MOMENT, metavar="TIME", help="From this time on (UTC, or an age like 2h)."
)
@click.option("--until", type=MOMENT, metavar="TIME", help="Until this time.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default="report.html",
    show_default=True,
    help="The page to write.",
)
@force_option
@warehouse_option
@json_option
def report(
    incident: str | None,
    since: datetime | None,
    until: datetime | None,
    out: Path,
    force: bool,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Write a report that can be sent: what, where, since when and how sure, first of all.

    Then a timeline, the incidents with their lines and neighbours, what is new, what is unknown,
    what it cost, and the SQL of every figure. INCIDENT is the identifier of an incident, or the
    beginning of it; without it the report is on all lines, or those of a period. The page needs
    nothing but itself. With --json, print what the report would show.
    """
    from fame_sql.forensics.drawing import need_all
    from fame_sql.warehouse.warehouse import Warehouse

    if incident is not None and (since or until):
        raise click.UsageError("give an incident or a period, not both")
    if not as_json:
        need_all()
        check_new(out, force=force)
    progress = terminal_progress()
    with Warehouse.open(warehouse, read_only=True) as opened:
        found = _gather(opened, incident, since, until, progress)
    if as_json:
        print_json(_as_json(found))
        return
    from fame_sql.forensics.report.report import html_report

    write_text(out, html_report(found, warehouse.name, progress), force=force)
    click.echo(f"the report is in {out}")


def _gather(
    warehouse: Warehouse,
    incident: str | None,
    since: datetime | None,
    until: datetime | None,
    progress: Progress,
) -> Findings:
    from fame_sql.forensics.report.gathering import gather, period_of, whole_period

    if incident is None:
        return gather(warehouse, *whole_period(warehouse, since, until), progress=progress)
    from fame_sql.operations.incidents.inbox import show_incident

    row = show_incident(warehouse, incident, lines=0).incident
    return gather(warehouse, *period_of(row), row["incident_id"], progress=progress)


def _as_json(found: Findings) -> dict[str, object]:
    from dataclasses import asdict

    from fame_sql.forensics.report.sentences import answer, unknown

    return {"answer": answer(found), "unknown": list(unknown(found)), **asdict(found)}
