"""The commands ``fame partition add|move|list|place``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.options.age import age_options
from fame_sql.cli.options.output import Form, form_options, json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json, print_records
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_nothing
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.storage.partitions import PartitionReport
    from fame_sql.warehouse.warehouse import Warehouse

_COLUMNS = ("day", "files", "lines", "bytes", "sources")
_NOTHING = ("no line is in partitions", "fame partition add FILE --place FOLDER")

_place_option = click.option(
    "--place",
    metavar="FOLDER|ADDRESS",
    help="Where to keep partitions; needed the first time.",
)


@click.group()
def partition() -> None:
    """Keep log lines in Parquet files by day.

    The view all_logs has these lines and those in the warehouse.
    """


@partition.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_place_option
@click.option(
    "--body",
    metavar="COLUMN",
    show_default="body, then message",
    help="Column that holds the message.",
)
@click.option(
    "--time",
    metavar="COLUMN",
    show_default="timestamp, time or ts",
    help="Column that holds the time.",
)
@click.option("--no-score", is_flag=True, help="Do not score new events; 'fame score' does.")
@warehouse_option
@json_option
def add(
    files: tuple[str, ...],
    place: str | None,
    body: str | None,
    time: str | None,
    no_score: bool,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Add Parquet files and score their new events.

    FILE is a name or a pattern. The lines are written to the place of the partitions, by day, with
    their events. A file that was added before adds nothing.
    """
    from fame_sql.session.query import plain_errors
    from fame_sql.storage.partitions import add_partitions
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, external_access=True) as opened, plain_errors():
        report = add_partitions(
            opened, files, place=place, body=body, time=time, progress=terminal_progress()
        )
        scored = 0 if no_score else _score(opened)
    if as_json:
        print_json({**asdict(report), "scored_events": scored})
        return
    _print_written(report)
    if report.known:
        click.echo(f"{report.known} files were added before")
    click.echo(f"{scored} new events scored")


def _score(warehouse: Warehouse) -> int:
    """Score new events if there is a model."""
    from fame_sql.scoring.scoring import score_events

    if not warehouse.value("SELECT count(*) FROM fame.champion"):
        return 0
    return score_events(warehouse, progress=terminal_progress()).scored


def _print_written(report: PartitionReport) -> None:
    days = f", {report.days[0]} to {report.days[-1]}" if report.days else ""
    click.echo(f"{report.lines} lines written to {report.files} files{days}")


@partition.command()
@age_options("Move", "days", "date")
@_place_option
@warehouse_option
@json_option
def move(
    before: str | None, older_than: str | None, place: str | None, warehouse: Path, as_json: bool
) -> None:
    """Move whole days from the warehouse to partitions.

    Lines that a person has labelled stay.
    """
    from fame_sql.session.query import plain_errors
    from fame_sql.storage.expiry import cutoff
    from fame_sql.storage.partitions import move_lines
    from fame_sql.warehouse.warehouse import Warehouse

    time = cutoff(before, older_than)
    with Warehouse.open(warehouse, external_access=True) as opened, plain_errors():
        report = move_lines(opened, time, place=place, progress=terminal_progress())
    if as_json:
        print_json(asdict(report))
        return
    _print_written(report)
    if report.files:
        click.echo("to make the file smaller, run 'fame compact'")


@partition.command("list")
@warehouse_option
@form_options
def list_(warehouse: Path, form: Form) -> None:
    """List the days that are in partitions."""
    from fame_sql.storage.partitions import list_partitions
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        rows = list_partitions(opened)
    print_records(rows, _COLUMNS, form, _NOTHING)


@partition.command("place")
@click.argument("place", required=False)
@warehouse_option
@json_option
def place_(place: str | None, warehouse: Path, as_json: bool) -> None:
    """Show or set the place of the partitions.

    PLACE is a folder or an address; set it after moving the files.
    """
    from fame_sql.session.query import plain_errors
    from fame_sql.storage.views import partition_place, set_place
    from fame_sql.warehouse.warehouse import Warehouse

    with (
        Warehouse.open(
            warehouse, read_only=place is None, external_access=place is not None
        ) as opened,
        plain_errors(),
    ):
        found = partition_place(opened) if place is None else set_place(opened, place)
    root = None if found is None else found.root
    if as_json:
        print_json({"place": root})
        return
    if root is None:
        print_nothing(*_NOTHING)
    else:
        click.echo(printable(root))
