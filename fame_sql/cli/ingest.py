"""The command ``fame ingest``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from fame_sql.cli.options.grouped import add_options
from fame_sql.cli.options.hints import hint_options
from fame_sql.cli.options.numbers import YEAR
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.trials import print_shares, shares_of, show_trials
from fame_sql.console import printable
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.ingest import Hints, IngestReport, Reading
    from fame_sql.warehouse.warehouse import Warehouse

F = TypeVar("F", bound=Callable[..., Any])


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
    reported, and the exit status is 1.
    """
    from fame_sql.ingest.expansion import is_one_source
    from fame_sql.warehouse.masks import choose_masks

    if sum(map(bool, (files, table, query))) != 1:
        raise click.UsageError("name files, or --table, or --query")
    if database is not None and not table:
        raise click.UsageError("--database is the file of --table")
    reading = _reading(options, warehouse, strict=strict)
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
                _print(report)
    finally:
        if is_new and not any(report.rows for report in reports):
            remove_if_empty(warehouse)
    if as_json:
        print_json([asdict(report) for report in reports])
    elif len(reports) > 1:
        _print_sum(reports)
    if is_new and all(report.state == "empty" for report in reports):
        names = ", ".join(report.source_path for report in reports)
        raise InputError(f"{names} is empty: name a file with log lines")
    if any(report.state == "failed" or report.is_unread for report in reports):
        raise SystemExit(1)


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
                _print(report)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def refuse_missing(files: Sequence[Path]) -> None:
    """Refuse files that do not exist, before anything is read."""
    from glob import has_magic

    for file in files:
        if str(file) != "-" and not has_magic(str(file)) and not lexists(file):
            raise InputError(f"there is no file {file}; check the name")


def _reading(options: dict[str, Any], warehouse: Path, *, strict: bool) -> Reading:
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


def remove_if_empty(warehouse: Path) -> None:
    """Delete a new warehouse if nothing was read into it."""
    from fame_sql.warehouse.warehouse import Warehouse

    if not warehouse.exists():
        return
    with Warehouse.open(warehouse) as opened:
        is_empty = opened.value("SELECT count(*) FROM fame.logs") == 0
    if is_empty:
        warehouse.unlink()


def _print(report: IngestReport) -> None:
    name = printable(report.source_path)
    if report.state == "failed":
        click.echo(f"{name}: failed")
        click.echo(f"  {printable(report.error or '')}")
        return
    if report.state == "empty":
        click.echo(f"{name}: empty")
        return
    click.echo(f"{name}: {report.state}, {_lines(report.rows)} ({report.format})")
    print_shares(report)
    for note in _notes(report):
        click.echo(f"  {printable(note)}")
    if report.errors:
        kept = "and is kept" if report.errors == 1 else "and are kept"
        click.echo(f"  {_lines(report.errors)} could not be parsed completely {kept}:")
    for example in report.examples:
        click.echo(f"  line {example.line_number}: {printable(example.parse_error)}")


def _lines(count: int) -> str:
    return f"{count} line" if count == 1 else f"{count} lines"


def _notes(report: IngestReport) -> Iterator[str]:
    """Yield what is to be said about where the lines of a source were read before."""
    if report.read_as is not None:
        yield f"its lines were read as {report.read_as} before"
    if report.copy_of is not None:
        is_one = report.copied_lines == 1
        what = "its first line is" if is_one else f"its first {report.copied_lines} lines are"
        whose = "that" if is_one else "those"
        yield f"possible copy: {what} also {whose} of {report.copy_of} (see --skip-copies)"
    if report.gone:
        lines = f"{_lines(report.gone)} that {'was' if report.gone == 1 else 'were'}"
        yield (
            f"{lines} read before: the table has no such row any more, as it was changed or "
            "deleted there; what was read stays"
        )
    if report.state == "rotated":
        yield "other lines were read under this name before; all lines of this file are new"
    if report.state == "truncated":
        yield "the file is shorter than before; its lines that were read before are left out"


def _print_sum(reports: Sequence[IngestReport]) -> None:
    states = Counter(report.state for report in reports)
    counted = ", ".join(f"{count} {state}" for state, count in states.most_common())
    click.echo(f"{len(reports)} sources: {counted}; {_lines(sum(r.rows for r in reports))} added")
    if any(report.seen for report in reports):
        click.echo(f"  {shares_of(reports)}")
    if doubtful := [report for report in reports if report.warnings]:
        first = printable(doubtful[0].source_path)
        click.echo(f"  {len(doubtful)} sources with a warning, the first is {first}")
