"""The command ``fame mine``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from fame_sql.cli.options.numbers import SHARE
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_facts


@click.command()
@click.option(
    "--split",
    "fraction",
    type=SHARE,
    metavar="SHARE",
    default=0.8,
    show_default=True,
    help="Share of the lines, the earliest, to learn from; the later ones are for evaluation, of "
    "which 1 leaves none.",
)
@warehouse_option
@json_option
def mine(fraction: float, warehouse: Path, as_json: bool) -> None:
    """Mine the templates of the training period and freeze them."""
    from fame_sql.templates.mining import mine as run
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        report = run(opened, fraction=fraction, progress=terminal_progress())
    if as_json:
        print_json(asdict(report))
        return
    click.echo(f"{report.new} new templates, {report.total} in all")
    print_facts(
        [
            ("training lines", report.training_lines),
            ("canonical events", report.events),
            ("events that match no template", report.unmatched),
        ]
    )
