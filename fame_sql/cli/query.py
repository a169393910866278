"""The command ``fame query``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from fame_sql.cli.options.moment import MOMENT
from fame_sql.cli.options.numbers import COUNT, SECONDS
from fame_sql.cli.options.output import Form, form_options
from fame_sql.cli.options.quiet import remark
from fame_sql.cli.options.warehouse import warehouse_option
from fame_sql.cli.output import print_csv, print_json
from fame_sql.cli.progress import asking, talks, terminal_progress
from fame_sql.cli.tables import print_nothing, print_table
from fame_sql.cli.values import plain
from fame_sql.cli.waiting import waited
from fame_sql.console import printable

if TYPE_CHECKING:
    import duckdb

    from fame_sql.planner import Plan, Planned

_SHOWN = 100
_NO_RESULT = (["Count"], ["Success"])
"""The columns that DuckDB gives a statement without rows, such as CREATE TABLE."""
_DECIDING = ("log_id", "timestamp", "service_name", "host_name", "lines", "score", "body", "domain")
"""The columns of lines that a narrow terminal shows before all others."""


@click.command()
@click.argument("sql")
@click.option("--write", is_flag=True, help="Allow the statement to change the warehouse.")
@click.option(
    "--rows",
    type=COUNT,
    metavar="NUMBER",
    default=_SHOWN,
    show_default=True,
    help="Maximum rows of a table; CSV and JSON always have all rows.",
)
@click.option(
    "--plan",
    is_flag=True,
    help="Print what is stored and what must be scored, without running the statement.",
)
@click.option("--no-plan", is_flag=True, help="Run the statement as written, without the planner.")
@click.option(
    "--at",
    type=MOMENT,
    metavar="TIME",
    help="Ask a warehouse in a lake as it was then, with the verdicts of then, in UTC.",
)
@click.option(
    "--external-access",
    is_flag=True,
    help="Let the statement, and all views in the warehouse, use files, extensions and the "
    "network.",
)
@click.option(
    "--wait",
    type=SECONDS,
    metavar="SECONDS",
    default=0.0,
    help="How long to wait for a warehouse that another process holds, such as 'fame ingest'.",
)
@click.option(
    "--verbose",
    is_flag=True,
    help="Print on stderr what was counted, stored and scored; always on for a terminal.",
)
@warehouse_option
@form_options
def query(
    sql: str,
    write: bool,
    rows: int,
    plan: bool,
    no_plan: bool,
    at: datetime | None,
    external_access: bool,
    wait: float,
    verbose: bool,
    warehouse: Path,
    form: Form,
) -> None:
    """Run a SQL statement that can use the live functions.

    '-' reads the statement from standard input.
    """
    from fame_sql.session.query import plain_errors
    from fame_sql.session.session import connect
    from fame_sql.udfs.duckdb import release

    if plan and (no_plan or form == "csv"):
        raise click.UsageError("--plan works with --json, not with --no-plan or --csv")
    if no_plan and verbose:
        raise click.UsageError("--verbose is about the plan: leave out --no-plan")
    if at is not None and (plan or write):
        raise click.UsageError("--at only reads, and plans nothing: leave out --plan and --write")
    if _is_given("rows") and (plan or form != "text"):
        raise click.UsageError("--rows is for a table: CSV and JSON have all rows, and a plan none")
    statement = sys.stdin.read() if sql == "-" else sql
    opening = partial(
        connect,
        warehouse,
        read_only=not write,
        plan=False,
        external_access=external_access,
        at=at,
    )
    connection = waited(opening, wait)
    try:
        with plain_errors():
            if plan:
                _print_plan(connection, statement, form)
                return
            result = _run(connection, statement, at is None and not no_plan, verbose)
            columns = [column[0] for column in result.description or []]
            _print(columns, _fetched(result), form, rows)
    finally:
        release(connection)
        connection.close()


def _is_given(option: str) -> bool:
    source = click.get_current_context().get_parameter_source(option)
    return source is ParameterSource.COMMANDLINE


def _run(
    connection: duckdb.DuckDBPyConnection, statement: str, planned: bool, verbose: bool
) -> duckdb.DuckDBPyConnection:
    from fame_sql.planner import Plan, make_plan
    from fame_sql.session.planned_run import run_planned
    from fame_sql.session.query import run

    if not planned:
        with asking(connection, "running the statement"):
            return run(connection, Plan(statement))

    def make() -> Plan:
        plan = make_plan(connection, statement, progress=terminal_progress())
        if verbose or talks():
            for line in _plan_lines(plan, done=True, kept=_is_kept(connection)):
                remark(line)
        return plan

    def run_shown(connection: duckdb.DuckDBPyConnection, plan: Plan) -> duckdb.DuckDBPyConnection:
        with asking(connection, "running the statement"):
            return run(connection, plan)

    return run_planned(connection, Plan(statement), make, run_shown)


def _print_plan(connection: duckdb.DuckDBPyConnection, statement: str, form: Form) -> None:
    from fame_sql.planner import make_plan
    from fame_sql.session.query import check_statement

    check_statement(connection, statement)
    plan = make_plan(connection, statement, score=False, progress=terminal_progress())
    if form == "json":
        print_json({**asdict(plan), "missing": plan.missing, "seconds": plan.seconds})
        return
    for line in _plan_lines(plan):
        click.echo(printable(line))


def _is_kept(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether new verdicts can be stored."""
    statement = "SELECT readonly FROM duckdb_databases() WHERE database_name = current_database()"
    return not connection.execute(statement).fetchall()[0][0]


