"""The command ``fame alert`` and its subcommands."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.alert_settings import check, set_, test, way
from fame_sql.cli.alert_silence import silence, silences, unsilence
from fame_sql.cli.options.numbers import Number
from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done, print_json, print_records
from fame_sql.cli.tables import print_nothing
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.operations.alerts import PassReport
    from fame_sql.operations.alerts.state import Delivery

_ANOTHER_PASS = 75
_SENT = ("created_at", "channel", "state", "attempts", "next_try", "incidents", "about", "reason")
_HELD = ("since", "released_at", "channel", "incident_id", "kind", "why")


@click.group(invoke_without_command=True, short_help="Tell people and programs of incidents.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@click.option("--follow", is_flag=True, help="Go on until interrupted, with a pass every minute.")
@click.option(
    "--every",
    type=Number(min=1, max=86_400),
    default=60.0,
    metavar="SECONDS",
    show_default=True,
    help="With --follow: seconds from one pass to the next.",
)
@warehouse_option
@json_option
@click.pass_context
def alert(
    context: click.Context,
    dry_run: bool,
    follow: bool,
    every: float,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Send what is new to the channels that 'fame alert set' has named.

    One pass, for cron and hooks: counts and incidents are brought up to date, and each channel
    learns what it has to. What cannot be delivered is kept for the next pass. The warehouse is free
    while messages are sent. The exit code is 0 if all that was due was delivered, 3 if some of it
    was not, 4 if none of it was, and 75 while another pass is running.
    """
    if context.invoked_subcommand is not None:
        return
    if dry_run and follow:
        raise click.UsageError("use either --dry-run or --follow, not both")
    if dry_run:
        _preview(warehouse, as_json)
    elif follow:
        _follow(warehouse, every, as_json)
    else:
        context.exit(_once(warehouse, as_json))


def _preview(warehouse: Path, as_json: bool) -> None:
    from fame_sql.operations.alerts import preview
    from fame_sql.operations.alerts.source import WarehouseIncidents
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        found = list(preview(opened, WarehouseIncidents()))
    if as_json:
        print_json([{**_facts(delivery), "message": text} for delivery, text in found])
        return
    if not found:
        print_nothing("no message would be sent", "fame incidents")
        return
    for delivery, text in found:
        click.echo(printable(f"{delivery.channel}: {delivery.notice().headline()}\n{text}\n"))
    click.echo(f"{len(found)} messages would be sent")


def _follow(warehouse: Path, every: float, as_json: bool) -> None:
    from fame_sql.errors import WarehouseError

    while True:
        begun = time.monotonic()
        try:
            _once(warehouse, as_json, quiet=True)
        except WarehouseError as error:
            # Another process has the warehouse; the next pass will find what this one would have.
            click.echo(printable(str(error)), err=True)
        time.sleep(max(0.0, begun + every - time.monotonic()))


def _once(warehouse: Path, as_json: bool, *, quiet: bool = False) -> int:
    from fame_sql.cli.progress import terminal_progress
    from fame_sql.operations.alerts import run_pass
    from fame_sql.operations.alerts.journal import PassRunningError, journal_of
    from fame_sql.operations.alerts.source import WarehouseIncidents
    from fame_sql.warehouse.warehouse import Warehouse

    if not journal_of(warehouse).exists():
        # Opened first, so that a wrong name leaves no journal beside it. Where there is one, it is
        # asked first: of several passes that start together, it tells all but one that one runs.
        Warehouse.open(warehouse).close()
    try:
        progress = terminal_progress()
        report = run_pass(
            warehouse,
            lambda: Warehouse.open(warehouse),
            WarehouseIncidents(progress),
            progress=progress,
        )
    except PassRunningError as error:
        click.echo(printable(str(error)), err=True)
        return _ANOTHER_PASS
    if not quiet or report.sent or report.failed:
        print_json(_as_json(report)) if as_json else _print(report)
    for note in dict.fromkeys(report.notes):
        click.echo(printable(note), err=True)
    return report.exit_code


