"""The statements of ``sql/`` that Spark answers as DuckDB does, over the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.spark.transpile.transpile import transpile
from fame_sql.sql.quoting import literal
from fame_sql.verdict import statements

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLES = (
    "logs",
    "events",
    "templates",
    "splits",
    "labels",
    "domains",
    "domain_templates",
    "models",
    "scores",
    "ingests",
    "settings",
    "partitions",
    "past_lines",
)
"""The warehouse's tables that the statements read."""

VIEWS = (
    "warehouse/views/01_log_periods",
    "warehouse/views/02_event_labels",
    "warehouse/views/03_champion",
    "warehouse/views/03_policy",
    "warehouse/views/04_verdicts",
    "warehouse/views/05_scored_logs",
    "warehouse/views/06_anomalies",
    "warehouse/views/07_unmatched",
    "warehouse/views/08_label_disagreements",
    "warehouse/views/09_daily_verdicts",
)
"""Views, in the order in which they build on each other.

``label_queue`` is not among them: which of several equally frequent events it shows is open.
"""

QUERIES = (
    "pipeline/demo/domains",
    "pipeline/demo/summary",
    "labels/count_unread",
    "labels/report",
    "planner/lines_without_event",
    "scoring/stored_verdicts",
    "pipeline/status",
    "training/training_texts",
    "templates/report",
)
"""Statements that are asked by themselves."""

MACROS = ("coverage", "anomalies_between", "template_counts", "diff_patterns")
"""Table macros, asked with their arguments written in."""

# Spark has no unsigned numbers.
_SELECTED = {
    "logs": "SELECT * REPLACE (severity_number::SMALLINT AS severity_number) FROM fame.logs"
}
_MACRO_FILE = "warehouse/macros/03_tables"


def statement(name: str) -> str:
    """Return a statement of ``sql/`` in Spark's dialect.

    Parameters
    ----------
    name : str
        As in :data:`VIEWS` and :data:`QUERIES`; others are transpiled too, or refused.

    Raises
    ------
    QueryError
        If Spark is not known to answer alike.
    """
    return transpile(statements.load(name), name)


def macro(name: str, arguments: Mapping[str, str] | None = None) -> str:
    """Return what a table macro of the warehouse selects, in Spark's dialect.

    Parameters
    ----------
    name : str
        One of :data:`MACROS`.
    arguments : mapping of str to str, optional
        SQL expressions in DuckDB's dialect by parameter, trusted: for example
        ``{"bucket": "INTERVAL 1 HOUR"}`` or ``{"start": "'2026-11-01'"}``.

    Raises
    ------
    InputError
        If there is no such macro, or an argument is missing or unknown.
    QueryError
        If Spark is not known to answer alike.
    """
    body = macro_body(name, arguments or {})
    return transpile(body, f"fame.{name}")


def macro_body(name: str, arguments: Mapping[str, str]) -> str:
    """Return what a table macro selects on DuckDB, with its arguments written in."""
    parsed = sqlglot.parse(sql.load(_MACRO_FILE), dialect="duckdb")
    macros = {made.this.this.name: made for made in parsed if isinstance(made, exp.Create)}
    if name not in macros:
        raise InputError(f"there is no table macro {name!r}; there are {', '.join(macros)}")
    wanted = {parameter.name for parameter in macros[name].this.expressions}
    if wanted != set(arguments):
        raise InputError(
            f"fame.{name} takes {', '.join(sorted(wanted)) or 'no arguments'}, not "
            f"{', '.join(sorted(arguments)) or 'none'}; name each one"
        )
    body = macros[name].expression
    for column in list(body.find_all(exp.Column)):
        if column.name in arguments and not column.table:
            column.replace(sqlglot.parse_one(arguments[column.name], dialect="duckdb"))
    return str(body.sql("duckdb", comments=False))


def export_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the warehouse's tables as Parquet, one file each, for :func:`open_tables`.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        To a warehouse.
    folder : Path
        Made if it is not there; tables in it are written anew.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        place = literal(folder / f"{table}.parquet")
        selected = _SELECTED.get(table, f"FROM fame.{table}")
        connection.execute(f"COPY ({selected}) TO {place} (FORMAT parquet)")


def open_tables(spark: SparkSession, folder: str) -> None:
    """Make the exported tables and :data:`VIEWS` temporary views of a session.

    Parameters
    ----------
    spark : SparkSession
        Whose temporary views of these names are replaced.
    folder : str
        Where the tables lie, at any address that Spark reads.
    """
    for table in TABLES:
        spark.read.parquet(f"{folder}/{table}.parquet").createOrReplaceTempView(table)
    for view in VIEWS:
        spark.sql(statement(view))
