"""Loading the rows of a table that are not in the warehouse yet."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from string import Template
from typing import Any

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.ingest.batch import Absorb
from fame_sql.ingest.columns import ColumnChoice, Columns, find_columns
from fame_sql.ingest.file_load import SHARES, save_loads
from fame_sql.ingest.formats.hints import NO_HINTS, Hints
from fame_sql.ingest.known import KnownLoads, Load
from fame_sql.ingest.macros import Macros
from fame_sql.ingest.report import EXAMPLES, IngestReport, ParseFault, State
from fame_sql.ingest.tables import Table
from fame_sql.ingest.times import TimeChoices, check_timezone
from fame_sql.sql.quoting import identifier, literal
from fame_sql.warehouse.connection import first_line
from fame_sql.warehouse.warehouse import transaction, utc_now


def load_table(
    connection: duckdb.DuckDBPyConnection,
    macros: Macros,
    table: Table,
    choice: ColumnChoice,
    absorb: Absorb,
    *,
    ingest_id: int,
    redacted: bool,
    hints: Hints = NO_HINTS,
    strict: bool = False,
) -> IngestReport:
    """Load the rows of a table that are not in the warehouse yet.

    Rows that were read before are recognised by their content, or with ``choice.new_by`` by the
    value of one column. The damaged records of a CSV file are kept as lines with a ``parse_error``.

    Raises
    ------
    InputError
        If the table cannot be read, has no column for the message, or with ``strict`` has a damaged
        record.
    """
    load = partial(
        _load_rows,
        *(connection, macros),
        choice=choice,
        absorb=absorb,
        ingest_id=ingest_id,
        redacted=redacted,
        hints=hints,
    )
    try:
        return load(table)
    except InputError as error:
        if table.good_rows is None:
            raise
        if strict:
            raise InputError(
                f"{error}: without --strict, such records are kept with a parse_error"
            ) from None
    connection.execute(sql.load("ingest/table/forget_damaged"))
    try:
        return load(replace(table, rows=table.good_rows))
    finally:
        connection.execute(sql.load("ingest/table/forget_damaged"))


def _load_rows(
    connection: duckdb.DuckDBPyConnection,
    macros: Macros,
    table: Table,
    *,
    choice: ColumnChoice,
    absorb: Absorb,
    ingest_id: int,
    redacted: bool,
    hints: Hints,
) -> IngestReport:
    types = table.types(connection)
    columns = find_columns(table.name, types, choice)
    known = KnownLoads(connection)
    known.look_up([table.identity], [])
    before = [load for load in known.of(table.identity) if load.format == table.format]
    fingerprint, count = _fingerprint(connection, table, choice)
    state: State = "grown" if before else "added"
    report = IngestReport(table.name, table.format, "utf-8", state=state, reason=columns.reason)
    if any(load.fingerprint == fingerprint for load in before):
        return IngestReport(table.name, table.format, "utf-8", state="unchanged")
    with transaction(connection, appends=True):
        connection.execute(sql.load("ingest/table/forget_damaged"))
        newer = _newer(choice, before, types)
        _fill(connection, macros, table, columns, newer, ingest_id, hints)
        if table.rows == table.good_rows:
            _add_damaged(connection, table, before, ingest_id, count)
        if redacted:
            # Its masks take a tenth of a second to import.
            from fame_sql.ingest.redact import redact

            redact(connection)
        gone = 0
        if before and choice.new_by is None:
            gone = _leave_out_known(connection, before)
        counted = connection.execute(sql.load("ingest/count_incoming")).fetchall()
        rows, errors, _, _, *shares = counted[0][1:] if counted else (0,) * (4 + len(SHARES))
        faults = connection.execute(sql.load("ingest/table/first_faults"), {"most": EXAMPLES})
        examples = tuple(ParseFault(*row) for row in faults.fetchall())
        absorb(connection)
        save_loads(connection, [_load(table, ingest_id, fingerprint, count, rows, errors)])
    named = dict(zip(SHARES, shares, strict=True))
    return replace(
        report, rows=rows, errors=errors, examples=examples, seen=rows, gone=gone, **named
    )


def _fill(
    connection: duckdb.DuckDBPyConnection,
    macros: Macros,
    table: Table,
    columns: Columns,
    newer: str,
    ingest_id: int,
    hints: Hints,
) -> None:
    statement = Template(sql.load("ingest/table/fill")).substitute(
        columns.expressions(hints.time_format), rows=table.rows, newer=newer
    )
    connection.execute(sql.load("events/create_incoming"))
    zone = None if hints.timezone is None else check_timezone(hints.timezone)
    macros.prepare(statement, TimeChoices(zone), utc_now())
    try:
        connection.execute(
            statement,
            {
                "observed_timestamp": utc_now(),
                "source_path": table.name,
                "ingest_id": ingest_id,
                "parser": table.format,
                "host": hints.host,
                "service": hints.service,
            },
        )
    except duckdb.Error as error:
        raise InputError(f"{table.name} cannot be read: {first_line(error)}") from None


def _add_damaged(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    before: list[Load],
    ingest_id: int,
    last: int,
) -> None:
    facts = {
        "observed_timestamp": utc_now(),
        "source_path": table.name,
        "ingest_id": ingest_id,
        "last": last,
        "known": [load.ingest_id for load in before],
    }
    connection.execute(sql.load("ingest/table/add_damaged"), facts)


def _fingerprint(
    connection: duckdb.DuckDBPyConnection, table: Table, choice: ColumnChoice
) -> tuple[str, int]:
    """Return what identifies the content of a table, and its number of rows."""
    if choice.new_by is not None:
        return _greatest(connection, table, choice.new_by)
    statement = Template(sql.load("ingest/table/fingerprint")).substitute(rows=table.rows)
    count, content = _one_row(connection, table, statement)
    return f"rows {count} {content}", int(count)


def _greatest(connection: duckdb.DuckDBPyConnection, table: Table, column: str) -> tuple[str, int]:
    name = identifier(column)
    statement = f"SELECT count(*), max({name})::VARCHAR FROM ({table.rows})"
    count, greatest = _one_row(connection, table, statement)
    return f"{column} {greatest}", int(count)


def _one_row(
    connection: duckdb.DuckDBPyConnection, table: Table, statement: str
) -> tuple[Any, ...]:
    try:
        return connection.execute(statement).fetchall()[0]
    except duckdb.Error as error:
        raise InputError(f"{table.name} cannot be read: {first_line(error)}") from None


def _newer(choice: ColumnChoice, before: list[Load], types: dict[str, str]) -> str:
    """Return the condition for rows that have not been read."""
    prefix = f"{choice.new_by} "
    last = max(before, key=lambda load: load.ingest_id, default=None)
    if choice.new_by is None or last is None or not last.fingerprint.startswith(prefix):
        return "true"
    column, value = identifier(choice.new_by), last.fingerprint.removeprefix(prefix)
    return f"{column} > CAST({literal(value)} AS {types[choice.new_by]})"


def _leave_out_known(connection: duckdb.DuckDBPyConnection, before: list[Load]) -> int:
    """Leave out rows that were read before; return how many lines have no row there any more."""
    numbers = [load.ingest_id for load in before]
    held = connection.execute(sql.load("ingest/table/count_lines"), [numbers]).fetchall()[0][0]
    if held < sum(load.rows for load in before):
        raise InputError(
            f"lines that were read from {before[0].source_path} have been moved out of the "
            "warehouse, so rows that were read before cannot be recognised: name a column that "
            "grows from row to row with --new-by"
        )
    row = sql.load("ingest/table/row_hash").strip()
    statement = Template(sql.load("ingest/table/leave_out_known")).substitute(row=row)
    deleted = connection.execute(statement, {"ingest_ids": numbers}).fetchall()[0][0]
    return int(held - deleted)


def _load(
    table: Table, ingest_id: int, fingerprint: str, count: int, rows: int, errors: int
) -> Load:
    return Load(
        ingest_id=ingest_id,
        source=table.identity,
        source_path=table.name,
        encoding="utf-8",
        format=table.format,
        head=None,
        fingerprint=fingerprint,
        byte_start=0,
        byte_end=0,
        tail_offset=None,
        tail_line=None,
        line_end=count,
        rows=rows,
        errors=errors,
        state="complete",
        started_at=utc_now(),
    )
