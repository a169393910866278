"""The command ``fame ingest``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fame_sql.cli.options.grouped import add_options
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.console import printable
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.ingest import IngestReport
    from fame_sql.warehouse.warehouse import Warehouse

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = (
    *("auto", "bgl", "thunderbird", "jsonl", "rfc5424", "syslog", "access", "klog"),
    "text",
)


_READING = (
    click.option(
        "--format",
        type=click.Choice(FORMATS),
        default="auto",
        show_default=True,
        help="Log format.",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        show_default="UTF-8, checked",
        help="Encoding of the files, such as latin-1.",
    ),
    click.option(
        "--year",
        type=click.IntRange(1, 9999),
        metavar="YEAR",
        show_default="from the file's last change",
        help="Year for timestamps that have none, such as syslog's.",
    ),
    click.option(
        "--join-lines",
        is_flag=True,
        help="Append lines without a header to the record before them.",
    ),
)


def reading_options(command: F) -> F:
    """Add the options that say how log files are read: format, encoding, year, joined lines."""
    return add_options(command, _READING)


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@reading_options
@click.option(
    "--masks",
    metavar="NAME|FILE",
    show_default="first-digit",
    help="Masking preset for a new warehouse: first-digit, whole-numbers or a CSV file of masks.",
)
@warehouse_option
@json_option
def ingest(
    files: tuple[Path, ...], masks: str | None, warehouse: Path, as_json: bool, **options: Any
) -> None:
    """Read log files into the warehouse.

    The warehouse is created if it does not exist. A file that was read before adds nothing; of a
    file that has grown, only the new lines are read. Files can be compressed with gzip, bzip2, xz
    or zstd; '-' is standard input.
    """
    from fame_sql.warehouse.masks import choose_masks

    refuse_missing(files)
    recipe = choose_masks(masks) if masks else None
    is_new = not warehouse.exists()
    try:
        reports = _ingest_all(warehouse, files, recipe, options)
    except InputError:
        if is_new:
            remove_if_empty(warehouse)
        raise
    if as_json:
        print_json([asdict(report) for report in reports])
    else:
        _print(reports)


def refuse_missing(files: Sequence[Path]) -> None:
    """Refuse files that do not exist, before anything is read."""
    for file in files:
        if str(file) != "-" and not file.exists():
            raise InputError(f"there is no file {file}; check the name")


def _ingest_all(
    warehouse: Path, files: Sequence[Path], recipe: Any, options: dict[str, Any]
) -> list[IngestReport]:
    from fame_sql.warehouse.masks import set_masks
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse, create=True) as opened:
        if recipe:
            set_masks(opened, recipe)
        return [read_file(opened, file, options) for file in files]


def read_file(warehouse: Warehouse, file: Path, options: dict[str, Any]) -> IngestReport:
    """Read a log file, or standard input, with the values of the reading options."""
    from fame_sql.ingest import ingest_file, ingest_stream

    read = (
        partial(ingest_stream, warehouse, sys.stdin.buffer)
        if str(file) == "-"
        else partial(ingest_file, warehouse, file)
    )
    return read(**options, progress=terminal_progress())


def remove_if_empty(warehouse: Path) -> None:
    """Delete a new warehouse if its first file was refused."""
    from fame_sql.warehouse.warehouse import Warehouse

    with Warehouse.open(warehouse) as opened:
        is_empty = opened.value("SELECT count(*) FROM fame.logs") == 0
    if is_empty:
        warehouse.unlink()


def _print(reports: Sequence[IngestReport]) -> None:
    for report in reports:
        click.echo(f"{report.source_path}: {report.state}, {report.rows} lines ({report.format})")
        if report.errors:
            click.echo(f"  {report.errors} lines could not be parsed completely and are kept:")
        for example in report.examples:
            click.echo(f"  line {example.line_number}: {printable(example.parse_error)}")
