"""The command ``fame export``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from fame_sql.cli.options.moment import MOMENT
from fame_sql.cli.options.output import force_option, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_done
from fame_sql.cli.progress import terminal_progress

_KINDS = ("lines", "anomalies", "incidents")
_FORMATS = ("csv", "parquet", "jsonl", "otlp", "timesketch")


@click.command(short_help="Write lines, anomalies or incidents to a file for other programs.")
@click.argument("what", type=click.Choice(_KINDS))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="The format; without it, what the ending of FILE says: .csv, .parquet or .jsonl.",
)
@click.option(
    "--since", type=MOMENT, metavar="TIME", help="From this time on (UTC, or an age like 2h)."
)
@click.option("--until", type=MOMENT, metavar="TIME", help="Until this time.")
@force_option
@warehouse_option
@json_option
def export(
    what: str,
    file: Path,
    form: str | None,
    since: datetime | None,
    until: datetime | None,
    force: bool,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Write lines, anomalies or incidents to a file for other programs.

    Each line has its verdict, and the file, line and byte at which it was read; an incident has
    those of its first line. In CSV, text that a spreadsheet would take for a formula begins with an
    apostrophe. otlp is OpenTelemetry's JSON, a request in each line, and timesketch the JSON lines
    of a timeline in Timesketch. The file is written under another name and renamed when it is
    whole.
    """
    from fame_sql.files import check_new
    from fame_sql.forensics.export import export as write
    from fame_sql.forensics.export import format_of
    from fame_sql.warehouse.warehouse import Warehouse

    chosen = form or format_of(file)
    check_new(file, force=force)
    with Warehouse.open(warehouse, read_only=True) as opened:
        rows = write(
            opened,
            what,
            file,
            chosen,
            since=since,
            until=until,
            force=force,
            progress=terminal_progress(),
        )
    # Where the file is standard output, nothing else may be there.
    if not file.is_file():
        click.echo(f"{file} has {rows} rows", err=True)
    else:
        facts = {"file": str(file), "rows": rows, "format": chosen}
        print_done(f"{file} has {rows} rows", facts, as_json=as_json)
