"""The command ``fame ingest``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from fame_sql.cli.loads import print_report, print_sum
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.reading import (
    chosen_reading,
    reading_options,
    refuse_missing,
    remove_if_empty,
)
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.trials import show_trials
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.ingest import IngestReport, Reading


_UNKNOWN = (
    "the lines are stored, but no format is known in which they have a time, a level or a host: "
    "see 'fame formats try', or name --format text if they are text"
)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="SOURCE...")
@click.option("--table", metavar="NAME", help="Read a table of the warehouse's file instead.")
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default="the warehouse",
    help="Another DuckDB file, which holds the table.",
)
@click.option("--query", metavar="SQL", help="Read the rows of a query instead.")
@click.option(
    "--body-column", metavar="NAME", help="Column of the message, in tables, Parquet and CSV files."
)
@click.option("--time-column", metavar="NAME", help="Column of the time.")
@click.option("--level-column", metavar="NAME", help="Column of the level.")
@click.option("--service-column", metavar="NAME", help="Column of the service.")
@click.option("--host-column", metavar="NAME", help="Column of the host.")
@click.option(
    "--new-by",
    metavar="COLUMN",
    show_default="rows are compared",
    help="Of a table that was read before, read only rows with a greater value in this column.",
)
@reading_options
@click.option(
    "--masks",
    metavar="NAME|FILE",
    show_default="first-digit",
    help="Masking preset for a new warehouse: first-digit, whole-numbers or a CSV file of masks.",
)
@click.option(
    "--source",
    metavar="NAME",
    show_default="the path",
    help="Name of the source; it is recognised by this name instead of its path.",
)
@click.option(
    "--skip-copies", is_flag=True, help="Leave out lines that another source holds already."
)
@click.option(
    "--redact",
    is_flag=True,
    help="Mask secrets, addresses and names in messages and attributes before they are stored.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Go on reading what is written to the files, until interrupted with Ctrl-C.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Stop at the first source that cannot be read, and at a damaged record of a CSV file.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show the format, the reason for it and the first records, and store nothing.",
)
@warehouse_option
@json_option
def ingest(
    files: tuple[Path, ...],
    table: str | None,
    query: str | None,
    database: Path | None,
    masks: str | None,
    strict: bool,
    follow: bool,
    dry_run: bool,
    warehouse: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Read log files into the warehouse.

    A source is a file, a folder (read with the folders below it), a pattern such as '*.log', a tar
    or zip archive, a pipe, or '-' for standard input. Files can be compressed with gzip, bzip2, xz
    or zstd. The warehouse is created if it does not exist.

    A file that was read before adds nothing; of a file that has grown or was rotated, only the new
    lines are read. The same lines elsewhere are another source. A source that cannot be read is
    reported, and the exit status is 1. If no line of any source has a time, a level or a host, the
    lines are stored as text and the exit status is 3, unless --format says that they are text.
    """
    from fame_sql.ingest.expansion import is_one_source
    from fame_sql.warehouse.masks import choose_masks

    if sum(map(bool, (files, table, query))) != 1:
        raise click.UsageError("name files, or --table, or --query")
    if database is not None and not table:
        raise click.UsageError("--database is the file of --table")
    reading = chosen_reading(options, warehouse, strict=strict)
    refuse_missing(files)
    if dry_run:
        if not files:
            raise click.UsageError(
                "--dry-run is for files: the report of a load says what is taken from a table"
            )
        show_trials(files, reading, warehouse, as_json=as_json)
        return
    recipe = choose_masks(masks) if masks else None
    if follow:
        _follow(warehouse, files, recipe, reading, as_json=as_json)
        return
    # The error of a single file is the whole result.
    strict = strict or is_one_source(files)
    is_new = not warehouse.exists()
    reports: list[IngestReport] = []
    try:
        given = _Given(files, table, query, database, strict)
        for report in _ingest_all(warehouse, given, recipe, reading):
            reports.append(report)
            if not as_json:
                print_report(report)
    finally:
        if is_new and not any(report.rows for report in reports):
            remove_if_empty(warehouse)
    if as_json:
        print_json([asdict(report) for report in reports])
    elif len(reports) > 1:
        print_sum(reports)
    if is_new and all(report.state == "empty" for report in reports):
        names = ", ".join(report.source_path for report in reports)
        raise InputError(f"{names} is empty: name a file with log lines")
    if any(report.state == "failed" or report.is_unread for report in reports):
        raise SystemExit(1)
    if _are_unknown(reports):
        click.echo(_UNKNOWN, err=True)
        raise SystemExit(3)


def _are_unknown(reports: Sequence[IngestReport]) -> bool:
    """Return whether records were read, and nothing but their text is known of any of them."""
    read = [report for report in reports if report.seen]
    return bool(read) and all(report.is_unknown for report in read)


def _follow(
    warehouse: Path, files: Sequence[Path], recipe: Any, reading: Reading, *, as_json: bool
) -> None:
    """Read files until the user interrupts it."""
    from fame_sql.ingest import follow
    from fame_sql.warehouse.masks import set_masks
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, create=True) as opened:
        if recipe:
            set_masks(opened, recipe)
    opening = partial(Warehouse.open, warehouse, external_access=True)
    try:
        for report in follow(opening, files, reading):
            if as_json:
                click.echo(json.dumps(asdict(report)))
            else:
                print_report(report)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


class _Given(NamedTuple):
    """What is to be read."""

    files: Sequence[Path]
    table: str | None
    query: str | None
    database: Path | None
    strict: bool


def _ingest_all(
    warehouse: Path, given: _Given, recipe: Any, reading: Reading
) -> Iterator[IngestReport]:
    from fame_sql.ingest import ingest_files, ingest_table, named_query, named_table
    from fame_sql.ingest.tables import attached
    from fame_sql.warehouse.masks import set_masks
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, create=True, external_access=True) as opened:
        if recipe:
            set_masks(opened, recipe)
        if given.table or given.query:
            named = (
                named_table(given.table, given.database)
                if given.table
                else named_query(given.query or "", reading.source)
            )
            with attached(opened.connection, given.database):
                yield ingest_table(opened, named, reading)
            return
        yield from ingest_files(
            opened, given.files, reading, strict=given.strict, progress=terminal_progress()
        )
