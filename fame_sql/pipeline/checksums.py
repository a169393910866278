"""Reading a warehouse and its models in full, to find bytes that have changed on disk."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from fame_sql import models, sql
from fame_sql.errors import FameError
from fame_sql.warehouse.connection import AFTER_DAMAGE, first_line
from fame_sql.warehouse.definitions import has_partitions
from fame_sql.warehouse.lake.agreement import disagreements
from fame_sql.warehouse.lake.kind import is_lake
from fame_sql.warehouse.warehouse import Warehouse


def damage(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    """Yield what is damaged, and what to do about it.

    DuckDB checks the sum of each block that it reads, Parquet files may have sums of their pages,
    and the manifest of a model has that of each file.

    Parameters
    ----------
    warehouse : Warehouse
        May be open read-only; its partitions must be in reach.
    """
    if is_lake(warehouse.connection):
        yield from disagreements(warehouse.connection)
    yield from _tables(warehouse)
    for record in models.models(warehouse):
        try:
            models.check(record.folder)
        except FameError as error:
            yield f"the model {record.model_version} cannot be used: {error}", "fame train --full"


def _tables(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    tables = [name for (name,) in warehouse.rows(sql.load("pipeline/base_tables"))]
    for name in [*tables, *(["fame.all_logs"] if has_partitions(warehouse.connection) else [])]:
        try:
            warehouse.rows(f"SELECT bit_xor(hash(read)) FROM {name} AS read")
        except duckdb.Error as error:
            yield f"{name} cannot be read: {first_line(error)}", AFTER_DAMAGE
            if isinstance(error, duckdb.FatalException):
                return
