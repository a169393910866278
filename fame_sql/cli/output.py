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

if TYPE_CHECKING:
    from fame_sql.cli.options.output import Form


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, default=plain, indent=2, ensure_ascii=False))


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
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
        return json.dumps(value, default=plain, ensure_ascii=False)
    return value
