"""Results on stdout: as JSON, as CSV and as tables."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from fame_sql.cli.tables import print_table
from fame_sql.cli.values import plain
from fame_sql.console import printable

if TYPE_CHECKING:
    from fame_sql.cli.options.output import Form


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(_shown(json.dumps(value, default=plain, indent=2, ensure_ascii=False)))


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([_shown(name) for name in columns])
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])


def print_records(
    records: Sequence[Mapping[str, object]], columns: Sequence[str], form: Form
) -> None:
    """Print records: all their fields as JSON, else the columns given as CSV or a table."""
    if form == "json":
        print_json(records)
        return
    show = print_csv if form == "csv" else print_table
    show(columns, [[record[name] for name in columns] for record in records])


def _csv_cell(value: object) -> object:
    if isinstance(value, dict | list):
        return _shown(json.dumps(value, default=plain, ensure_ascii=False))
    return _shown(value) if isinstance(value, str) else value


def _shown(text: str) -> str:
    """Return text for a pipe or a file as it is, and what a terminal shows of it."""
    return printable(text) if sys.stdout.isatty() else text