def _print(report: PassReport) -> None:
    for delivery in report.sent:
        degraded = f" ({delivery.degraded})" if delivery.degraded else ""
        click.echo(printable(f"{delivery.channel}: {delivery.notice().headline()}{degraded}"))
    for delivery in _once_each(report.failed):
        if delivery.state != "delivered":
            click.echo(printable(f"{delivery.channel}: {_failure(delivery)}"), err=True)
    counted = [f"{len(report.sent)} sent", f"{len(report.pending)} waiting"]
    if held := report.decision.held:
        counted.append(f"{len(held)} held back, see 'fame alert held'")
    if report.repeated:
        counted.append(f"{report.repeated} with unknown outcome, sent again")
    click.echo(", ".join(counted))


def _once_each(deliveries: Iterable[Delivery]) -> list[Delivery]:
    return list({delivery.delivery_id: delivery for delivery in deliveries}.values())


def _failure(delivery: Delivery) -> str:
    if delivery.state == "pending":
        return f"{delivery.reason}; next try {delivery.next_try:%H:%M:%S}Z"
    return f"{delivery.reason}; not sent again"


def _as_json(report: PassReport) -> dict[str, Any]:
    return {
        "sent": [_facts(delivery) for delivery in report.sent],
        "failed": [_facts(delivery) for delivery in _once_each(report.failed)],
        "waiting": [_facts(delivery) for delivery in report.pending],
        "held": [asdict(hold) for hold in report.decision.held],
        "repeated": report.repeated,
        "notes": report.notes,
    }


def _facts(delivery: Delivery) -> dict[str, Any]:
    notice = delivery.notice()
    return {
        "delivery_id": delivery.delivery_id,
        "channel": delivery.channel,
        "state": delivery.state,
        "severity": notice.severity,
        "headline": notice.headline(),
        "incidents": [item.incident.incident_id for item in delivery.items],
        "attempts": delivery.attempts,
        "reason": delivery.reason,
    }


@alert.command()
@click.option("--all", "every", is_flag=True, help="Also list what was delivered or overtaken.")
@warehouse_option
@form_options
def outbox(every: bool, warehouse: Path, form: Form) -> None:
    """List messages that wait or failed."""
    from fame_sql.operations.alerts.listing import list_deliveries
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        rows = list_deliveries(opened, every=every)
    nothing = ("no message waits", "fame alert routes" if every else "fame alert outbox --all")
    print_records(rows, _SENT, form, nothing, deciding=("channel", "state", "reason"))


@alert.command()
@click.option("--all", "every", is_flag=True, help="Also list what is not held back any more.")
@warehouse_option
@form_options
def held(every: bool, warehouse: Path, form: Form) -> None:
    """List what is held back, and why."""
    from fame_sql.operations.alerts.listing import list_holds
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        rows = list_holds(opened, every=every)
    nothing = ("nothing is held back", "fame alert routes" if every else "fame alert held --all")
    print_records(rows, _HELD, form, nothing, deciding=("since", "channel", "incident_id", "why"))


@alert.command()
@warehouse_option
@json_option
def retry(warehouse: Path, as_json: bool) -> None:
    """Send what failed again, without waiting longer.

    The next 'fame alert' sends it.
    """
    from fame_sql.operations.alerts.journal import locked_journal
    from fame_sql.operations.alerts.listing import retry_all
    from fame_sql.operations.alerts.replay import take_journal
    from fame_sql.warehouse.warehouse import Warehouse, utc_now

    with Warehouse.open(warehouse) as opened, locked_journal(warehouse) as journal:
        now: datetime = utc_now()
        take_journal(opened, journal, now)
        waiting = retry_all(opened, now)
    said = f"{waiting} messages are due; send them with 'fame alert'"
    print_done(said, {"due": waiting}, as_json=as_json)


for _command in (set_, check, way, test, silence, silences, unsilence):
    alert.add_command(_command)
