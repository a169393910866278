"""Results on stdout: as JSON, as CSV and as tables."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from fame_sql.cli.tables import print_nothing, print_table
from fame_sql.cli.values import plain
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.cli.options.output import Form


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(_shown(json.dumps(value, default=plain, indent=2, ensure_ascii=False)))


def print_done(sentence: str, facts: Mapping[str, object], *, as_json: bool) -> None:
    """Say what a command did: as one sentence for people, or as facts for a program."""
    if as_json:
        print_json(facts)
    else:
        click.echo(printable(sentence))


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([_shown(name) for name in columns])
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])


def print_records(
    records: Sequence[Mapping[str, object]],
    columns: Sequence[str],
    form: Form,
    nothing: tuple[str, str] | None = None,
    deciding: Sequence[str] = (),
) -> None:
    """Print records: all their fields as JSON, else the columns given as CSV or a table.

    Parameters
    ----------
    records : sequence of mapping
        The records.
    columns : sequence of str
        The fields that a table has.
    form : str
        How they are printed.
    nothing : tuple of str, optional
        What is said for people if there is no record, and the command to go on with.
    deciding : sequence of str
        The columns that stay longest on a narrow terminal.
    """
    if form == "json":
        print_json(records)
        return
    if form == "text" and nothing is not None and not records:
        print_nothing(*nothing)
        return
    rows = [[record[name] for name in columns] for record in records]
    if form == "csv":
        print_csv(columns, rows)
    else:
        print_table(columns, rows, deciding)


def _csv_cell(value: object) -> object:
    if isinstance(value, dict | list):
        return _shown(json.dumps(value, default=plain, ensure_ascii=False))
    return _shown(value) if isinstance(value, str) else value


def _shown(text: str) -> str:
    """Return text for a pipe or a file as it is, and what a terminal shows of it."""
    return printable(text) if sys.stdout.isatty() else text
