"""The commands ``fame alert set|check|routes|test``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.author import author_option
from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_done, print_json, print_records
from fame_sql.console import plural, printable

if TYPE_CHECKING:
    from fame_sql.operations.alerts.settings import AlertSettings

_CHANNELS = (
    "channel",
    "kind",
    "from_severity",
    "through",
    "delivered",
    "failures",
    "waiting",
    "last_error",
)
_WINDOWS = ("window", "from", "to", "local")

file_argument = click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE"
)


@click.command("set")
@file_argument
@click.option(
    "--force", is_flag=True, help="Accept services and domains that the warehouse does not have."
)
@author_option
@warehouse_option
@json_option
def set_(file: Path, force: bool, author: str | None, warehouse: Path, as_json: bool) -> None:
    """Put settings of alerts in force.

    They are read from a TOML file. What could fail when an alert is to be sent is refused: unknown
    channels, routes and windows that match nothing, templates that cannot be filled in, secrets
    that are written out.
    """
    from fame_sql.files import read_text
    from fame_sql.operations.alerts.journal import locked_journal
    from fame_sql.operations.alerts.reading import read_settings
    from fame_sql.operations.alerts.replay import take_journal
    from fame_sql.operations.alerts.stored_settings import has_settings, store_settings
    from fame_sql.warehouse.author import system_user
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    text = read_text(file)
    read_settings(text)
    with Warehouse.open(warehouse) as opened, locked_journal(warehouse) as journal:
        if has_settings(opened):
            take_journal(opened, journal, utc_now())
        settings = store_settings(opened, text, author or system_user(), utc_now(), force=force)
    _print_notes(settings)
    facts = {"channels": len(settings.channels), "routes": len(settings.routes)}
    said = f"in force: {plural(facts['channels'], 'channel')}, {plural(facts['routes'], 'route')}"
    print_done(said, facts, as_json=as_json)


@click.command()
@file_argument
@click.option(
    "--force", is_flag=True, help="Accept services and domains that the warehouse does not have."
)
@warehouse_option
@json_option
@table_options
def check(file: Path, force: bool, warehouse: Path, as_json: bool) -> None:
    """Check a TOML file with settings of alerts.

    Variables that are not set, and the next times of maintenance windows, are listed as well.
    """
    import os

    from fame_sql.files import read_text
    from fame_sql.operations.alerts.listing import occurrences
    from fame_sql.operations.alerts.reading import read_settings
    from fame_sql.operations.alerts.stored_settings import check_names, unusable
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    settings = read_settings(read_text(file))
    if warehouse.exists() and not force:
        with Warehouse.open(warehouse, read_only=True) as opened:
            check_names(opened, settings)
    _print_notes(settings)
    problems = list(unusable(settings, os.environ, utc_now()))
    for problem in problems:
        click.echo(printable(f"cannot send from here: {problem}"), err=True)
    windows = list(occurrences(settings, utc_now()))
    if windows and not as_json:
        print_records(windows, _WINDOWS, "text")
    facts = {"channels": len(settings.channels), "routes": len(settings.routes)}
    said = f"{facts['channels']} channels, {facts['routes']} routes are fine"
    print_done(said, {**facts, "windows": windows, "problems": problems}, as_json=as_json)
    if problems:
        raise click.exceptions.Exit(1)


def _print_notes(settings: AlertSettings) -> None:
    for note in settings.notes:
        click.echo(printable(f"note: {note}"), err=True)


@click.command("routes")
@click.option("--severity", default="error", metavar="SEVERITY", show_default=True, help="Of it.")
@click.option("--service", metavar="NAME", help="Where an incident of this service would go.")
@click.option("--domain", metavar="NAME", default="", help="The domain of that incident.")
@warehouse_option
@form_options
def way(severity: str, service: str | None, domain: str, warehouse: Path, form: Form) -> None:
    """List the channels, or where an incident would go.

    With --service, the channels of such an incident are listed, else all channels and how they are
    doing.
    """
    from fame_sql.operations.alerts.listing import list_channels, occurrences
    from fame_sql.operations.alerts.stored_settings import load_settings
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    with Warehouse.open(warehouse, read_only=True) as opened:
        settings = load_settings(opened)
        rows = list_channels(opened, settings)
    if service is not None:
        _print_way(settings, severity, service, domain, form)
        return
    windows = list(occurrences(settings, utc_now()))
    if form == "json":
        print_json({"channels": rows, "windows": windows})
        return
    print_records(rows, _CHANNELS, form, deciding=("channel", "kind", "last_error"))
    if windows and form == "text":
        click.echo()
        print_records(windows, _WINDOWS, form)


def _print_way(
    settings: AlertSettings, severity: str, service: str, domain: str, form: Form
) -> None:
    from dataclasses import replace

    from fame_sql.operations.alerts.durations import spoken
    from fame_sql.operations.alerts.listing import sample
    from fame_sql.operations.alerts.severities import severity_of
    from fame_sql.warehouse.warehouse import utc_now

    read = severity_of(severity)
    incident = sample("", utc_now()).items[0].incident
    asked = replace(incident, severity=read, service_name=service, domain=domain)
    found = settings.routed(asked, read)
    rows = [{"channel": name, "after": spoken(wait)} for name, wait in found.items()]
    nothing = ("no channel takes such an incident", "fame alert routes")
    print_records(rows, ("channel", "after"), form, nothing)


@click.command()
@click.argument("channel", metavar="CHANNEL")
@warehouse_option
@json_option
def test(channel: str, warehouse: Path, as_json: bool) -> None:
    """Send a test message to a channel.

    PagerDuty and Alertmanager get its end at once, so that it does not stay open there.
    """
    from fame_sql.operations.alerts.listing import send_test
    from fame_sql.operations.alerts.stored_settings import load_settings
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        settings = load_settings(opened)
    outcome = send_test(settings, channel)
    if outcome.status != "delivered":
        raise click.ClickException(printable(f"{channel}: {outcome.reason}"))
    said = f"{channel}: delivered{outcome.degraded and f' ({outcome.degraded})'}"
    facts = {"channel": channel, "status": outcome.status, "degraded": outcome.degraded}
    print_done(said, facts, as_json=as_json)
