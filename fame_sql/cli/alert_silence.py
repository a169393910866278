"""The commands ``fame alert silence|silences|unsilence``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.options.author import author_option
from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done, print_json, print_records
from fame_sql.console import printable

_COLUMNS = ("silence_id", "match", "starts_at", "ends_at", "author", "reason")
_SHOWN = 5


@click.command()
@click.argument("match", metavar="MATCH")
@click.option("--for", "span", metavar="TIME", required=True, help="How long, such as 2h.")
@click.option("--reason", metavar="REASON", required=True, help="Why.")
@click.option("--all", "every", is_flag=True, help="Accept a match that covers all that is open.")
@author_option
@warehouse_option
@json_option
def silence(
    match: str,
    span: str,
    reason: str,
    every: bool,
    author: str | None,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Hold back alerts of some incidents for a time.

    MATCH is a list of conditions such as 'service="web",severity=~"info|warning"'. Fields are
    service, domain, severity, template, fingerprint and incident; patterns cover the whole value.
    When the silence ends, one message says what is still open.
    """
    from fame_sql.operations.alerts.durations import duration
    from fame_sql.operations.alerts.silences import add_silence, covered_by
    from fame_sql.warehouse.author import system_user
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    now = utc_now()
    end = now + duration(span, "--for")
    with Warehouse.open(warehouse) as opened:
        covered = covered_by(opened, match, now)
        silence_id = add_silence(
            opened, match, end, author or system_user(), reason, now, every=every
        )
    if as_json:
        print_json({"silence_id": silence_id, "ends_at": end, "covered": len(covered)})
        return
    click.echo(f"silence {silence_id} until {end:%Y-%m-%d %H:%M:%S}Z")
    click.echo(f"it covers {len(covered)} of the incidents that are open")
    if not covered:
        click.echo("a pattern covers the whole value: write 'we.*' for all that begins with we")
    for followed in covered[:_SHOWN]:
        incident = followed.incident
        where = incident.service_name or "(no service)"
        said = f"  {incident.incident_id} {followed.worst}, {where}: {incident.summary}"
        click.echo(printable(said))


@click.command()
@warehouse_option
@form_options
def silences(warehouse: Path, form: Form) -> None:
    """List the silences that hold."""
    from fame_sql.operations.alerts.silences import list_silences
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    with Warehouse.open(warehouse, read_only=True) as opened:
        rows = list_silences(opened, utc_now())
    nothing = ("nothing is silenced", "fame incidents")
    print_records(rows, _COLUMNS, form, nothing, deciding=("silence_id", "match", "ends_at"))


@click.command()
@click.argument("silence_id", metavar="SILENCE")
@warehouse_option
@json_option
def unsilence(silence_id: str, warehouse: Path, as_json: bool) -> None:
    """End a silence before its time."""
    from fame_sql.operations.alerts.silences import end_silence
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    with Warehouse.open(warehouse) as opened:
        end_silence(opened, silence_id, utc_now())
    facts = {"silence_id": silence_id, "state": "ended"}
    print_done(f"silence {silence_id} has ended", facts, as_json=as_json)
