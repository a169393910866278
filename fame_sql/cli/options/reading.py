"""The options that say how log files are read, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.grouped import add_options
from fame_sql.cli.options.hints import hint_options
from fame_sql.cli.options.numbers import YEAR
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.progress import terminal_progress
from fame_sql.console import printable
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.ingest import Hints, Reading
    from fame_sql.warehouse.warehouse import Warehouse

_READING = (
    click.option(
        "--format",
        metavar="NAME",
        default="auto",
        show_default=True,
        help="Log format; 'fame formats list' names them.",
    ),
    click.option(
        "--encoding",
        metavar="NAME",
        show_default="UTF-8, checked",
        help="Encoding of the files, such as latin-1.",
    ),
    click.option(
        "--year",
        type=YEAR,
        metavar="YEAR",
        show_default="from the file's last change",
        help="Year for timestamps that have none, such as syslog's.",
    ),
    click.option(
        "--max-ratio",
        type=click.IntRange(1, 1_000_000),
        default=400,
        show_default=True,
        metavar="TIMES",
        help="Refuse compressed files that unpack to more than this many times their size, and "
        "more than 128 MiB.",
    ),
    click.option(
        "--join-lines",
        is_flag=True,
        help="Append lines without a header to the record before them.",
    ),
)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how log files are read: format, encoding, year, hints."""
    return add_options(hint_options(command), _READING)


def refuse_missing(files: Sequence[Path]) -> None:
    """Refuse files that do not exist, before anything is read."""
    from glob import has_magic

    for file in files:
        if str(file) != "-" and not has_magic(str(file)) and not lexists(file):
            raise InputError(f"there is no file {file}; check the name")


def chosen_reading(options: dict[str, Any], warehouse: Path, *, strict: bool) -> Reading:
    """Return how the values of options say that sources are read, without those that are used."""
    from fame_sql.ingest import ColumnChoice, Reading

    roles = ("body", "time", "level", "service", "host")
    chosen = {role: options.pop(f"{role}_column") for role in roles}
    hints = _hints(options, warehouse)
    columns = ColumnChoice(**chosen, new_by=options.pop("new_by"))
    return Reading(columns=columns, hints=hints, strict=strict, **options)


def _hints(options: dict[str, Any], warehouse: Path) -> Hints:
    """Return the hints that options give, with the formats beside the warehouse."""
    from fame_sql.ingest import Hints, known_formats

    given = options.pop("hints")
    beside = warehouse.parent / "formats"
    files = [*given.pop("format_files"), *([beside] if any(beside.glob("*.toml")) else [])]
    names = ("auto", *known_formats(files))
    if options["format"] not in names:
        raise click.BadParameter(
            f"{options['format']!r} is not one of {', '.join(names)}", param_hint="'--format'"
        )
    return Hints(**given, format_files=tuple(files))


def read_files(warehouse: Warehouse, files: Sequence[Path], options: dict[str, Any]) -> None:
    """Read log files, or standard input, with the values of the reading options."""
    from fame_sql.ingest import Reading, ingest_files
    from fame_sql.ingest.expansion import is_one_source

    strict = is_one_source(files)
    progress = terminal_progress()
    hints = _hints(options, warehouse.path)
    reading = Reading(hints=hints, **options)
    for report in ingest_files(warehouse, files, reading, strict=strict, progress=progress):
        if report.error is not None:
            click.echo(f"left out: {printable(report.error)}", err=True)
        elif report.state == "empty":
            remark(f"{report.source_path} is empty")


def remove_if_empty(warehouse: Path) -> None:
    """Delete a new warehouse if nothing was read into it."""
    from fame_sql.warehouse.warehouse import Warehouse

    if not warehouse.exists():
        return
    with Warehouse.open(warehouse) as opened:
        is_empty = opened.value("SELECT count(*) FROM fame.logs") == 0
    if is_empty:
        warehouse.unlink()
