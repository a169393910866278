"""The statements of ``sql/`` with the same result on Spark as on DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql import sql
from fame_sql.errors import InputError, ModelError
from fame_sql.spark.transpile.transpile import transpile
from fame_sql.sql.quoting import literal
from fame_sql.verdict import statements
from fame_sql.warehouse.definitions import has_value_heads

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
    "provisional_events",
    "answers",
)
"""The warehouse's tables that the statements read."""

VIEWS = (
    "warehouse/views/01_log_periods",
    "warehouse/views/02_event_labels",
    "warehouse/views/03_answers_in_force",
    "warehouse/views/03_champion",
    "warehouse/views/03_policy",
    "warehouse/views/04_answered_events",
    "warehouse/views/04_verdicts",
    "warehouse/views/05_all_logs",
    "warehouse/views/05_all_scored_logs",
    "warehouse/views/05_scored_logs",
    "warehouse/views/06_anomalies",
    "warehouse/views/06_file_anomalies",
    "warehouse/views/07_unmatched",
    "warehouse/views/08_label_disagreements",
    "warehouse/views/09_daily_verdicts",
)
"""Views; each reads only tables and views before it.

``label_queue`` is not among them: which of several equally frequent events it shows is undefined.
"""

QUERIES = (
    "pipeline/demo/domains",
    "pipeline/demo/summary",
    "labels/count_unread",
    "labels/report",
    "scoring/on_demand/lines_without_event",
    "pipeline/status",
    "training/training_texts",
    "templates/report",
)
"""Statements that can be run on their own."""

MACROS = ("coverage", "anomalies_between", "template_counts")
"""Table macros; their arguments are written into the statement."""

# Spark has no unsigned numbers.
_SELECTED = {
    "logs": "SELECT * REPLACE (severity_number::SMALLINT AS severity_number) FROM fame.logs"
}
_OWN = "use_this_warehouse_first"
_MACRO_FILE = "warehouse/macros/03_tables"


def statement(name: str) -> str:
    """Return a statement of ``sql/`` in Spark's dialect.

    Parameters
    ----------
    name : str
        A name in :data:`VIEWS` or :data:`QUERIES`; any other is transpiled too, or refused.

    Raises
    ------
    QueryError
        If the result on Spark is not known to be the same.
    """
    return transpile(statements.load(name), name)


def macro(name: str, arguments: Mapping[str, str] | None = None) -> str:
    """Return the SELECT of a table macro of the warehouse in Spark's dialect.

    Parameters
    ----------
    name : str
        One of :data:`MACROS`.
    arguments : mapping of str to str, optional
        SQL expressions in DuckDB's dialect by parameter. They are not checked. For example
        ``{"bucket": "INTERVAL 1 HOUR"}`` or ``{"start": "'2026-11-01'"}``.

    Raises
    ------
    InputError
        If there is no such macro, or an argument is missing or unknown.
    QueryError
        If the result on Spark is not known to be the same.
    """
    body = macro_body(name, arguments or {})
    return transpile(body, f"fame.{name}")


def macro_body(name: str, arguments: Mapping[str, str]) -> str:
    """Return the SELECT of a table macro for DuckDB, with its arguments written in."""
    parsed = sqlglot.parse(sql.load(_MACRO_FILE), dialect="duckdb")
    macros = {tree.this.this.name: tree for tree in parsed if isinstance(tree, exp.Create)}
    if name not in macros:
        raise InputError(f"there is no table macro {name!r}; there are {', '.join(macros)}")
    wanted = {parameter.name for parameter in macros[name].this.expressions}
    if wanted != set(arguments):
        raise InputError(
            f"fame.{name} takes {', '.join(sorted(wanted)) or 'no arguments'}, not "
            f"{', '.join(sorted(arguments)) or 'none'}; name each one"
        )
    body = macros[name].expression
    for call in list(body.find_all(exp.Anonymous)):
        if call.name == _OWN:
            call.parent.replace(exp.true())  # On Spark there is one warehouse.
    for column in list(body.find_all(exp.Column)):
        if column.name in arguments and not column.table:
            column.replace(sqlglot.parse_one(arguments[column.name], dialect="duckdb"))
    return str(body.sql("duckdb", comments=False))


def export_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Export the warehouse's tables as Parquet, one file per table, for :func:`open_tables`.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        A connection to a warehouse.
    folder : Path
        Created if it does not exist; tables in it are overwritten.

    Raises
    ------
    ModelError
        If the champion has value heads, which the views on Spark do not read.
    """
    if has_value_heads(connection):
        raise ModelError(
            "the champion has value heads, by which lines of one event differ, and the views on "
            "Spark have one verdict for each event: register the live functions instead, or run "
            "'fame compile --no-value-heads' for a model without"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        path = literal(folder / f"{table}.parquet")
        selected = _SELECTED.get(table, f"FROM fame.{table}")
        connection.execute(f"COPY ({selected}) TO {path} (FORMAT parquet)")


def open_tables(spark: SparkSession, folder: str) -> None:
    """Create temporary views of the exported tables and of :data:`VIEWS`.

    Parameters
    ----------
    spark : SparkSession
        The session; its temporary views with these names are replaced.
    folder : str
        The folder of the tables, at any address that Spark can read.
    """
    for table in TABLES:
        spark.read.parquet(f"{folder}/{table}.parquet").createOrReplaceTempView(table)
    for view in VIEWS:
        spark.sql(statement(view))
