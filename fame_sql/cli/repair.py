"""The command ``fame repair``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress


@click.command()
@warehouse_option
@json_option
def repair(warehouse: Path, as_json: bool) -> None:
    """Find the events of lines again that others have changed.

    After UPDATE, INSERT or DELETE on fame.logs, every line gets the event of its message, and the
    lines of each event are counted. Labels and feedback stay with their lines.
    """
    from fame_sql.events.repair import repair as run
    from fame_sql.warehouse.warehouse import Warehouse

    progress = terminal_progress()
    with (
        Warehouse.open(warehouse) as opened,
        progress.step("comparing lines with their events"),
    ):
        report = run(opened)
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.lines} lines had the event of another message; now they have {report.events} "
        f"events; {report.dropped} events without a line were dropped"
    )
    if report.events:
        click.echo("next: fame score")
