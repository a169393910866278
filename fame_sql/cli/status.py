"""The command ``fame status``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.tables import print_facts


@click.command()
@warehouse_option
@json_option
def status(warehouse: Path, as_json: bool) -> None:
    """Show what the warehouse holds and which command comes next."""
    from fame_sql.pipeline.pipeline import status as run
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        found = run(opened)
    if as_json:
        facts = {"model_version": found.model_version, "next": found.next_command}
        print_json({**found.counts, **facts})
        return
    print_facts((name.replace("_", " "), count) for name, count in found.counts.items())
    print_facts([("champion", found.model_version or "none")])
    click.echo(f"next: {found.next_command}")
