"""Parquet and CSV files as tables."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb

from fame_sql.errors import InputError
from fame_sql.ingest.columns import ColumnChoice, find_columns
from fame_sql.ingest.known import KnownLoads
from fame_sql.ingest.records.delimited import DELIMITERS
from fame_sql.ingest.sources import Source, file_source
from fame_sql.ingest.tables import Table
from fame_sql.sql.quoting import literal

_LONGEST_HEADER = 1 << 16


def table_format(source: Source) -> str | None:
    """Return the format of a file that can be read as a table; None for other files."""
    name = source.name.lower()
    if re.search(r"\.(csv|tsv)(\.gz|\.zst)?$", name):
        return "csv"
    with source.open() as file:
        return "parquet" if file.read(4) == b"PAR1" else None


def file_table(path: str, name: str, known_as: str, format: str) -> Table:
    """Return the rows of a Parquet or CSV file."""
    if format == "parquet":
        return Table(name, known_as, format, f"SELECT * FROM read_parquet({literal(path)})")
    text = f"{literal(path)}, all_varchar = true, header = true"
    return Table(
        *(name, known_as, format),
        rows=f"SELECT * FROM read_csv({text})",
        good_rows=_good_rows(path, text),
    )


def _good_rows(path: str, text: str) -> str | None:
    """Return a SELECT of the rows that can be read.

    DuckDB guesses nothing from damaged records, since all is given. On several cores it names wrong
    lines.
    """
    with file_source(Path(path)).open() as file:
        header = file.read(_LONGEST_HEADER).decode("utf-8-sig", "replace").splitlines()[:1]
    delimiter = max(DELIMITERS, key=lambda each: "".join(header).count(each))
    columns = next(csv.reader(header, delimiter=delimiter), [])
    if len(set(columns)) < max(len(columns), 2):
        return None
    typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    return (
        f"SELECT * FROM read_csv({text}, auto_detect = false, columns = {{{typed}}}, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', parallel = false, "
        "store_rejects = true, rejects_table = 'fame_damaged', rejects_scan = 'fame_damaged_scans')"
    )


def was_read_as_lines(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Return whether a file was read as lines before, which a table would double."""
    known = KnownLoads(connection)
    known.look_up([table.identity], [])
    return any(load.format != table.format for load in known.of(table.identity))


def is_csv(connection: duckdb.DuckDBPyConnection, table: Table, choice: ColumnChoice) -> bool:
    """Return whether a file with the name of a CSV file has a header with known columns."""
    for rows in (table.rows, table.good_rows or table.rows):
        with suppress(InputError):
            find_columns(table.name, replace(table, rows=rows).types(connection), choice)
            return True
    return choice.body is not None
