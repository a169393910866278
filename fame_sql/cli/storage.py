"""The commands that keep a warehouse small: partitions, expiry, compaction."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fame_sql.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_table,
    terminal_progress,
    warehouse_option,
)
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.storage.expiry import ExpiryReport
    from fame_sql.storage.partitions import PartitionReport
    from fame_sql.warehouse.warehouse import Warehouse

_place_option = click.option(
    "--place", help="Where partitions go: a folder, or an address; needed the first time."
)


@click.group()
def partition() -> None:
    """Keep lines in Parquet files by day, queried as one with the warehouse (all_logs)."""


@partition.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_place_option
@click.option("--body", help="The column of the message.  [default: body, else message]")
@click.option("--time", help="The column of its time.  [default: timestamp, time or ts]")
@click.option("--no-score", is_flag=True, help="Leave new events to 'fame score'.")
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
    """Read Parquet files or patterns of them, and score their new events.

    The lines go to PLACE, by day, with their events; a file that was added before adds nothing.
    """
    from fame_sql.session.query import plain_errors
    from fame_sql.storage.partitions import add_partitions
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened, plain_errors():
        report = add_partitions(
            opened, files, place=place, body=body, time=time, progress=terminal_progress()
        )
        scored = 0 if no_score else _score(opened)
    if as_json:
        print_json({**asdict(report), "scored_events": scored})
        return
    _tell_written(report)
    if report.known:
        click.echo(f"{report.known} files were added before")
    click.echo(f"{scored} new events scored")


def _score(warehouse: Warehouse) -> int:
    """Score new events, if there is a model."""
    from fame_sql.scoring.scoring import score_events

    if not warehouse.value("SELECT count(*) FROM fame.champion"):
        return 0
    return score_events(warehouse, progress=terminal_progress()).scored


def _tell_written(report: PartitionReport) -> None:
    span = f", {report.days[0]} to {report.days[-1]}" if report.days else ""
    click.echo(f"{report.lines} lines written into {report.files} files{span}")


@partition.command()
@click.option("--before", help="Move days before this date, in UTC.")
@click.option("--older-than", help="Move days older than this: 90d, 12h or 4w.")
@_place_option
@warehouse_option
@json_option
def move(
    before: str | None, older_than: str | None, place: str | None, warehouse: Path, as_json: bool
) -> None:
    """Move whole days out of the warehouse's file; lines that someone judged stay."""
    from fame_sql.session.query import plain_errors
    from fame_sql.storage.expiry import cutoff
    from fame_sql.storage.partitions import move_lines
    from fame_sql.warehouse.warehouse import Warehouse

    time = cutoff(before, older_than)
    with Warehouse.open(warehouse) as opened, plain_errors():
        report = move_lines(opened, time, place=place, progress=terminal_progress())
    if as_json:
        print_json(asdict(report))
        return
    _tell_written(report)
    if report.files:
        click.echo("'fame compact' makes the file smaller")


@partition.command("list")
@warehouse_option
@json_option
def list_(warehouse: Path, as_json: bool) -> None:
    """List the days that lie in partitions."""
    from fame_sql.storage.partitions import list_partitions
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=True) as opened:
        days = list_partitions(opened)
    if as_json:
        print_json(days)
        return
    columns = ("day", "files", "lines", "bytes", "sources")
    print_table(columns, [[day[name] for name in columns] for day in days])


@partition.command("place")
@click.argument("place", required=False)
@warehouse_option
@json_option
def place_(place: str | None, warehouse: Path, as_json: bool) -> None:
    """Show where partitions lie, or say where their files have been moved."""
    from fame_sql.session.query import plain_errors
    from fame_sql.storage.views import partition_place, set_place
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, read_only=place is None) as opened, plain_errors():
        found = partition_place(opened) if place is None else set_place(opened, place)
    root = None if found is None else found.root
    if as_json:
        print_json({"place": root})
        return
    click.echo("no partitions yet" if root is None else printable(root))


@click.command()
@click.option("--before", help="Drop lines before this date or time, in UTC.")
@click.option("--older-than", help="Drop lines older than this: 90d, 12h or 4w.")
@click.option("--dry-run", is_flag=True, help="Tell what would go; change nothing.")
@click.option("--all", "all_lines", is_flag=True, help="Drop them even if no line is left.")
@warehouse_option
@json_option
def expire(
    before: str | None,
    older_than: str | None,
    dry_run: bool,
    all_lines: bool,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Drop old log lines; events, verdicts, labels and counts by day stay.

    A line that someone judged is never dropped.
    """
    from fame_sql.session.query import plain_errors
    from fame_sql.storage.expiry import cutoff
    from fame_sql.storage.expiry import expire as run
    from fame_sql.warehouse.warehouse import Warehouse

    time = cutoff(before, older_than)
    with Warehouse.open(warehouse) as opened, plain_errors():
        report = run(opened, time, all_lines=all_lines, dry_run=dry_run)
    if as_json:
        print_json(asdict(report))
        return
    _tell_expiry(report)


def _tell_expiry(report: ExpiryReport) -> None:
    did = "dropped" if report.dropped else "would be dropped"
    click.echo(f"{report.lines} of {report.of_lines} lines before {report.before} {did}")
    print_facts(
        [
            ("older lines that stay (judged, or unfinished)", report.kept_lines),
            ("partition files", report.partitions),
            ("lines in them", report.partition_lines),
            ("MB of them", round(report.partition_bytes / 1e6, 1)),
            ("partition files that stay for a judged line", report.kept_partitions),
        ]
    )
    if report.dropped and report.lines:
        click.echo("'fame compact' makes the file smaller")


@click.command()
@click.option(
    "--drop-superseded", is_flag=True, help="Drop the verdicts of archived models as well."
)
@warehouse_option
@json_option
def compact(drop_superseded: bool, warehouse: Path, as_json: bool) -> None:
    """Write the warehouse's file anew, without the room that dropped rows left."""
    from fame_sql.storage.compaction import compact as run

    report = run(warehouse, drop_superseded=drop_superseded)
    if as_json:
        print_json(asdict(report))
        return
    click.echo(
        f"{report.bytes_before / 1e6:.1f} MB before, {report.bytes_after / 1e6:.1f} MB now; "
        f"{report.rows} rows kept, {report.dropped_scores} verdicts of archived models dropped"
    )
