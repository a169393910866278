"""The command ``fame look``."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.options.numbers import COUNT
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.reading import (
    read_files,
    reading_options,
    refuse_missing,
    remove_if_empty,
)
from fame_sql.cli.options.warehouse import DEFAULT_WAREHOUSE
from fame_sql.cli.output import print_csv, print_json
from fame_sql.cli.progress import terminal_progress
from fame_sql.cli.tables import print_text
from fame_sql.console import printable
from fame_sql.errors import FameError

if TYPE_CHECKING:
    from fame_sql.suspects import Look, Matter
    from fame_sql.warehouse.warehouse import Warehouse

TOP = 10
_COLUMNS = (
    *("rank", "strength", "suspicion", "lines", "with", "reasons", "example", "template"),
    *("first_seen", "last_seen", "suspect_id"),
)
_MEMBERS = 3
_LONGEST = 1000
# 'org.apache.hadoop.ipc.' before 'Client' takes the room of the message.
_PACKAGES = re.compile(r"\b(?:[a-z][a-z0-9_]*\.){2,}(?=[A-Z])")


@click.command(short_help="Show what to look at first in logs without labels.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@reading_options
@click.option(
    "--top",
    type=COUNT,
    metavar="NUMBER",
    default=TOP,
    show_default=True,
    help="Show at most this many suspects.",
)
@click.option(
    "--lexicon",
    type=click.Path(path_type=Path),
    metavar="FILE",
    show_default="fame-sql's own",
    help="Failure words to use from now on in this warehouse: a CSV file with the columns phrase "
    "and polarity.",
)
@click.option(
    "--warehouse",
    type=click.Path(path_type=Path),
    show_default="a temporary one; without FILE, $FAME_WAREHOUSE or ./" + DEFAULT_WAREHOUSE,
    help="Warehouse to read the files into.",
)
@form_options
def look(
    files: tuple[Path, ...],
    top: int,
    lexicon: Path | None,
    warehouse: Path | None,
    form: Form,
    **reading: Any,
) -> None:
    """Show what to look at first, with no labels and no model.

    Reads log files, mines their templates and ranks them by level, failure words, number of lines
    and whether these come from one host or address. Without FILE, ranks what a warehouse holds.
    Labels that it holds are taken into account; what is labelled normal is not shown.
    """
    from fame_sql.suspects import look_at

    refuse_missing(files)

    def read(opened: Warehouse) -> None:
        _set_lexicon(opened, lexicon)
        read_files(opened, files, reading)

    is_new = warehouse is not None and not warehouse.exists()
    try:
        with _opened(files, warehouse) as (opened, is_temporary):
            fraction = {"fraction": 1.0} if is_temporary else {}
            found = look_at(opened, read, progress=terminal_progress(), **fraction)
    except FameError:
        if is_new and warehouse is not None and warehouse.exists():
            remove_if_empty(warehouse)
        raise
    if form == "json":
        print_json({**found.to_dict(), "suspects": _dicts(found.matters, top)})
    elif form == "csv":
        print_csv(_COLUMNS, [_cells(matter) for matter in found.matters[:top]])
    else:
        _print(found, top)
        _print_next(files, None if is_temporary else opened.path)


@contextmanager
def _opened(files: Sequence[Path], warehouse: Path | None) -> Iterator[tuple[Warehouse, bool]]:
    """Open the warehouse named, or for files a temporary one; say which of the two it is."""
    from fame_sql.warehouse.warehouse import Warehouse

    if warehouse is not None or not files:
        path = warehouse or Path(os.environ.get("FAME_WAREHOUSE") or DEFAULT_WAREHOUSE)
        with Warehouse.open(path, create=bool(files), external_access=bool(files)) as opened:
            yield opened, False
        return
    with (
        tempfile.TemporaryDirectory(prefix="fame-look-") as folder,
        Warehouse.open(Path(folder) / "look.duckdb", create=True, external_access=True) as opened,
    ):
        yield opened, True


def _set_lexicon(warehouse: Warehouse, lexicon: Path | None) -> None:
    from fame_sql.warehouse.lexicon import read_lexicon, write_lexicon

    if lexicon is None:
        return
    words = read_lexicon(lexicon)
    with warehouse.transaction():
        write_lexicon(warehouse.connection, words)


def _dicts(matters: Sequence[Matter], top: int) -> list[dict[str, Any]]:
    return [matter.to_dict() for matter in matters[:top]]


def _cells(matter: Matter) -> list[object]:
    facts = {
        **vars(matter.suspect),
        "reasons": "; ".join(matter.suspect.reasons()),
        "with": len(matter.others),
    }
    return [facts[name] for name in _COLUMNS]


def _print(found: Look, top: int) -> None:
    level = "" if found.lines_with_severity else "; no line has a level, so the words decide"
    click.echo(f"{found.lines:,} lines, {found.templates:,} templates{level}")
    if not found.matters:
        click.echo("\nnothing stands out")
        _print_section("closest", found.closest)
        return
    shown = found.matters[:top]
    for strength in ("strong", "worth a look"):
        _print_section(strength, [m for m in shown if m.suspect.strength == strength])
    if left := len(found.matters) - len(shown):
        click.echo(f"\n{left} more: --top {len(found.matters)}")


def _print_section(heading: str, matters: Sequence[Matter]) -> None:
    from fame_sql.suspects.reasons import counted

    if matters:
        click.echo(f"\n{heading}")
    for matter in matters:
        _print_line("  ", matter.suspect.example)
        print_text("; ".join(matter.suspect.reasons()), before="      ")
        for other in matter.others[:_MEMBERS]:
            _print_line(f"      with it {counted(other.lines)}: ", other.example)
        if (left := len(matter.others) - _MEMBERS) > 0:
            click.echo(f"      with it {left} more")


def _print_line(before: str, message: str) -> None:
    """Print the first line of a message, safe for a terminal and as long as its width."""
    text = " ".join(printable(_PACKAGES.sub("", message[:_LONGEST])).split("\n")[0].split())
    width = max(shutil.get_terminal_size((100, 24)).columns - len(before), 40)
    click.echo(before + (text if len(text) <= width else text[: width - 1] + "…"))


def _print_next(files: Sequence[Path], warehouse: Path | None) -> None:
    """Say how to go on: keep the warehouse, or see all lines of a suspect."""
    click.echo()
    if warehouse is None:
        names = " ".join("-" if str(file) == "-" else _quoted(file) for file in files)
        click.echo(f"next: fame look {names} --warehouse app.duckdb keeps the lines to query")
        return
    click.echo(
        f'next: fame query --warehouse {_quoted(warehouse)} "SELECT lines, example, suspect_id '
        'FROM suspects", and their lines in fame.suspect_lines'
    )


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
