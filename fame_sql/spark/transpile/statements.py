"""The statements of ``sql/`` with the same result on Spark as on DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import duckdb
import sqlglot
from sqlglot import exp

from fame_sql import sql
from fame_sql.errors import InputError
from fame_sql.spark.tables import read_stored
from fame_sql.spark.transpile.transpile import transpile
from fame_sql.sql.quoting import literal
from fame_sql.verdict import statements
from fame_sql.warehouse.definitions import BY_VALUE

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

BINS = ("line_bins", "valued_scores")
"""Tables of lines whose values decide, by which the views join their scores on event and bins."""

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


def statement(name: str, *, by_value: bool = False) -> str:
    """Return a statement of ``sql/`` in Spark's dialect.

    Parameters
    ----------
    name : str
        A name in :data:`VIEWS` or :data:`QUERIES`; any other is transpiled too, or refused.
    by_value : bool
        Whether to read the tables of :data:`BINS`, without which a line has its event's verdict.

    Raises
    ------
    QueryError
        If the result on Spark is not known to be the same.
    """
    if by_value:
        other = BY_VALUE.get(name, name)
        placeholders = statements.of_exported_lines()
        return transpile(statements.load(other, by_value=True, **placeholders), name)
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
    """
    folder.mkdir(parents=True, exist_ok=True)
    selected = {table: _SELECTED.get(table, f"FROM fame.{table}") for table in TABLES}
    paths = {table: literal(folder / f"{table}.parquet") for table in (*TABLES, *BINS)}
    selected |= {
        table: Template(sql.load(f"spark/{table}")).safe_substitute(paths) for table in BINS
    }
    for table, statement in selected.items():
        connection.execute(f"COPY ({statement}) TO {paths[table]} (FORMAT parquet)")


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
    by_value = _open_bins(spark, folder)
    for view in VIEWS:
        spark.sql(statement(view, by_value=by_value))


def _open_bins(spark: SparkSession, folder: str) -> bool:
    """Create views of the tables of bins; return whether the values of any line decide."""
    # An earlier fame-sql exported none, and no champion whose values decide.
    found = {table: read_stored(spark, [f"{folder}/{table}.parquet"]) for table in BINS}
    for table, rows in found.items():
        if rows is not None:
            rows.createOrReplaceTempView(table)
    scores = found["valued_scores"]
    return scores is not None and len(scores.take(1)) > 0
