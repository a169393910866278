"""The command ``fame redact``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress

if TYPE_CHECKING:
    from fame_sql.events.redaction import RedactionReport


@click.command()
@click.argument("pattern")
@click.option(
    "--with",
    "replacement",
    metavar="REPLACEMENT",
    default="<redacted>",
    show_default=True,
    help="The text in place of each match.",
)
@click.option("--dry-run", is_flag=True, help="Only count the lines.")
@warehouse_option
@json_option
def redact(pattern: str, replacement: str, dry_run: bool, warehouse: Path, as_json: bool) -> None:
    """Replace text in stored lines by a regular expression.

    It is also replaced in the examples of events, the evidence of labels, the comments of feedback
    and the answers of language models about windows and incidents. The changed lines get the events
    of their new messages.
    """
    from fame_sql.events.redaction import redact as run
    from fame_sql.warehouse.lake.address import is_lake_path
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        report = run(
            opened,
            pattern,
            replacement=replacement,
            dry_run=dry_run,
            progress=terminal_progress(),
        )
    if as_json:
        print_json(asdict(report))
        return
    for line in _lines(report, in_lake=is_lake_path(warehouse)):
        click.echo(line)


def _lines(report: RedactionReport, *, in_lake: bool) -> Iterator[str]:
    verb = "redacted" if report.redacted else "would be redacted"
    yield f"{report.lines} lines {verb}, {report.dropped_events} events dropped"
    left = {
        "canonical texts": report.left_events,
        "templates": report.left_templates,
        "requests to a language model": report.left_calls,
    }
    if found := [f"{count} {what}" for what, count in left.items() if count]:
        yield f"still with a match: {', '.join(found)}"
    if report.partition_lines:
        yield f"not read: {report.partition_lines} lines in partitions"
    if report.redacted and report.lines:
        where = "free blocks of the file (run 'fame compact')"
        if in_lake:
            where = "free space of the catalogue (PostgreSQL: VACUUM FULL)"
        yield (
            f"the old text can still be in {where}, in models (run 'fame train --full'), in the "
            "source files and in backups"
        )
        yield "next: fame score"
