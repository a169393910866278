"""The command ``fame expire``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.age import age_options
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_facts

if TYPE_CHECKING:
    from fame_sql.storage.expiry import ExpiryReport


@click.command()
@age_options("Drop", "lines", "date or time")
@click.option("--dry-run", is_flag=True, help="Print what would be dropped; change nothing.")
@click.option("--all", "all_lines", is_flag=True, help="Drop the lines even if none are left.")
@click.option(
    "--history",
    metavar="AGE",
    default="7d",
    show_default=True,
    help="In a lake, how long it still shows what it was. Dropped lines stay on disk so long.",
)
@warehouse_option
@json_option
def expire(
    before: str | None,
    older_than: str | None,
    dry_run: bool,
    all_lines: bool,
    history: str,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Drop old log lines.

    Their events, verdicts, labels and daily counts are kept. A line that a person has labelled is
    never dropped. A lake also forgets what it was before --history.
    """
    from fame_sql.session.query import plain_errors
    from fame_sql.storage.expiry import cutoff, parse_age
    from fame_sql.storage.expiry import expire as run
    from fame_sql.warehouse.lake.address import is_lake_path
    from fame_sql.warehouse.warehouse import Warehouse

    time = cutoff(before, older_than)
    kept = parse_age(history)
    with Warehouse.open(warehouse) as opened, plain_errors():
        report = run(
            opened,
            time,
            all_lines=all_lines,
            history=kept,
            dry_run=dry_run,
            progress=terminal_progress(),
        )
    if as_json:
        print_json(asdict(report))
    else:
        _print(report, in_lake=is_lake_path(warehouse))


def _print(report: ExpiryReport, *, in_lake: bool) -> None:
    done = "dropped" if report.dropped else "would be dropped"
    click.echo(f"{report.lines} of {report.of_lines} lines before {report.before} {done}")
    print_facts(
        [
            ("older lines that are kept (labelled or unfinished)", report.kept_lines),
            ("partition files", report.partitions),
            ("lines in these files", report.partition_lines),
            ("MB in these files", round(report.partition_bytes / 1e6, 1)),
            ("partition files that are kept for a labelled line", report.kept_partitions),
        ]
    )
    if report.dropped and report.lines and not in_lake:
        click.echo("to make the file smaller, run 'fame compact'")
