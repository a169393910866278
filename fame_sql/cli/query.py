"""The command that asks the warehouse."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.output import json_option, plain, print_csv, print_table, warehouse_option

if TYPE_CHECKING:
    import duckdb

_SHOWN = 100


@click.command()
@click.argument("sql")
@click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV.")
@click.option("--write", is_flag=True, help="Let the statement change the warehouse.")
@click.option(
    "--rows",
    type=int,
    default=_SHOWN,
    show_default=True,
    help="Show at most so many rows as a table; CSV and JSON have them all.",
)
@warehouse_option
@json_option
def query(sql: str, as_csv: bool, write: bool, rows: int, warehouse: Path, as_json: bool) -> None:
    """Run a SQL statement ('-' reads it from stdin) with the live functions at hand."""
    from fame_sql.queries import plain_errors
    from fame_sql.session import connect
    from fame_sql.udfs.duckdb import release

    if as_csv and as_json:
        raise click.UsageError("use one of --csv and --json")
    statement = sys.stdin.read() if sql == "-" else sql
    connection = connect(warehouse, read_only=not write)
    try:
        with plain_errors():
            result = connection.execute(statement)
            columns = [column[0] for column in result.description or []]
            _print(columns, _fetched(result), as_csv, as_json, rows)
    finally:
        release(connection)
        connection.close()


def _fetched(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := result.fetchmany(10_000):
        yield from batch


def _print(
    columns: list[str], rows: Iterator[tuple[Any, ...]], as_csv: bool, as_json: bool, shown: int
) -> None:
    if as_csv:
        print_csv(columns, rows)
    elif as_json:
        _print_json_rows(columns, rows)
    else:
        _print_shown(columns, rows, shown)


def _print_json_rows(columns: list[str], rows: Iterator[tuple[Any, ...]]) -> None:
    """Print a JSON array row by row, so that a large result needs no memory."""
    import json

    separator = "["
    for row in rows:
        record = dict(zip(columns, row, strict=True))
        click.echo(separator + json.dumps(record, default=plain, ensure_ascii=False), nl=False)
        separator = ",\n "
    click.echo("[]" if separator == "[" else "]")


def _print_shown(columns: list[str], rows: Iterator[tuple[Any, ...]], shown: int) -> None:
    head = [row for _, row in zip(range(shown), rows, strict=False)]
    print_table(columns, head)
    left = sum(1 for _ in rows)
    if left:
        click.echo(f"{left} more rows: --rows N shows more, --csv and --json all", err=True)
