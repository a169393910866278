"""Mapping of the columns of a foreign Parquet file to those of a log line."""

from __future__ import annotations

from string import Template

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.sql.quoting import identifier, literal
from fame_sql.warehouse.severities import number_sql

_BODIES = ("body", "message")
_TIMES = ("timestamp", "time", "ts")
_LEVELS = ("severity_text", "level", "severity", "lvl", "log.level")
_TAKEN = (
    "service_name",
    "host_name",
    "trace_id",
    "span_id",
    "label",
)


def incoming_statement(
    connection: duckdb.DuckDBPyConnection, file: str, body: str | None, time: str | None
) -> str:
    """Return SQL that reads a Parquet file into the temporary table ``incoming``.

    Columns with OpenTelemetry's names are mapped to the same columns; all others go to
    ``attributes``. A line whose time cannot be parsed is kept, with a ``parse_error``. The severity
    number is the one of the file, or is derived from the level word.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Used to read the names of the file's columns.
    file : str
        The file. The statement has the parameters ``$file`` and ``$observed_timestamp``.
    body, time : str, optional
        The columns of the message and of its time.

    Raises
    ------
    InputError
        If a given column does not exist, or none is given and none has a usual name.
    """
    types = {
        row[0]: str(row[1])
        for row in connection.execute(
            "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [file]
        ).fetchall()
    }
    message = _column(file, types, "body", body, _BODIES)
    if message is None:
        raise InputError(
            f"{file} has no column {' or '.join(_BODIES)}; its columns are {', '.join(types)}: "
            "give the column of the message with --body"
        )
    when = _column(file, types, "time", time, _TIMES)
    words = {name: kind for name, kind in types.items() if kind.startswith(("VARCHAR", "ENUM"))}
    level = _column(file, words, "level", None, _LEVELS)
    return _statement(types, message, when, level)


def _column(
    file: str, types: dict[str, str], option: str, given: str | None, usual: tuple[str, ...]
) -> str | None:
    by_name = {name.lower(): name for name in types}
    if given is not None and given.lower() not in by_name:
        raise InputError(
            f"{file} has no column {given}; its columns are {', '.join(types)}: "
            f"give one of them with --{option}"
        )
    wanted = usual if given is None else (given,)
    return next((by_name[name.lower()] for name in wanted if name.lower() in by_name), None)


def _statement(types: dict[str, str], message: str, when: str | None, level: str | None) -> str:
    by_name = {name.lower(): name for name in types}
    taken = {name: by_name[name] for name in _TAKEN if name in by_name}
    number = by_name.get("severity_number")
    read = _time(when, types[when]) if when is not None else "NULL::TIMESTAMP"
    used = {message, when, level, number, *taken.values()}
    rest = [name for name in types if name not in used]
    return Template(sql.load("storage/read_foreign")).substitute(
        timestamp=read,
        message=f"{identifier(message)}::VARCHAR",
        severity_text=_text(level),
        severity_number=f"coalesce({_number(number)}, {number_sql(_text(level))})",
        columns=", ".join(f"{_text(taken.get(name))} AS {name}" for name in _TAKEN),
        attributes=_attributes(rest, number),
        lost=f"{identifier(when)} IS NOT NULL AND {read} IS NULL" if when is not None else "false",
    )


def _text(column: str | None) -> str:
    return "NULL::VARCHAR" if column is None else f"{identifier(column)}::VARCHAR"


def _number(column: str | None) -> str:
    """Return SQL for a severity number of the file; NULL where it is not from 1 to 24."""
    if column is None:
        return "NULL::UTINYINT"
    number = f"try_cast({identifier(column)} AS UTINYINT)"
    return f"CASE WHEN {number} BETWEEN 1 AND 24 THEN {number} END"


def _attributes(rest: list[str], number: str | None) -> str:
    """Return SQL for the other columns as JSON, with the severity number where it is invalid."""
    if number is None:
        return _json(rest)
    return (
        f"CASE WHEN {identifier(number)} IS NOT NULL AND {_number(number)} IS NULL "
        f"THEN {_json([*rest, number])} ELSE {_json(rest)} END"
    )


def _time(column: str, kind: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"({identifier(column)} AT TIME ZONE 'UTC')::TIMESTAMP"
    return f"try_cast({identifier(column)} AS TIMESTAMP)"


def _json(columns: list[str]) -> str:
    if not columns:
        return "NULL::JSON"
    pairs = ", ".join(f"{literal(name)}, {identifier(name)}" for name in columns)
    return f"json_object({pairs})"