def _plan_lines(plan: Plan, *, done: bool = False, kept: bool = True) -> Iterator[str]:
    """Yield what the planner will do or, with ``done``, what it did."""
    if plan.reason:
        yield f"not planned: {plan.reason}"
    elif not plan.calls and not done:
        yield "the statement calls no live function"
    for call in plan.calls:
        yield f"{', '.join(call.functions)} of {call.message}: {_answer(call, done, kept)}"
    if plan.missing and not done:
        yield f"to score: {plan.missing} texts, about {plan.seconds:.1f} s after loading the model"


def _answer(call: Planned, done: bool, kept: bool) -> str:
    if call.answered_by == "live":
        return f"not planned: {call.reason}"
    how = "joined by event" if call.answered_by == "event" else "joined by distinct message"
    parts = [how, *_counts(call, done, kept)]
    size = call.bytes_needed / 1e6
    if size >= 1:
        parts.append(f"temporary tables of about {size:.0f} MB")
    return "; ".join(parts)


def _counts(call: Planned, done: bool, kept: bool) -> Iterator[str]:
    """Yield the numbers of rows, messages and texts that were counted."""
    if call.rows is not None:
        yield f"{call.rows} rows"
    if call.messages is not None:
        yield f"{call.messages} distinct messages"
    if call.distinct is not None:
        yield f"{call.distinct - call.missing} of {call.distinct} canonical texts are stored"
    elif not call.missing:
        yield "all events that it needs are stored"
    if done and call.missing:
        yield f"{call.missing} scored now{_why_not_kept(call, kept)}"


def _why_not_kept(call: Planned, kept: bool) -> str:
    """Return why the next run will score the same texts again, if it will."""
    if call.answered_by == "message":
        return ", for this run only: answers by message are not stored"
    return "" if kept else ", not stored: add --write, or run 'fame score' first"


def _fetched(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := result.fetchmany(10_000):
        yield from batch


def _print(
    columns: list[str],
    rows: Iterator[tuple[Any, ...]],
    form: Form,
    shown: int,
) -> None:
    if form == "csv":
        print_csv(columns, rows)
    elif form == "json":
        _print_json_rows(columns, rows)
    else:
        _print_first(columns, rows, shown)


def _print_json_rows(columns: list[str], rows: Iterator[tuple[Any, ...]]) -> None:
    """Print a JSON array row by row, so that a large result needs little memory."""
    separator = "["
    for row in rows:
        record = dict(zip(columns, row, strict=True))
        click.echo(separator + json.dumps(record, default=plain, ensure_ascii=False), nl=False)
        separator = ",\n "
    click.echo("[]" if separator == "[" else "]")


def _print_first(columns: list[str], rows: Iterator[tuple[Any, ...]], shown: int) -> None:
    head = [row for _, row in zip(range(shown), rows, strict=False)]
    if not head:
        _print_no_row(columns)
        return
    print_table(columns, head, _DECIDING)
    left = sum(1 for _ in rows)
    if left:
        remark(f"{left} more rows: use --rows for more, or --csv or --json for all rows")


def _print_no_row(columns: list[str]) -> None:
    if columns in _NO_RESULT:
        click.echo("done")
    elif columns:
        print_nothing("no row", "fame status")
