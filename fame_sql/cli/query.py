"""The command that asks the warehouse."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fame_sql.cli.output import (
    json_option,
    plain,
    print_csv,
    print_json,
    print_table,
    terminal_progress,
    warehouse_option,
)
from fame_sql.console import printable

if TYPE_CHECKING:
    import duckdb

    from fame_sql.planner import Plan, Planned

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
@click.option("--plan", is_flag=True, help="Tell what is stored and what must be scored; no run.")
@click.option("--no-plan", is_flag=True, help="Run the statement as it is, without the planner.")
@click.option(
    "--verbose",
    is_flag=True,
    help="Tell on stderr what was counted, stored and scored; on a terminal always.",
)
@warehouse_option
@json_option
def query(
    sql: str,
    as_csv: bool,
    write: bool,
    rows: int,
    plan: bool,
    no_plan: bool,
    verbose: bool,
    warehouse: Path,
    as_json: bool,
) -> None:
    """Run a SQL statement ('-' reads it from stdin) with the live functions at hand."""
    from fame_sql.session.query import plain_errors
    from fame_sql.session.session import connect
    from fame_sql.udfs.duckdb import release

    if as_csv and as_json:
        raise click.UsageError("use one of --csv and --json")
    if plan and (no_plan or as_csv):
        raise click.UsageError("--plan goes with --json, not with --no-plan or --csv")
    statement = sys.stdin.read() if sql == "-" else sql
    connection = connect(warehouse, read_only=not write)
    try:
        with plain_errors():
            if plan:
                _tell(connection, statement, as_json)
                return
            result = _run(connection, statement, not no_plan, verbose)
            columns = [column[0] for column in result.description or []]
            _print(columns, _fetched(result), as_csv, as_json, rows)
    finally:
        release(connection)
        connection.close()


def _run(
    connection: duckdb.DuckDBPyConnection, statement: str, planned: bool, verbose: bool
) -> duckdb.DuckDBPyConnection:
    from fame_sql.planner import make_plan

    if not planned:
        return connection.execute(statement)
    plan = make_plan(connection, statement, progress=terminal_progress())
    if verbose or sys.stderr.isatty():
        for line in _plan_lines(plan, done=True, kept=_is_kept(connection)):
            click.echo(printable(line), err=True)
    return connection.execute(plan.statement)


def _tell(connection: duckdb.DuckDBPyConnection, statement: str, as_json: bool) -> None:
    from fame_sql.planner import make_plan

    plan = make_plan(connection, statement, score=False, progress=terminal_progress())
    if as_json:
        print_json({**asdict(plan), "missing": plan.missing, "seconds": plan.seconds})
        return
    for line in _plan_lines(plan):
        click.echo(printable(line))


def _is_kept(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether new verdicts can be stored."""
    statement = "SELECT readonly FROM duckdb_databases() WHERE database_name = current_database()"
    return not connection.execute(statement).fetchall()[0][0]


def _plan_lines(plan: Plan, *, done: bool = False, kept: bool = True) -> Iterator[str]:
    """Say what is planned or, with ``done``, what was; of a plain statement only the former."""
    if plan.reason:
        yield f"left alone: {plan.reason}"
    elif not plan.calls and not done:
        yield "no live function is called"
    for call in plan.calls:
        yield f"{', '.join(call.functions)} of {call.message}: {_answer(call, done, kept)}"
    if plan.missing and not done:
        yield f"to score: {plan.missing} texts, about {plan.seconds:.1f} s after loading the model"


def _answer(call: Planned, done: bool, kept: bool) -> str:
    if call.answered_by == "live":
        return f"left alone: {call.reason}"
    how = "joined by event" if call.answered_by == "event" else "joined by distinct message"
    parts = [how, *_counts(call, done, kept)]
    size = call.bytes_needed / 1e6
    if size >= 1:
        parts.append(f"temporary tables of about {size:.0f} MB")
    return "; ".join(parts)


def _counts(call: Planned, done: bool, kept: bool) -> Iterator[str]:
    """Say how many rows, messages and texts there are, as far as they were counted."""
    if call.rows is not None:
        yield f"{call.rows} rows"
    if call.messages is not None:
        yield f"{call.messages} distinct messages"
    if call.distinct is not None:
        yield f"{call.distinct - call.missing} of {call.distinct} canonical texts are stored"
    elif not call.missing:
        yield "all events that it needs are stored"
    if done and call.missing:
        yield f"{call.missing} scored now{_unkept(call, kept)}"


def _unkept(call: Planned, kept: bool) -> str:
    """Say why the next run scores the same texts again, where it does."""
    if call.answered_by == "message":
        return ", for this run only: answers by message are not kept"
    return "" if kept else ", not kept: add --write, or run 'fame score' first"


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
