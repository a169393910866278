"""The command ``fame models promote``."""

from __future__ import annotations

from pathlib import Path

import click

from fame_sql.cli.options.author import author_option_with_former_name
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.reason import reason_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done


@click.command()
@click.argument("version")
@author_option_with_former_name
@reason_option("Reason to record.", required=True)
@warehouse_option
@json_option
def promote(version: str, author: str | None, reason: str, warehouse: Path, as_json: bool) -> None:
    """Make a model the champion.

    Its stored scores are used from then on.
    """
    from fame_sql import sql
    from fame_sql.models import promote as run
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        record = run(opened, version, author=author, reason=reason)
        unscored = opened.value(sql.load("scoring/count_unscored"))
    facts = {"model_version": record.model_version, "unscored_events": unscored}
    print_done(f"model {record.model_version} is the champion", facts, as_json=as_json)
    if unscored and not as_json:
        click.echo(f"{unscored} events have no score from it: run 'fame score'")
