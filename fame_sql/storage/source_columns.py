"""Which columns of a foreign Parquet file are a log line's message, time and attributes."""

from __future__ import annotations

from string import Template

import duckdb

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.sql.quoting import identifier, literal

_BODIES = ("body", "message")
_TIMES = ("timestamp", "time", "ts")
_TAKEN = (
    "severity_text",
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

    Columns with the names of OpenTelemetry's are taken as such, all others into ``attributes``.
    A time that cannot be read is told in ``parse_error``, and the line kept.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Reads the file's columns.
    file : str
        The file; the statement takes it as its parameter ``$file``, beside
        ``$observed_timestamp``.
    body, time : str, optional
        The columns of the message and of its time.

    Raises
    ------
    InputError
        If a named column is not there, or none is named and none has a usual name.
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
            f"{file} has no column {' or '.join(_BODIES)}, but {', '.join(types)}: "
            "name that of the message with --body"
        )
    when = _column(file, types, "time", time, _TIMES)
    return _statement(types, message, when)


def _column(
    file: str, types: dict[str, str], option: str, given: str | None, usual: tuple[str, ...]
) -> str | None:
    by_name = {name.lower(): name for name in types}
    if given is not None and given.lower() not in by_name:
        raise InputError(
            f"{file} has no column {given}, but {', '.join(types)}: "
            f"name one of them with --{option}"
        )
    wanted = usual if given is None else (given,)
    return next((by_name[name.lower()] for name in wanted if name.lower() in by_name), None)


def _statement(types: dict[str, str], message: str, when: str | None) -> str:
    by_name = {name.lower(): name for name in types}
    taken = {name: by_name[name] for name in _TAKEN if name in by_name}
    read = _time(when, types[when]) if when is not None else "NULL::TIMESTAMP"
    lost = f"{identifier(when)} IS NOT NULL AND {read} IS NULL" if when is not None else "false"
    used = {message, when, *taken.values()}
    rest = [name for name in types if name not in used]
    columns = [
        f"{read} AS timestamp",
        "$observed_timestamp::TIMESTAMP AS observed_timestamp",
        f"{identifier(message)}::VARCHAR AS body",
        *(
            f"{identifier(taken[name]) if name in taken else 'NULL'}::VARCHAR AS {name}"
            for name in _TAKEN
        ),
        f"{_json(rest)} AS attributes",
        "$file AS source_path",
        "row_number() OVER () AS line_number",
        f"CASE WHEN {lost} THEN 'its time cannot be read' END AS parse_error",
    ]
    # The statement has a parameter $file of its own.
    return Template(sql.load("storage/read_source")).safe_substitute(columns=", ".join(columns))


def _time(column: str, kind: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"({identifier(column)} AT TIME ZONE 'UTC')::TIMESTAMP"
    return f"try_cast({identifier(column)} AS TIMESTAMP)"


def _json(columns: list[str]) -> str:
    if not columns:
        return "NULL::JSON"
    pairs = ", ".join(f"{literal(name)}, {identifier(name)}" for name in columns)
    return f"json_object({pairs})"
