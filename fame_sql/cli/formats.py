"""The commands ``fame formats``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.hints import hint_options
from fame_sql.cli.options.numbers import YEAR
from fame_sql.cli.options.output import json_option
from fame_sql.cli.options.wide import table_options
from fame_sql.cli.output import print_json
from fame_sql.cli.tables import print_table
from fame_sql.cli.trials import show_trials
from fame_sql.errors import InputError

if TYPE_CHECKING:
    from fame_sql.ingest import Format

_FILES = click.option(
    "--format-file",
    "format_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A format of your own, or a folder of them.",
)


@click.group()
def formats() -> None:
    """Show, test and try the formats of logs.

    Each format is a TOML file. Your own are read from --format-file, from the files and folders in
    $FAME_FORMATS, and from a folder 'formats' beside the warehouse.
    """


@formats.command("list")
@_FILES
@json_option
@table_options
def list_formats(format_files: tuple[Path, ...], as_json: bool) -> None:
    """List the formats."""
    rows = [(known.name, known.description) for known in _formats(format_files).values()]
    if as_json:
        print_json([{"name": name, "description": text} for name, text in rows])
    else:
        print_table(("format", "what writes it"), rows)


@formats.command()
@click.argument("name")
@_FILES
@json_option
def show(name: str, format_files: tuple[Path, ...], as_json: bool) -> None:
    """Show the file of a format."""
    import tomllib

    text = _named(name, format_files).text
    if as_json:
        print_json(tomllib.loads(text))
    else:
        click.echo(text.rstrip())


@formats.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@_FILES
@json_option
def test(names: tuple[str, ...], format_files: tuple[Path, ...], as_json: bool) -> None:
    """Test formats by their own samples.

    Their records are compared with those the file names. Without a name, all formats are tested.
    """
    from fame_sql.ingest.formats.samples import differences_of
    from fame_sql.ingest.trial import trial_warehouse

    chosen = [_named(name, format_files) for name in names or _formats(format_files)]
    with trial_warehouse() as warehouse:
        found = {one.name: differences_of(warehouse, one, format_files) for one in chosen}
    if as_json:
        print_json(found)
    else:
        for name, differences in found.items():
            click.echo(f"{name}: {'as expected' if not differences else 'differs'}")
            for difference in differences:
                click.echo(f"  {difference}")
    if any(found.values()):
        raise SystemExit(1)


@formats.command("try")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", default="auto", show_default=True, metavar="NAME", help="Log format.")
@click.option("--year", type=YEAR, metavar="YEAR", help="Year for timestamps that have none.")
@hint_options
@json_option
def try_format(
    file: Path, format: str, year: int | None, hints: dict[str, Any], as_json: bool
) -> None:
    """Show how a file would be read, and why."""
    from fame_sql.ingest import Hints, Reading

    files = tuple(hints.pop("format_files"))
    reading = Reading(format=format, year=year, hints=Hints(**hints, format_files=files))
    show_trials([file], reading, Path("warehouse.duckdb"), as_json=as_json)


def _formats(files: tuple[Path, ...]) -> dict[str, Format]:
    from fame_sql.ingest import known_formats

    return known_formats(files)


def _named(name: str, files: tuple[Path, ...]) -> Format:
    known = _formats(files)
    if name not in known:
        raise InputError(f"unknown format {name!r}: use one of {', '.join(known)}")
    return known[name]
