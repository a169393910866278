"""The schema of a warehouse: numbered SQL files, applied in order.

A file ``sql/warehouse/schema/0006_NAME.sql`` takes a warehouse from schema 5 to schema 6. Its first
line names the first fame-sql that has it, ``-- Since fame-sql 0.2.0.``; a warehouse stores that of
its newest file, so that an older fame-sql can say which version it takes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fame_sql import sql
from fame_sql.canonical.canonical import default_recipe
from fame_sql.errors import WarehouseError
from fame_sql.warehouse import settings
from fame_sql.warehouse.connection import utc_now
from fame_sql.warehouse.lake.kind import is_lake, load_for
from fame_sql.warehouse.lexicon import default_lexicon, write_lexicon
from fame_sql.warehouse.recipe import write_recipe

_SINCE = re.compile(r"^-- Since fame-sql (\d[\w.]*\d)\.$", re.MULTILINE)
_VERSION = re.compile(r"[0-9][0-9A-Za-z.]{0,30}")


@dataclass(frozen=True)
class SchemaStep:
    """One numbered file of ``sql/warehouse/schema``.

    Parameters
    ----------
    number : int
        The schema that it leads to.
    file : str
        The SQL file, as :func:`fame_sql.sql.load` takes it.
    """

    number: int
    file: str

    @property
    def name(self) -> str:
        """What the step is about, from the name of its file."""
        return self.file.rpartition("/")[-1][5:]

    @property
    def since(self) -> str:
        """The first version of fame-sql that has the step."""
        return str(_SINCE.findall(sql.load(self.file))[0])


def all_steps() -> list[SchemaStep]:
    """Return the steps that this fame-sql knows, in order."""
    files = sql.names("warehouse/schema")
    return [SchemaStep(int(file.rpartition("/")[-1][:4]), file) for file in files]


def newest_version() -> int:
    """Return the number of the schema that this fame-sql uses."""
    return all_steps()[-1].number


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of a warehouse's schema; 0 for a database that is no warehouse yet."""
    if connection.execute(load_for(connection, "warehouse/has_schema")).fetchall() != [(True,)]:
        return 0
    rows = connection.execute("SELECT coalesce(max(version), 0) FROM fame.schema_versions")
    return int(rows.fetchall()[0][0])


def pending_steps(connection: duckdb.DuckDBPyConnection, path: Path) -> list[SchemaStep]:
    """Return the steps that a warehouse lacks.

    Raises
    ------
    WarehouseError
        If the warehouse has a schema that this fame-sql does not know; the message names the
        version of fame-sql that it takes.
    """
    version = schema_version(connection)
    if version > newest_version():
        raise _newer(connection, path, version)
    return [step for step in all_steps() if step.number > version]


def apply_steps(connection: duckdb.DuckDBPyConnection, steps: Sequence[SchemaStep]) -> None:
    """Apply steps to a warehouse, inside the caller's transaction."""
    for step in steps:
        _apply(connection, step)
    settings.write(connection, settings.NEEDED_VERSION, all_steps()[-1].since)


def _apply(connection: duckdb.DuckDBPyConnection, step: SchemaStep) -> None:
    for statement in _statements(connection, step):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO fame.schema_versions VALUES (?, ?, ?)", [step.number, step.file, utc_now()]
    )
    if step.number == 1:
        write_recipe(connection, default_recipe())
    if step.name == "lexicon":
        write_lexicon(connection, default_lexicon())


def _statements(connection: duckdb.DuckDBPyConnection, step: SchemaStep) -> list[str]:
    """Return the statements of a step, those for a lake where the warehouse is in one."""
    files = [sql.load("warehouse/create_schema"), sql.load(step.file)]
    if not is_lake(connection):
        return files
    # Imported here: sqlglot takes a quarter of a second, and a file needs none of it.
    from fame_sql.warehouse.lake.tables import lake_statements

    tables = [statement for file in files for statement in lake_statements(file)]
    return [*tables, sql.load("warehouse/lake/create")]


def _newer(connection: duckdb.DuckDBPyConnection, path: Path, version: int) -> WarehouseError:
    needed = settings.read(connection, settings.NEEDED_VERSION) or ""
    # A version is shown inside a command to run, so nothing else may stand there.
    is_version = _VERSION.fullmatch(needed) is not None
    takes = f"it takes fame-sql {needed} or newer" if is_version else "it takes a newer version"
    package = f"'fame-sql>={needed}'" if is_version else "fame-sql"
    return WarehouseError(
        f"{path} has schema {version}, made by a newer fame-sql; this one knows up to schema "
        f'{newest_version()}: {takes}, upgrade with "pip install --upgrade {package}"'
    )
