"""The commands ``fame incidents``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.moment import MOMENT
from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_json, print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import brief, print_facts, print_nothing
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.operations.incidents.inbox import Shown
    from fame_sql.warehouse.warehouse import Warehouse

_COLUMNS = ("incident_id", "state", "severity", "service_name", "first_seen", "last_seen")
_SIZES = ("lines", "lines_to_read", "counts")
_DECIDING = ("incident_id", "severity", "service_name", "last_seen", "lines", "template")
_LONGEST = 60
_LINE = ("timestamp", "host_name", "severity_text", "score", "body")
_INFLUENCES = ("field", "value", "share_inside", "share_outside", "p_value")


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Also those that are over or dismissed.")
@click.option(
    "--since", type=MOMENT, metavar="TIME", help="Only those seen since then (UTC, or an age: 2h)."
)
@warehouse_option
@form_options
@click.pass_context
def incidents(
    context: click.Context, everything: bool, since: datetime | None, warehouse: Path, form: Form
) -> None:
    """List incidents: anomalies that belong together.

    Those that are not over come first, then the worst. 'fame alert' and 'fame incidents update'
    bring them up to date.
    """
    if context.invoked_subcommand is not None:
        return
    from fame_sql.operations.incidents.inbox import list_incidents
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        rows = list_incidents(opened, everything=everything, since=since)
        left = _left(opened, everything, len(rows))
    if form != "text":
        columns = tuple(rows[0]) if rows else (*_COLUMNS, *_SIZES, "template", "known")
        print_records(rows, columns, form)
    else:
        shown = [{**r, "template": brief(r["template"], _LONGEST)} for r in rows]
        nothing = ("no incident", "fame incidents update")
        if not everything:
            nothing = ("no incident is open", "fame incidents --all")
        print_records(
            shown, (*_COLUMNS, *_SIZES, "template", "known"), form, nothing, deciding=_DECIDING
        )
    for sentence in left:
        remark(sentence)


def _left(warehouse: Warehouse, everything: bool, shown: int) -> list[str]:
    """Return what a list does not show."""
    from fame_sql.operations.incidents.gathering import lines_left

    said = []
    others = warehouse.value("SELECT count(*) FROM fame.incidents") - shown
    if others and not everything:
        said.append(f"{others:,} more that are over or dismissed: --all")
    if lines := lines_left(warehouse):
        said.append(f"{lines:,} lines have not been read for incidents: 'fame incidents update'")
    return said


@incidents.command("update")
@warehouse_option
@json_option
def update_(warehouse: Path, as_json: bool) -> None:
    """Bring counts and incidents up to date with new lines.

    Prints what has changed, and sends nothing: 'fame alert' does the same and sends it.
    """
    from fame_sql.operations import counts
    from fame_sql.operations.incidents import update
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    with Warehouse.open(warehouse) as opened:
        counts.update(opened, progress=terminal_progress())
        changes = update(opened, utc_now(), progress=terminal_progress())
    if as_json:
        print_json([{"transition": c.transition, **vars(c.incident)} for c in changes])
        return
    if not changes:
        print_nothing("no incident has changed", "fame incidents")
        return
    for change in changes[-100:]:
        found = change.incident
        word = f"{change.transition:<9} {found.severity:<8} {found.incident_id}"
        click.echo(printable(f"{word}  {found.service_name or '(no service)'}: {found.summary}"))
    click.echo(f"{len(changes)} changes")


@incidents.command("show")
@click.argument("incident")
@click.option(
    "--lines",
    type=COUNT,
    metavar="NUMBER",
    default=20,
    show_default=True,
    help="Show at most this many lines of it.",
)
@warehouse_option
@json_option
@table_options
def show(incident: str, lines: int, warehouse: Path, as_json: bool) -> None:
    """Show an incident, its lines and what concentrates it.

    Lines of the service before and after it are shown too.

    INCIDENT is its identifier, or the beginning of it. The values that concentrate it have a larger
    share of its lines than of the other lines of its service, which chance alone hardly does.
    """
    from fame_sql.operations.incidents.inbox import show_incident
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        found = show_incident(opened, incident, lines=lines)
    if as_json:
        print_json(vars(found))
    else:
        _print(found)


def _print(found: Shown) -> None:
    print_facts((name.replace("_", " "), value) for name, value in found.incident.items())
    _print_section("changes", found.changes, ("changed_at", "transition", "severity", "lines"))
    _print_section("counts", found.counts, ("anomaly", "windows", "lines", "expected", "template"))
    _print_section("concentrated in", found.influencers, _INFLUENCES)
    _print_section("before", found.before, _LINE)
    _print_section("lines", found.lines, _LINE)
    if found.left:
        click.echo(f"{found.left:,} more: fame.incident_lines('{found.incident['incident_id']}')")
    _print_section("after", found.after, _LINE)


def _print_section(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if rows:
        click.echo(f"\n{title}")
        print_records(rows, columns, "text", deciding=("timestamp", "score", "body", "template"))
