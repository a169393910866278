"""The command ``fame compact``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json


@click.command()
@click.option("--drop-superseded", is_flag=True, help="Also drop the verdicts of archived models.")
@warehouse_option
@json_option
def compact(drop_superseded: bool, warehouse: Path, as_json: bool) -> None:
    """Make the warehouse's file smaller after rows were dropped."""
    from fame_sql.storage.compaction import compact as run

    report = run(warehouse, drop_superseded=drop_superseded)
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.bytes_before / 1e6:.1f} MB before, {report.bytes_after / 1e6:.1f} MB now; "
        f"{report.rows} rows kept, {report.dropped_scores} verdicts of archived models dropped"
    )
