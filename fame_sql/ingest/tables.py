"""What rows can be read from: a table of DuckDB, a query, a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fame_sql.errors import InputError
from fame_sql.sql.quoting import identifier, literal
from fame_sql.warehouse.connection import first_line

_ATTACHED = "fame_read_from"

FORMATS = {"parquet": "read_parquet", "csv": "read_csv", "table": "", "query": ""}
"""What rows can be read from, and the function of DuckDB that reads a file of that kind."""


@dataclass(frozen=True)
class Table:
    """Rows that can be read as log lines.

    Parameters
    ----------
    name : str
        Its name in the rows and in messages.
    identity : str
        What it is recognised by.
    format : str
        A key of :data:`FORMATS`.
    rows : str
        A SELECT of all rows. It is the user's own SQL, or made of quoted names.
    good_rows : str or None
        Of a CSV file, a SELECT of the rows that can be read, slower and on one core, which leaves
        the other records in the temporary table ``fame_damaged``.
    """

    name: str
    identity: str
    format: str
    rows: str
    good_rows: str | None = None

    def types(self, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Return the types of its columns by name.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        try:
            described = connection.execute(f"DESCRIBE {self.rows}").fetchall()
        except duckdb.Error as error:
            raise InputError(f"{self.name} cannot be read: {first_line(error)}") from None
        return {str(name): str(kind) for name, kind, *_ in described}


def named_table(name: str, database: Path | None = None) -> Table:
    """Return a table of the warehouse, or of another DuckDB file.

    Parameters
    ----------
    name : str
        The name, with its schema where it is not ``main``.
    database : Path, optional
        Another DuckDB file that holds it; see :func:`attached`.
    """
    parts = [part.strip('"') for part in name.split(".")]
    if database is None:
        quoted = ".".join(identifier(part) for part in parts)
        return Table(name, f"table:{name}", "table", f"SELECT * FROM {quoted}")
    quoted = ".".join(identifier(part) for part in (_ATTACHED, *parts))
    shown = f"{database}:{name}"
    return Table(shown, f"table:{database.resolve()}:{name}", "table", f"SELECT * FROM {quoted}")


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, database: Path | None) -> Iterator[None]:
    """Attach another DuckDB file to be read, and detach it at the end.

    Raises
    ------
    InputError
        If it cannot be opened.
    """
    if database is None:
        yield
        return
    if not database.is_file():
        raise InputError(f"there is no database {database}; check the name")
    try:
        connection.execute(f"ATTACH {literal(str(database))} AS {_ATTACHED} (READ_ONLY)")
    except duckdb.Error as error:
        raise InputError(f"{database} cannot be opened: {first_line(error)}") from None
    try:
        yield
    finally:
        connection.execute(f"DETACH {_ATTACHED}")


def named_query(query: str, name: str | None = None) -> Table:
    """Return the rows of a query.

    Raises
    ------
    InputError
        If it is not one SELECT.
    """
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise InputError(f"the query cannot be read: {first_line(error)}") from None
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise InputError("the query is not one SELECT: give one statement that returns rows")
    text = statements[0].query.rstrip().rstrip(";")
    return Table(name or "query", f"query:{name or text}", "query", text)
