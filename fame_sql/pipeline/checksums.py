"""Reading a warehouse and its models in full, to find bytes that have changed on disk."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from fame_sql import models, sql
from fame_sql.console import Progress, SilentProgress
from fame_sql.errors import FameError
from fame_sql.warehouse.connection import AFTER_DAMAGE, first_line
from fame_sql.warehouse.definitions import has_partitions
from fame_sql.warehouse.lake.agreement import disagreements
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.progress import statement_progress
from fame_sql.warehouse.warehouse import Warehouse

_AFTER_LOSS = (
    "put the file back from a backup of the folder or bucket, then 'fame doctor --deep'; only "
    "statements that need it fail"
)
_PARTITIONED = "SELECT sum(lines) FROM fame.partitions WHERE state = 'stored'"


def damage(warehouse: Warehouse, progress: Progress | None = None) -> Iterator[tuple[str, str]]:
    """Yield what is damaged, and what to do about it.

    DuckDB checks the sum of each block that it reads, Parquet files may have sums of their pages,
    and the manifest of a model has that of each file.

    Parameters
    ----------
    warehouse : Warehouse
        May be open read-only; its partitions must be in reach.
    progress : Progress, optional
        Where to report how far it is.
    """
    progress = progress or SilentProgress()
    if is_lake(warehouse.connection):
        yield from disagreements(warehouse.connection)
    yield from _tables(warehouse, progress)
    records = models.models(warehouse)
    with progress.step("reading the models", len(records)) as step:
        for record in records:
            try:
                models.check(record.folder)
            except FameError as error:
                what = f"the model {record.model_version} cannot be used: {error}"
                yield what, "fame train --full"
            step.advance()


def _tables(warehouse: Warehouse, progress: Progress) -> Iterator[tuple[str, str]]:
    tables = warehouse.rows(sql.load("pipeline/base_tables"))
    if has_partitions(warehouse.connection):
        tables.append(("fame.all_logs", warehouse.value(_PARTITIONED)))
    with progress.step("reading the tables", sum(rows for _, rows in tables)) as step:
        for name, rows in tables:
            try:
                with statement_progress(warehouse.connection, step, rows):
                    warehouse.rows(f"SELECT bit_xor(hash(read)) FROM {name} AS read")
            except duckdb.Error as error:
                advice = _AFTER_LOSS if is_lake(warehouse.connection) else AFTER_DAMAGE
                yield f"{name} cannot be read: {first_line(error)}", advice
                if isinstance(error, duckdb.FatalException):
                    return
